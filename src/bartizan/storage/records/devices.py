"""Repository of devices."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, update

from bartizan.errors import RecordNotFound
from bartizan.storage.records.entities import Device, DeviceStatus
from bartizan.storage.records.statements import Shape, Statements
from bartizan.storage.records.tables import DeviceRow

__all__ = ["Devices"]

_SHAPE = Shape(Device, DeviceRow)
_FIXED = ("id", "principal", "thumbprint", "jwk", "kind", "enrolled", "enrolled_by", "status")


class Devices:
    """The device keys that people enrolled."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def add(self, device: Device) -> None:
        """Add a device. Raises ``RecordConflict`` (thumbprint) and ``RecordNotFound`` (principal)."""
        self._statements.add(DeviceRow, _SHAPE.values(device))

    def get(self, device: str) -> Device | None:
        """Return a device by id, whatever its status."""
        return self._one(DeviceRow.id == device)

    def by_thumbprint(self, thumbprint: str) -> Device | None:
        """Return a device by the thumbprint of its key (RFC 7638), whatever its status."""
        return self._one(DeviceRow.thumbprint == thumbprint)

    def of(self, principal: str) -> Sequence[Device]:
        """Return a person's devices, whatever their status, the first enrolled first."""
        query = _SHAPE.select().where(DeviceRow.principal == principal).order_by(DeviceRow.enrolled, DeviceRow.id)
        return [_SHAPE.read(row) for row in self._statements.rows(query)]

    def update(self, device: Device) -> None:
        """Write label, posture, last use, risk and push subscription. Raises ``RecordNotFound``.

        The status is changed by ``set_status`` only, so that nothing that was read earlier makes a device trusted.
        """
        values = {name: value for name, value in _SHAPE.values(device).items() if name not in _FIXED}
        if not self._statements.changed(update(DeviceRow).where(DeviceRow.id == device.id).values(values)):
            raise RecordNotFound("there is no such device")

    def set_status(self, device: str, status: DeviceStatus) -> bool:
        """Change a device's status; tells whether it did. One that is revoked stays so, and gets no more pushes."""
        statement = update(DeviceRow).where(
            DeviceRow.id == device, DeviceRow.status != status, DeviceRow.status != "revoked"
        )
        values = {"status": status} | ({"push": None} if status == "revoked" else {})
        return self._statements.changed(statement.values(values)) == 1

    def _one(self, condition: ColumnElement[bool]) -> Device | None:
        row = self._statements.first(_SHAPE.select().where(condition))
        return None if row is None else _SHAPE.read(row)
