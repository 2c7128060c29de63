from __future__ import annotations

import pytest
from tests.support.records import make_approval, make_person

from bartizan.access.approvals import signals
from bartizan.errors import ClonedAuthenticator
from bartizan.pipeline import Actor

ALICE = make_person("alice")
CONTEXT = {"address": "192.0.2.7", "client": "Firefox"}


@pytest.mark.parametrize(
    ("kind", "event", "name", "technique"),
    [
        ("login", "deny", "access.mfa_denied", "T1621"),
        ("login", "last_miss", "access.mfa_denied", "T1621"),
        ("login", "not_me", "access.mfa_denied", "T1078"),
        ("device", "deny", "access.device_denied", "T1098.005"),
        ("device", "not_me", "access.device_denied", "T1098.005"),
    ],
)
def test_a_refusal_is_a_signal_about_who_asked_whom_from_where(
    kind: str, event: str, name: str, technique: str
) -> None:
    approval = make_approval(ALICE, kind, context=CONTEXT, data={"device": "laptop"}, secret="42")
    (signal,) = signals.refused(approval, event, "alice")
    assert (signal.name, signal.technique, signal.owasp) == (name, technique, "API2:2023")
    assert signal.actors == (Actor("principal", "alice"), Actor("address", "192.0.2.7"), Actor("device", "laptop"))
    assert signal.evidence == {"because": event, "approval": approval.id}


def test_it_weighs_most_when_the_person_says_it_was_somebody_else() -> None:
    weights = [
        signals.refused(make_approval(ALICE), event, "alice")[0].severity for event in ("deny", "last_miss", "not_me")
    ]
    assert weights == sorted(weights)


@pytest.mark.parametrize("kind", ["recovery", "reset"])
def test_what_administrators_decide_is_no_attack(kind: str) -> None:
    assert signals.refused(make_approval(ALICE, kind), "deny", "alice") == ()


def test_fatigue_and_copied_keys_are_told() -> None:
    fatigue = signals.too_many("alice", "login", CONTEXT, 5)
    assert (fatigue.name, fatigue.technique) == ("access.mfa_fatigue", "T1621")
    assert fatigue.evidence == {"kind": "login", "count": 5}
    cloned = signals.cloned_authenticator(ClonedAuthenticator("key", ALICE.id, "alice"), "192.0.2.7")
    assert (cloned.name, cloned.technique) == ("access.cloned_authenticator", "T1111")
    assert cloned.actors == (Actor("principal", "alice"), Actor("address", "192.0.2.7"), Actor("credential", "key"))
