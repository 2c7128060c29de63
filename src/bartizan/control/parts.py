"""What flows are made of, put together from the configuration and what control has opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bartizan.access.approvals import Approvals, no_place
from bartizan.access.approvals.places import places_from
from bartizan.access.authentication import Authentication
from bartizan.access.factors.challenges import Challenges
from bartizan.access.factors.push import Pusher
from bartizan.access.factors.vapid import VapidKey
from bartizan.access.factors.webauthn import WebAuthn
from bartizan.access.flows.enrolment_state import Enrolment
from bartizan.access.flows.lookup import StandIn
from bartizan.access.flows.parts import Background, Parts, Signals
from bartizan.access.passwords.breached import BreachedPasswords
from bartizan.access.passwords.hashing import Passwords
from bartizan.access.passwords.threads import HashingLanes
from bartizan.access.sessions.store import SessionStore
from bartizan.access.throttle import ConsecutiveFailures, LoginThrottle
from bartizan.access.transactions import Transactions
from bartizan.config.model import Access
from bartizan.keys.vault import Vault
from bartizan.storage.records.store import RecordStore
from bartizan.storage.state import State

__all__ = ["Opened", "build_parts"]

LOGIN_LIFETIME = 600.0  # seconds for a login or a step-up
ENROLMENT_LIFETIME = 3600.0  # seconds: people look for their phones


class Opened(NamedTuple):
    """What is opened or worked out once, and stays the same over reloads."""

    records: RecordStore
    state: State
    vault: Vault
    vapid: VapidKey
    passwords: Passwords
    hashing: HashingLanes


def build_parts(
    access: Access, opened: Opened, clock: Callable[[], float], signals: Signals, later: Background
) -> Parts:
    """Return the parts for a configuration; ``clock`` is Unix time in seconds."""
    state = opened.state
    origin = access.origin or ""
    return Parts(
        access=access,
        clock=clock,
        records=opened.records,
        state=state,
        sessions=SessionStore(state, clock),
        authentications=Transactions(state, Authentication, b"auth/", LOGIN_LIFETIME, clock),
        enrolments=Transactions(state, Enrolment, b"enrol/", ENROLMENT_LIFETIME, clock),
        passwords=opened.passwords,
        hashing=opened.hashing,
        breached=BreachedPasswords(access.breached_passwords) if access.breached_passwords else None,
        webauthn=WebAuthn.of(origin, access.title, Challenges(state, clock)),
        approvals=Approvals(access, clock),
        throttle=LoginThrottle(state, access.login),
        in_a_row=ConsecutiveFailures(state, access.login),
        vault=opened.vault,
        pusher=Pusher(access.push, origin, opened.vapid, clock),
        stand_in=StandIn(),
        place_of=places_from(Path(access.geo_database)) if access.geo_database else no_place,
        signals=signals,
        later=later,
    )
