"""People's own account: devices, sessions, ways to log in, pushes."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from bartizan.access.factors import totp
from bartizan.access.flows import account
from bartizan.access.flows.endings import end_session, untrust_device
from bartizan.access.sessions.model import Session
from bartizan.control.api.endpoint import Call, Empty, Endpoint, Form
from bartizan.storage.records.entities import Credential, Device, SessionRecord

__all__ = ["ENDPOINTS"]

Id = Annotated[str, Meta(min_length=1, max_length=64)]
Label = Annotated[str, Meta(max_length=64)]
Code = Annotated[str, Meta(min_length=1, max_length=64)]


class ById(Form, frozen=True):
    """What is meant."""

    id: Id


class Rename(Form, frozen=True):
    """A device and its new name."""

    id: Id
    label: Label


class NewPasskey(Form, frozen=True):
    """What ``navigator.credentials.create()`` gave."""

    credential: dict[str, Any]
    label: Label = ""


class NewTotp(Form, frozen=True):
    """The first code of an app."""

    code: Code
    label: Label = ""


class Subscribe(Form, frozen=True):
    """A PushSubscription as JSON."""

    subscription: dict[str, Any]


async def show(call: Call, _: Empty) -> dict[str, Any]:
    """Everything at once."""
    parts, session = call.parts, call.session.session
    seen = await account.overview(parts, call.session)
    labels = {device.id: device.label for device in seen.devices}
    here = next((device for device in seen.devices if device.id == session.device), None)
    return {
        "name": seen.person.name,
        "display_name": seen.person.display_name,
        "devices": [_device(device, session) for device in seen.devices],
        "sessions": [_session(record, live, labels, session) for record, live in seen.sessions],
        "credentials": [_credential(each) for each in seen.credentials if each.kind != "recovery"],
        "recovery_left": sum(each.kind == "recovery" for each in seen.credentials),
        "push": {
            "key": parts.pusher.application_server_key,
            "on": here is not None and here.push is not None,
        },
    }


async def revoke_device(call: Call, body: ById) -> dict[str, Any]:
    """Trust a device no more; its sessions end."""
    principal = call.session.session.principal
    await untrust_device(call.parts, body.id, "revoked", actor=principal, owner=principal)
    return {}


async def revoke_session(call: Call, body: ById) -> dict[str, Any]:
    """End a session."""
    principal = call.session.session.principal
    await end_session(call.parts, body.id, owner=principal, actor=principal)
    return {}


async def rename_device(call: Call, body: Rename) -> dict[str, Any]:
    """Give a device another name."""
    await account.rename_device(call.parts, call.session, body.id, body.label)
    return {}


async def remove_credential(call: Call, body: ById) -> dict[str, Any]:
    """Take a passkey or an authenticator app away."""
    await account.remove_credential(call.parts, call.visitor, call.session, body.id)
    return {}


async def passkey_options(call: Call, _: Empty) -> dict[str, Any]:
    """What ``navigator.credentials.create()`` needs."""
    return {"publicKey": await account.passkey_options(call.parts, call.session)}


async def add_passkey(call: Call, body: NewPasskey) -> dict[str, Any]:
    """Keep another passkey."""
    await account.add_passkey(call.parts, call.visitor, call.session, body.credential, body.label)
    return {}


async def begin_totp(call: Call, _: Empty) -> dict[str, Any]:
    """A secret for another authenticator app."""
    secret, name = await account.begin_totp(call.parts, call.session)
    uri = totp.uri(secret, name, call.parts.access.title)
    return {"secret": totp.secret_text(secret), "uri": uri, "svg": totp.qr_svg(uri)}


async def add_totp(call: Call, body: NewTotp) -> dict[str, Any]:
    """Keep it, once the app shows a code."""
    await account.add_totp(call.parts, call.visitor, call.session, body.code, body.label)
    return {}


async def recovery_codes(call: Call, _: Empty) -> dict[str, Any]:
    """New recovery codes."""
    return {"recovery_codes": await account.new_recovery_codes(call.parts, call.visitor, call.session)}


async def subscribe(call: Call, body: Subscribe) -> dict[str, Any]:
    """Send pushes to this device."""
    await account.subscribe(call.parts, call.session, body.subscription)
    return {}


async def unsubscribe(call: Call, _: Empty) -> dict[str, Any]:
    """Send none."""
    await account.subscribe(call.parts, call.session, None)
    return {}


def _device(device: Device, session: Session) -> dict[str, Any]:
    return {
        "id": device.id,
        "label": device.label,
        "kind": device.kind,
        "platform": device.platform,
        "browser": device.browser,
        "browser_version": device.browser_version,
        "enrolled": device.enrolled,
        "last_seen": device.last_seen,
        "last_address": device.last_address,
        "status": device.status,
        "current": device.id == session.device,
    }


def _session(record: SessionRecord, live: Session, labels: dict[str, str], current: Session) -> dict[str, Any]:
    client = " ".join(filter(None, (live.browser, live.browser_version)))
    return {
        "id": record.id,
        "device": labels.get(record.device, ""),
        "address": live.address or record.address,
        "started": record.started,
        "seen": live.seen,
        "aal": live.aal,
        "factors": list(live.factors),
        "client": " on ".join(filter(None, (client, live.platform))),
        "current": record.id == current.id,
    }


def _credential(credential: Credential) -> dict[str, Any]:
    return {
        "id": credential.id,
        "kind": credential.kind,
        "label": credential.label,
        "created": credential.created,
        "last_used": credential.last_used,
        "backed_up": bool(credential.data.get("backed_up")),
    }


ENDPOINTS = (
    Endpoint("account", show, Empty, "session"),
    Endpoint("account/revoke-device", revoke_device, ById, "session"),
    Endpoint("account/revoke-session", revoke_session, ById, "session"),
    Endpoint("account/rename-device", rename_device, Rename, "session"),
    Endpoint("account/remove-credential", remove_credential, ById, "recent"),
    Endpoint("account/webauthn/options", passkey_options, Empty, "recent"),
    Endpoint("account/webauthn", add_passkey, NewPasskey, "recent"),
    Endpoint("account/totp/begin", begin_totp, Empty, "recent"),
    Endpoint("account/totp", add_totp, NewTotp, "recent"),
    Endpoint("account/recovery-codes", recovery_codes, Empty, "recent"),
    Endpoint("push/subscribe", subscribe, Subscribe, "session"),
    Endpoint("push/unsubscribe", unsubscribe, Empty, "session"),
)
