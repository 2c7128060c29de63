"""The record of a device that comes to be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bartizan.access.flows.visitor import Visitor
from bartizan.storage.records.entities import Device, new_id

__all__ = ["MAX_LABEL", "new_device"]

MAX_LABEL = 64  # characters


def new_device(
    principal: str,
    thumbprint: str,
    jwk: Mapping[str, str],
    visitor: Visitor,
    *,
    by: str,
    now: float,
    label: str = "",
    kind: Literal["browser", "client"] = "browser",
) -> Device:
    """Return the record; ``by`` is what ``Device.enrolled_by`` says."""
    posture = visitor.posture
    words = "".join(character for character in label if character.isprintable()).strip()
    return Device(
        id=new_id(),
        principal=principal,
        thumbprint=thumbprint,
        jwk=dict(jwk),
        label=(words or visitor.client or "Device")[:MAX_LABEL],
        kind=kind,
        enrolled=now,
        enrolled_by=by,
        platform=posture.platform,
        browser=posture.browser,
        browser_version=posture.browser_version,
        last_seen=now,
        last_address=visitor.address,
    )
