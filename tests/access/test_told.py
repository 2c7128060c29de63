"""What administrators are told of people has no secret in it."""

from __future__ import annotations

import json

from tests.support.records import make_approval, make_credential, make_device, make_person, make_session_record

from bartizan.access.administration import Overview
from bartizan.access.told import told_approval, told_device, told_event, told_overview, told_person
from bartizan.storage.records.entities import AuditEvent, Invitation

PERSON = make_person("ann")
DEVICE = make_device(PERSON, push={"endpoint": "https://push.example/SECRET"}, jwk={"x": "SECRET"})


def test_everything_is_told_but_secrets() -> None:
    approval = make_approval(PERSON, secret="SECRET", data={"asker": "SECRET"})
    invitation = Invitation(id="i", digest=b"SECRET", principal=PERSON.id, created=1, expires=2, created_by="cli:root")
    credentials = [make_credential(PERSON, "password", secret=b"SECRET"), make_credential(PERSON, "totp")]
    sessions = [make_session_record(DEVICE, digest=b"SECRET")]
    overview = Overview(PERSON, credentials, [DEVICE], sessions, [invitation], [approval])

    told = told_overview(overview)

    text = json.dumps(told)
    assert "SECRET" not in text
    assert told.items() >= told_person(PERSON).items()
    assert told["devices"] == [told_device(DEVICE)]
    assert told["approvals"] == [told_approval(approval)]
    assert [each["kind"] for each in told["credentials"]] == ["password", "totp"]
    assert [each["id"] for each in told["sessions"]] == [sessions[0].id]
    assert told["invitations"] == [{"id": "i", "purpose": "enrol", "expires": 2, "created_by": "cli:root"}]


def test_a_line_of_the_trail_is_told_as_it_is() -> None:
    event = AuditEvent(time=1.0, actor="a", action="b.c", target="t", details={"x": "y"}, number=3)

    assert told_event(event) == {
        "number": 3, "time": 1.0, "actor": "a", "action": "b.c", "target": "t", "address": "",
        "outcome": "success", "details": {"x": "y"},
    }  # fmt: skip
