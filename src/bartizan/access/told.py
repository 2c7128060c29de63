"""What administrators may know of people, as plain data: field by field, so that no secret slips in."""

from __future__ import annotations

from typing import Any

from bartizan.access.administration import Overview
from bartizan.storage.records.entities import Approval, AuditEvent, Device, Principal

__all__ = ["told_approval", "told_device", "told_event", "told_overview", "told_person"]


def told_person(person: Principal) -> dict[str, Any]:
    """Return a person. Times here and below are Unix seconds."""
    return {
        "id": person.id,
        "name": person.name,
        "display_name": person.display_name,
        "email": person.email,
        "external_id": person.external_id,
        "active": person.active,
        "groups": list(person.groups),
        "created": person.created,
    }


def told_device(device: Device) -> dict[str, Any]:
    """Return a device, without its key and its subscription to pushes."""
    return {
        "id": device.id,
        "label": device.label,
        "kind": device.kind,
        "status": device.status,
        "platform": device.platform,
        "browser": f"{device.browser} {device.browser_version}".strip(),
        "enrolled": device.enrolled,
        "enrolled_by": device.enrolled_by,
        "last_seen": device.last_seen,
        "last_address": device.last_address,
    }


def told_approval(approval: Approval) -> dict[str, Any]:
    """Return an approval, without its number and what follows from it."""
    return {
        "id": approval.id,
        "kind": approval.kind,
        "principal": approval.principal,
        "created": approval.created,
        "expires": approval.expires,
        "not_before": approval.not_before,
        "requested_by": approval.requested_by,
        "context": approval.context,
    }


def told_event(event: AuditEvent) -> dict[str, Any]:
    """Return a line of the audit trail."""
    return {
        "number": event.number,
        "time": event.time,
        "actor": event.actor,
        "action": event.action,
        "target": event.target,
        "address": event.address,
        "outcome": event.outcome,
        "details": event.details,
    }


def told_overview(overview: Overview) -> dict[str, Any]:
    """Return a person with all that is theirs."""
    return told_person(overview.person) | {
        "password_change": overview.person.password_change,
        "credentials": [
            {
                "id": each.id,
                "kind": each.kind,
                "label": each.label,
                "created": each.created,
                "last_used": each.last_used,
            }
            for each in overview.credentials
        ],
        "devices": [told_device(each) for each in overview.devices],
        "sessions": [
            {
                "id": each.id,
                "device": each.device,
                "started": each.started,
                "aal": each.aal,
                "factors": list(each.factors),
                "address": each.address,
                "ended": each.ended,
                "end_reason": each.end_reason,
            }
            for each in overview.sessions
        ],
        "invitations": [
            {"id": each.id, "purpose": each.purpose, "expires": each.expires, "created_by": each.created_by}
            for each in overview.invitations
        ],
        "approvals": [told_approval(each) for each in overview.approvals],
    }
