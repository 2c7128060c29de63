"""Records for tests: people and what is theirs, with defaults for what a test does not care about."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from bartizan.storage.records.entities import (
    Approval,
    Credential,
    Device,
    Group,
    Invitation,
    Principal,
    SessionRecord,
    new_id,
)

NOW = 1_800_000_000.0
T = TypeVar("T")


def make_person(name: str = "ann", **changes: Any) -> Principal:
    """Return a person who is in no group."""
    fields = {"id": new_id(), "name": name, "display_name": name.title(), "created": NOW}
    return Principal(**(fields | changes))


def make_group(name: str, **changes: Any) -> Group:
    """Return a group."""
    return Group(**({"id": new_id(), "name": name, "created": NOW} | changes))


def make_credential(person: Principal, kind: str, **changes: Any) -> Credential:
    """Return a credential of a person."""
    fields = {"id": new_id(), "principal": person.id, "kind": kind, "secret": b"secret", "created": NOW}
    return Credential(**(fields | changes))


def make_device(person: Principal, **changes: Any) -> Device:
    """Return a trusted browser of a person."""
    fields = {"id": new_id(), "principal": person.id, "thumbprint": new_id(), "jwk": {"kty": "EC", "crv": "P-256"}}
    fields |= {"label": "Laptop", "kind": "browser", "enrolled": NOW, "enrolled_by": "invitation"}
    return Device(**(fields | changes))


def make_session_record(device: Device, **changes: Any) -> SessionRecord:
    """Return a session of a device's owner that is still open."""
    fields: dict[str, Any] = {"id": new_id(), "digest": new_id().encode(), "principal": device.principal}
    fields |= {"device": device.id, "started": NOW, "aal": 2, "factors": ("password", "totp")}
    fields |= {"address": "192.0.2.7", "user_agent": "Mozilla/5.0"}
    return SessionRecord(**(fields | changes))


def make_approval(person: Principal, kind: str = "login", **changes: Any) -> Approval:
    """Return an approval that is pending for a minute."""
    fields = {"id": new_id(), "kind": kind, "principal": person.id, "created": NOW, "expires": NOW + 60}
    return Approval(**(fields | changes))


def make_invitation(person: Principal, **changes: Any) -> Invitation:
    """Return an invitation that is good for an hour."""
    fields = {"id": new_id(), "digest": new_id().encode(), "principal": person.id, "created": NOW}
    return Invitation(**(fields | {"expires": NOW + 3600, "created_by": "cli:root"} | changes))


def all_at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """Call ``work(0)``, ``work(1)``, … in as many threads, as nearly at the same time as can be; return all results."""
    barrier, results, failures = threading.Barrier(count), [], []

    def run(number: int) -> None:
        try:
            barrier.wait(30)
            results.append(work(number))
        except BaseException as error:  # noqa: BLE001 - raised again below
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return results
