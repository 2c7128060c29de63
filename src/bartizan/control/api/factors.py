"""Proving factors: for a login, and for a step-up."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from bartizan.access.flows import factors as flow
from bartizan.access.flows.push_login import ask_for_push, push_status
from bartizan.control.api.endpoint import Call, Empty, Endpoint, Form
from bartizan.control.api.login import Credential, Password

__all__ = ["ENDPOINTS", "Code"]

Code = Annotated[str, Meta(min_length=1, max_length=64)]


class CodeForm(Form, frozen=True):
    """A code of an authenticator app, or a recovery code."""

    code: Code


class PasswordForm(Form, frozen=True):
    """The password in force."""

    password: Password


class CredentialForm(Form, frozen=True):
    """The assertion of a passkey or security key."""

    credential: Credential


async def factors(call: Call, _: Empty) -> dict[str, Any]:
    """Which factors can be proven next, and how many have to be."""
    standing = await flow.standing(call.parts, call.login)
    return {
        "available": [name for name in standing.available if name != "recovery"],
        "recovery": "recovery" in standing.available,
        "proven": standing.proven,
        "needed": standing.needed,
        "name": standing.name,
    }


async def totp(call: Call, body: CodeForm) -> dict[str, Any]:
    """A code of an authenticator app."""
    await flow.prove_totp(call.parts, call.visitor, call.login, body.code)
    return await call.conclude(call.login)


async def recovery(call: Call, body: CodeForm) -> dict[str, Any]:
    """A recovery code."""
    await flow.prove_recovery(call.parts, call.visitor, call.login, body.code)
    return await call.conclude(call.login)


async def password(call: Call, body: PasswordForm) -> dict[str, Any]:
    """The password, where it is asked for besides or anew."""
    await flow.prove_password(call.parts, call.visitor, call.login, body.password)
    return await call.conclude(call.login)


async def webauthn_options(call: Call, _: Empty) -> dict[str, Any]:
    """What ``navigator.credentials.get()`` needs."""
    return {"publicKey": await flow.webauthn_options(call.parts, call.login)}


async def webauthn(call: Call, body: CredentialForm) -> dict[str, Any]:
    """A passkey or security key."""
    await flow.prove_webauthn(call.parts, call.visitor, call.login, body.credential)
    return await call.conclude(call.login)


async def push(call: Call, _: Empty) -> dict[str, Any]:
    """Ask another trusted device; the number is shown here."""
    approval, waiting = await ask_for_push(call.parts, call.visitor, call.login)
    return {"approval": approval, "number": waiting.number, "expires_in": waiting.expires_in}


async def push_asked(call: Call, _: Empty) -> dict[str, Any]:
    """Whether another device has agreed."""
    status = await push_status(call.parts, call.login)
    if status != "approved":
        return {"status": status}
    return {"status": status, **await call.conclude(call.login)}


ENDPOINTS = (
    Endpoint("factors", factors, Empty, "login"),
    Endpoint("factors/totp", totp, CodeForm, "login"),
    Endpoint("factors/recovery", recovery, CodeForm, "login"),
    Endpoint("factors/password", password, PasswordForm, "login"),
    Endpoint("factors/webauthn/options", webauthn_options, Empty, "login"),
    Endpoint("factors/webauthn", webauthn, CredentialForm, "login"),
    Endpoint("factors/push", push, Empty, "login"),
    Endpoint("factors/push/status", push_asked, Empty, "login"),
)
