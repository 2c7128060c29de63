"""Logging in: name and password, or a passkey; and a new device that waits to be confirmed."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from bartizan.access.flows.login import log_in
from bartizan.access.flows.outcome import Going
from bartizan.access.flows.passkey import log_in_with_passkey, passkey_login_options
from bartizan.access.flows.waiting import ask_for_device, device_status
from bartizan.access.names import MAX_NAME
from bartizan.access.passwords.hashing import MAX_LENGTH
from bartizan.control.api.endpoint import Call, Empty, Endpoint, Form
from bartizan.control.requests import local_path

__all__ = ["ENDPOINTS", "Name", "Next", "Password"]

Name = Annotated[str, Meta(max_length=MAX_NAME)]
Password = Annotated[str, Meta(min_length=1, max_length=MAX_LENGTH)]
Next = Annotated[str, Meta(max_length=2048)]
Credential = dict[str, Any]
"""What a browser's WebAuthn gave, as JSON; ``access.factors.webauthn_json`` reads it."""


class Login(Form, frozen=True):
    """``next`` is where to go on; anything that is no path of this origin becomes ``/``."""

    name: Name
    password: Password
    next: Next = "/"
    client: bool = False
    """Ask for an access token instead of a cookie."""


class PasskeyLogin(Form, frozen=True):
    """``credential`` is the assertion of a passkey."""

    credential: Credential
    next: Next = "/"
    client: bool = False


async def login(call: Call, body: Login) -> dict[str, Any]:
    """Name and password."""
    going = Going(local_path(body.next), client=body.client)
    token, underway = await log_in(call.parts, call.visitor, body.name, body.password, going)
    call.keep(token, call.parts.authentications.lifetime)
    return await call.conclude(underway)


async def passkey_options(call: Call, _: Empty) -> dict[str, Any]:
    """What ``navigator.credentials.get()`` needs to offer passkeys."""
    return {"publicKey": await passkey_login_options(call.parts, call.visitor)}


async def passkey(call: Call, body: PasskeyLogin) -> dict[str, Any]:
    """A passkey, which says whose it is."""
    going = Going(local_path(body.next), client=body.client)
    token, underway = await log_in_with_passkey(call.parts, call.visitor, body.credential, going)
    call.keep(token, call.parts.authentications.lifetime)
    return await call.conclude(underway)


async def device(call: Call, _: Empty) -> dict[str, Any]:
    """The new device waits, and shows the number."""
    waiting = await ask_for_device(call.parts, call.visitor, call.login)
    return {"number": waiting.number, "expires_in": waiting.expires_in}


async def status(call: Call, _: Empty) -> dict[str, Any]:
    """Whether the new device was confirmed."""
    outcome = await device_status(call.parts, call.visitor, call.login)
    if outcome != "approved":
        return {"status": outcome}
    return {"status": outcome, **await call.conclude(call.login)}


ENDPOINTS = (
    Endpoint("login", login, Login, "nothing"),
    Endpoint("login/passkey/options", passkey_options, Empty, "nothing"),
    Endpoint("login/passkey", passkey, PasskeyLogin, "nothing"),
    Endpoint("device", device, Empty, "login"),
    Endpoint("device/status", status, Empty, "login"),
)
