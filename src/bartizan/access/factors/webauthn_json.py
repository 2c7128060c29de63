"""What a browser sends of WebAuthn (``PublicKeyCredential.toJSON()``), bounded and of the right form.

Everything is checked before anything parses what is inside: the sizes of all parts, their alphabet, and the CBOR in
them. The forms are those of WebAuthn Level 3 section 5.1 (RegistrationResponseJSON, AuthenticationResponseJSON).
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal, TypeVar

import msgspec
from webauthn.helpers import parse_cbor
from webauthn.helpers.exceptions import WebAuthnException

from bartizan.access.factors.cbor import CborError, item_end
from bartizan.errors import FactorError

__all__ = ["Assertion", "Attestation", "ClientData", "read_assertion", "read_attestation", "refused"]

_BASE64URL = r"^[A-Za-z0-9_-]*\Z"
_Id = Annotated[str, msgspec.Meta(min_length=22, max_length=1364, pattern=_BASE64URL)]
"""16 to 1023 bytes (section 7.1 step 25)."""
_Part = Annotated[str, msgspec.Meta(min_length=1, max_length=5462, pattern=_BASE64URL)]
"""Up to 4 KiB: client data, authenticator data, signature."""
_Object = Annotated[str, msgspec.Meta(min_length=1, max_length=21_848, pattern=_BASE64URL)]
"""Up to 16 KiB: an attestation with its certificates."""
_Handle = Annotated[str, msgspec.Meta(max_length=86, pattern=_BASE64URL)]
"""Up to 64 bytes (section 5.4.3)."""
_Transports = Annotated[list[Annotated[str, msgspec.Meta(max_length=32)]], msgspec.Meta(max_length=16)]

_HEADER = 37  # bytes of authenticator data before what is optional: RP id hash, flags, counter
_HAS_KEY, _HAS_EXTENSIONS = 0x40, 0x80

Form = TypeVar("Form")


class _AttestationResponse(msgspec.Struct):
    client_data: _Part = msgspec.field(name="clientDataJSON")
    attestation: _Object = msgspec.field(name="attestationObject")
    transports: _Transports = []


class _Properties(msgspec.Struct):
    rk: bool | None = None


class _Extensions(msgspec.Struct):
    properties: _Properties | None = msgspec.field(name="credProps", default=None)


class _RegistrationForm(msgspec.Struct):
    id: _Id
    raw_id: _Id = msgspec.field(name="rawId")
    type: Literal["public-key"]
    response: _AttestationResponse
    extensions: _Extensions = msgspec.field(name="clientExtensionResults", default_factory=_Extensions)


class _AssertionResponse(msgspec.Struct):
    client_data: _Part = msgspec.field(name="clientDataJSON")
    authenticator_data: _Part = msgspec.field(name="authenticatorData")
    signature: _Part
    user_handle: _Handle | None = msgspec.field(name="userHandle", default=None)


class _AuthenticationForm(msgspec.Struct):
    id: _Id
    raw_id: _Id = msgspec.field(name="rawId")
    type: Literal["public-key"]
    response: _AssertionResponse


class _ClientForm(msgspec.Struct):
    type: str
    challenge: Annotated[str, msgspec.Meta(max_length=128, pattern=_BASE64URL)]
    origin: str
    cross_origin: bool = msgspec.field(name="crossOrigin", default=False)
    top_origin: str | None = msgspec.field(name="topOrigin", default=None)


class ClientData(msgspec.Struct, frozen=True):
    """What the browser says of itself and has signed along (section 5.8.1). ``raw`` is all of it, as it came.

    ``framed``: it was used inside a page of another origin.
    """

    raw: bytes
    type: str
    challenge: bytes
    origin: str
    framed: bool


class Attestation(msgspec.Struct, frozen=True):
    """A new credential as sent by ``navigator.credentials.create()``. ``discoverable`` is None if not told."""

    id: str
    raw_id: bytes
    client: ClientData
    attestation: bytes
    transports: tuple[str, ...]
    discoverable: bool | None


class Assertion(msgspec.Struct, frozen=True):
    """The use of a credential as sent by ``navigator.credentials.get()``. ``id`` finds it in the records."""

    id: str
    raw_id: bytes
    client: ClientData
    authenticator_data: bytes
    signature: bytes
    user_handle: bytes | None


def refused(why: str) -> FactorError:
    """Return the error that whoever sent it sees, which is always the same; ``why`` is its note, for the log."""
    error = FactorError("webauthn_refused", "The passkey or security key was not accepted.")
    error.add_note(why)
    return error


def read_attestation(credential: object) -> Attestation:
    """Return what decoded JSON says of a new credential. Raises ``FactorError`` for all that has another form."""
    form = _convert(credential, _RegistrationForm)
    attestation = _bytes(form.response.attestation)
    _check_attestation(attestation)
    properties = form.extensions.properties
    return Attestation(
        id=form.id,
        raw_id=_id(form.id, form.raw_id),
        client=_client(_bytes(form.response.client_data)),
        attestation=attestation,
        transports=tuple(form.response.transports),
        discoverable=None if properties is None else properties.rk,
    )


def read_assertion(credential: object) -> Assertion:
    """Return what decoded JSON says of a credential's use. Raises ``FactorError`` for all that has another form."""
    form = _convert(credential, _AuthenticationForm)
    authenticator_data = _bytes(form.response.authenticator_data)
    _check_authenticator_data(authenticator_data)
    handle = form.response.user_handle
    return Assertion(
        id=form.id,
        raw_id=_id(form.id, form.raw_id),
        client=_client(_bytes(form.response.client_data)),
        authenticator_data=authenticator_data,
        signature=_bytes(form.response.signature),
        user_handle=_bytes(handle) if handle else None,
    )


def _convert(value: object, form: type[Form]) -> Form:
    try:
        return msgspec.convert(value, form)
    except msgspec.ValidationError as error:
        raise refused(f"not of its form: {error}") from None


def _client(data: bytes) -> ClientData:
    try:
        form = msgspec.json.decode(data, type=_ClientForm)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise refused(f"client data: {error}") from None
    framed = form.cross_origin or form.top_origin is not None
    return ClientData(raw=data, type=form.type, challenge=_bytes(form.challenge), origin=form.origin, framed=framed)


def _bytes(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise refused("not base64url") from None


def _id(identity: str, raw: str) -> bytes:
    value = _bytes(raw)
    if base64.urlsafe_b64encode(value).decode().rstrip("=") != identity:
        raise refused("id and rawId differ, or id is not in its one form")
    return value


def _check_attestation(data: bytes) -> None:
    """Refuse other formats than ``none`` and ``packed`` before anything of them is parsed (section 8)."""
    try:
        if item_end(data) != len(data):
            raise refused("attestation object: more after its end")
        parsed = parse_cbor(data)
    except (CborError, WebAuthnException) as error:
        raise refused(f"attestation object: {error}") from None
    if not isinstance(parsed, dict) or not isinstance(parsed.get("authData"), bytes):
        raise refused("attestation object: no authenticator data")
    statement = parsed.get("attStmt")
    if parsed.get("fmt") not in ("none", "packed") or not isinstance(statement, dict):
        raise refused("attestation object: a format that is not taken")
    if parsed["fmt"] == "none" and statement:
        raise refused("attestation object: none with a statement")
    _check_authenticator_data(parsed["authData"])


def _check_authenticator_data(data: bytes) -> None:
    """Refuse CBOR in authenticator data (section 6.1) that no authenticator writes."""
    if len(data) < _HEADER:
        raise refused("authenticator data: cut short")
    position = _HEADER
    try:
        if data[32] & _HAS_KEY:
            position += 18 + int.from_bytes(data[position + 16 : position + 18], "big")
            position = item_end(data, position)
        if data[32] & _HAS_EXTENSIONS:
            position = item_end(data, position)
    except CborError as error:
        raise refused(f"authenticator data: {error}") from None
    if position != len(data):
        raise refused("authenticator data: more after its end")
