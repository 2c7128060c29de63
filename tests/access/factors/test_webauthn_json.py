from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.authenticator import ORIGIN, Authenticator, encode

from bartizan.access.factors.webauthn_json import read_assertion, read_attestation
from bartizan.errors import FactorError

CREATE = {"rp": {"id": "gateway.example"}, "user": {"id": encode(b"u" * 32)}, "challenge": encode(b"c" * 32),
          "pubKeyCredParams": [{"alg": -7}]}  # fmt: skip
AUTHENTICATOR = Authenticator(ORIGIN)
ATTESTATION = AUTHENTICATOR.create(CREATE, attestation="self")
ASSERTION = AUTHENTICATOR.get({"rpId": "gateway.example", "challenge": encode(b"c" * 32)})
MESSAGES = [(read_attestation, ATTESTATION), (read_assertion, ASSERTION)]
READERS = [read_attestation, read_assertion]
Reader = Callable[[object], object]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
)
PATHS = {
    read_attestation: ["id", "rawId", "type", "response", "clientExtensionResults", "response.clientDataJSON",
                       "response.attestationObject", "response.transports"],
    read_assertion: ["id", "rawId", "type", "response", "response.clientDataJSON", "response.authenticatorData",
                     "response.signature", "response.userHandle"],
}  # fmt: skip


def changed(message: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return the message with another value in one place."""
    copy = json.loads(json.dumps(message))
    *above, last = path.split(".")
    place = copy
    for name in above:
        place = place[name]
    place[last] = value
    return copy


def refuses(read: Reader, message: object) -> bool:
    try:
        read(message)
    except FactorError as error:
        return error.code == "webauthn_refused"
    return False


def test_what_a_browser_sends_is_read() -> None:
    attestation = read_attestation(ATTESTATION)
    assert attestation.client.type == "webauthn.create"
    assert attestation.client.challenge == b"c" * 32
    assert attestation.client.origin == ORIGIN
    assert attestation.client.framed is False
    assert attestation.transports == ("usb", "internal")
    assert attestation.discoverable is True
    assertion = read_assertion(ASSERTION)
    assert assertion.id == attestation.id
    assert assertion.raw_id == attestation.raw_id
    assert assertion.user_handle == b"u" * 32


@pytest.mark.parametrize("read", READERS)
@given(message=JSON)
def test_anything_else_is_refused(read: Reader, message: Any) -> None:
    assert refuses(read, message)


@pytest.mark.parametrize(("read", "message"), MESSAGES)
@given(data=st.data())
def test_any_other_value_anywhere_is_refused_or_read_and_nothing_else_happens(
    read: Reader, message: dict[str, Any], data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(PATHS[read]))  # type: ignore[index]
    value = data.draw(JSON | st.binary(max_size=200).map(encode))
    refuses(read, changed(message, path, value))


@given(at=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_changed_byte_in_an_attestation_is_refused_or_read(at: int, byte: int) -> None:
    data = bytearray(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": attested()}))
    data[at % len(data)] = byte
    refuses(read_attestation, changed(ATTESTATION, "response.attestationObject", encode(bytes(data))))


@pytest.mark.parametrize(("read", "message"), MESSAGES)
def test_parts_that_are_too_large_are_refused(read: Reader, message: dict[str, Any]) -> None:
    for path in PATHS[read]:  # type: ignore[index]
        if path not in ("type", "response", "clientExtensionResults", "response.transports"):
            assert refuses(read, changed(message, path, "A" * 30_000)), path
    assert refuses(read, message | {"id": "A" * 1368, "rawId": "A" * 1368})
    assert refuses(read, message | {"id": "A" * 20, "rawId": "A" * 20})


def test_too_many_transports_are_refused_and_unknown_ones_read() -> None:
    assert refuses(read_attestation, changed(ATTESTATION, "response.transports", ["usb"] * 17))
    assert refuses(read_attestation, changed(ATTESTATION, "response.transports", ["u" * 33]))
    assert not refuses(read_attestation, changed(ATTESTATION, "response.transports", ["carrier-pigeon"]))


@pytest.mark.parametrize(("read", "message"), MESSAGES)
def test_an_id_has_one_form_and_is_said_twice(read: Reader, message: dict[str, Any]) -> None:
    identity = message["id"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other_bits = identity[:-1] + alphabet[alphabet.index(identity[-1]) ^ 1]
    assert refuses(read, message | {"rawId": "A" * 43})
    for form in (identity + "=", identity + "\n", " " + identity, other_bits, "A" * 41):
        assert refuses(read, message | {"id": form, "rawId": form}), form


CLIENT = {"type": "webauthn.create", "challenge": "Y2M", "origin": ORIGIN}


@pytest.mark.parametrize(
    "client",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe{\x00}\x00",
        b"[" * 4000,
        b'{"type": "\xff", "challenge": "Y2M", "origin": "o"}',
        json.dumps(CLIENT).encode("utf-16"),
        json.dumps({**CLIENT, "challenge": 1}).encode(),
        json.dumps({**CLIENT, "challenge": "Y2M="}).encode(),
        json.dumps({**CLIENT, "challenge": "A"}).encode(),
        json.dumps({**CLIENT, "challenge": "A" * 129}).encode(),
        json.dumps({**CLIENT, "origin": [ORIGIN]}).encode(),
        json.dumps({**CLIENT, "origin": None}).encode(),
        json.dumps({**CLIENT, "crossOrigin": 1}).encode(),
        json.dumps({**CLIENT, "topOrigin": 1}).encode(),
        json.dumps(CLIENT).encode() + b"x",
        json.dumps({**CLIENT, "pad": "x" * 5000}).encode(),
    ],
)
@pytest.mark.parametrize(("read", "message"), MESSAGES)
def test_client_data_of_another_form_is_refused(read: Reader, message: dict[str, Any], client: bytes) -> None:
    assert refuses(read, changed(message, "response.clientDataJSON", encode(client)))


@pytest.mark.parametrize(("members", "framed"), [({}, False), ({"crossOrigin": False}, False),
                                                 ({"crossOrigin": True}, True), ({"topOrigin": ORIGIN}, True),
                                                 ({"later": [1, {"a": None}]}, False)])  # fmt: skip
def test_client_data_tells_whether_it_was_framed(members: dict[str, Any], framed: bool) -> None:
    client = encode(json.dumps(CLIENT | members).encode())
    assert read_attestation(changed(ATTESTATION, "response.clientDataJSON", client)).client.framed is framed


def attested() -> bytes:
    """Return authenticator data with a key."""
    return bytes(32) + b"\x45" + bytes(4) + bytes(16) + b"\x00\x20" + bytes(32) + cbor2.dumps({1: 2, 3: -7})


@pytest.mark.parametrize(
    "attestation",
    [
        b"",
        b"\xa0",
        b"\x80",
        cbor2.dumps({"fmt": "none", "attStmt": {}}),
        cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": "text"}),
        cbor2.dumps({"fmt": "none", "attStmt": [], "authData": attested()}),
        cbor2.dumps({"fmt": "none", "authData": attested()}),
        cbor2.dumps({"fmt": "none", "attStmt": {"alg": -7}, "authData": attested()}),
        cbor2.dumps({"fmt": "tpm", "attStmt": {}, "authData": attested()}),
        cbor2.dumps({"fmt": ["none"], "attStmt": {}, "authData": attested()}),
        cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": attested()}) + b"\x00",
        cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": attested()[:36]}),
        cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": attested()[:60]}),
        cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": attested() + b"\x00"}),
        b"\xa4\x63fmt\x64none" * 2,
        b"\xa2\x61a\x01\x61a\x02",
    ],
)
def test_attestation_objects_of_another_form_are_refused(attestation: bytes) -> None:
    assert refuses(read_attestation, changed(ATTESTATION, "response.attestationObject", encode(attestation)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(36),
        bytes(38),
        bytes(32) + b"\x40" + bytes(4),
        bytes(32) + b"\x80" + bytes(4),
        bytes(32) + b"\x80" + bytes(4) + b"\xc0\x01",
    ],
)
def test_authenticator_data_of_another_form_is_refused(data: bytes) -> None:
    assert refuses(read_assertion, changed(ASSERTION, "response.authenticatorData", encode(data)))


def test_why_something_was_refused_is_for_the_log_only() -> None:
    with pytest.raises(FactorError) as caught:
        read_assertion({})
    assert "form" not in str(caught.value)
    assert "form" in caught.value.__notes__[0]
