"""Enrolment, step by step."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from bartizan.access.factors import totp as totp_codes
from bartizan.access.flows import enrolment as flow
from bartizan.access.flows.new_device import MAX_LABEL
from bartizan.control.api.endpoint import Call, Empty, Endpoint, Form
from bartizan.control.api.factors import CodeForm, PasswordForm
from bartizan.control.api.login import Credential
from bartizan.control.api.password import policy_of

__all__ = ["ENDPOINTS", "Label", "shown_secret"]

Label = Annotated[str, Meta(max_length=MAX_LABEL)]


class Start(Form, frozen=True):
    """``token`` is that of an invitation; empty to go on with what is under way."""

    token: Annotated[str, Meta(max_length=256)] = ""


class PasskeyForm(Form, frozen=True):
    """A new passkey, and what its person calls it."""

    credential: Credential
    label: Label = ""


class Finish(Form, frozen=True):
    """What the person calls their device."""

    device_label: Label = ""


async def start(call: Call, body: Start) -> dict[str, Any]:
    """Begin, or go on."""
    if body.token:
        token, underway = await flow.start_enrolment(call.parts, call.visitor, body.token)
        call.keep(token, call.parts.enrolments.lifetime)
    else:
        await call.look_up("enrolment")
        underway = call.enrolment
    person, done = await flow.progress(call.parts, underway)
    return {
        "name": person.name,
        "display_name": person.display_name,
        "policy": policy_of(call.parts, person.groups),
        "done": done,
    }


async def password(call: Call, body: PasswordForm) -> dict[str, Any]:
    """Choose a password."""
    await flow.set_password(call.parts, call.enrolment, body.password)
    return {}


async def begin_totp(call: Call, _: Empty) -> dict[str, Any]:
    """A secret for an authenticator app."""
    secret, name = await flow.begin_totp(call.parts, call.enrolment)
    return shown_secret(secret, call.parts.access.title, name)


async def totp(call: Call, body: CodeForm) -> dict[str, Any]:
    """The app has the secret."""
    await flow.confirm_totp(call.parts, call.enrolment, body.code)
    return {}


async def webauthn_options(call: Call, _: Empty) -> dict[str, Any]:
    """What ``navigator.credentials.create()`` needs."""
    return {"publicKey": await flow.passkey_options(call.parts, call.enrolment)}


async def webauthn(call: Call, body: PasskeyForm) -> dict[str, Any]:
    """A passkey was made."""
    await flow.add_passkey(call.parts, call.enrolment, body.credential, body.label)
    return {}


async def finish(call: Call, body: Finish) -> dict[str, Any]:
    """Put everything in force, and log in."""
    codes, token, login = await flow.finish_enrolment(call.parts, call.visitor, call.enrolment, body.device_label)
    call.keep(token, call.parts.authentications.lifetime)
    return {"recovery_codes": codes, **await call.conclude(login)}


def shown_secret(secret: bytes, issuer: str, name: str) -> dict[str, Any]:
    """Return what an authenticator app reads, as a picture, a link and text."""
    uri = totp_codes.uri(secret, name, issuer)
    return {"secret": totp_codes.secret_text(secret), "uri": uri, "svg": totp_codes.qr_svg(uri)}


ENDPOINTS = (
    Endpoint("enrol/start", start, Start, "nothing"),
    Endpoint("enrol/password", password, PasswordForm, "enrolment"),
    Endpoint("enrol/totp/begin", begin_totp, Empty, "enrolment"),
    Endpoint("enrol/totp", totp, CodeForm, "enrolment"),
    Endpoint("enrol/webauthn/options", webauthn_options, Empty, "enrolment"),
    Endpoint("enrol/webauthn", webauthn, PasskeyForm, "enrolment"),
    Endpoint("enrol/finish", finish, Finish, "enrolment"),
)
