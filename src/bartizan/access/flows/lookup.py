"""What the records have about a name that somebody typed, in the same time whether there is such a person or not."""

from __future__ import annotations

from typing import NamedTuple

from bartizan.storage.records.entities import Credential, Device, Principal
from bartizan.storage.records.store import Transaction

__all__ = ["NOBODY", "Known", "StandIn", "look_up"]

NOBODY = "nobody"
"""What is asked for in place of a person or an approval that does not exist; no id looks like it."""


class Known(NamedTuple):
    """What there is. ``device`` is the one with the proven key, whosever it is."""

    person: Principal | None
    password: Credential | None
    codes: list[Credential]
    """Recovery codes."""
    device: Device | None

    @property
    def is_theirs(self) -> bool:
        """Whether the device was enrolled by this person, trusted still or not."""
        return self.person is not None and self.device is not None and self.device.principal == self.person.id

    @property
    def trusted(self) -> Device | None:
        """The device, if this person trusts it."""
        return self.device if self.is_theirs and self.device and self.device.status == "trusted" else None


class StandIn:
    """Remembers somebody whose records are read where there is nobody: reading nothing would be quicker."""

    def __init__(self) -> None:
        self._id = NOBODY

    def note(self, person: Principal) -> None:
        """Take a person who exists."""
        self._id = person.id

    def id(self, tx: Transaction) -> str:
        """Return the id of somebody who exists, if there is anybody."""
        if self._id == NOBODY:
            people, _ = tx.people.list(count=1)
            for person in people:
                self.note(person)
        return self._id


def look_up(tx: Transaction, account: str, thumbprint: str, stand_in: StandIn) -> Known:
    """Return what there is about a normalised name and the thumbprint of a device's key."""
    person = tx.people.find(account or NOBODY)
    if person is None:
        read = stand_in.id(tx)
        tx.people.get(read)
    else:
        stand_in.note(person)
        read = person.id
        tx.people.get(NOBODY)  # as many questions as above
    passwords, codes = tx.credentials.of(read, "password"), tx.credentials.of(read, "recovery")
    device = tx.devices.by_thumbprint(thumbprint)
    if person is None:
        return Known(None, None, [], device)
    return Known(person, passwords[-1] if passwords else None, list(codes), device)
