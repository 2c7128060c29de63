"""JSON Web Signatures with ES256: Wycheproof's cases, and one spelling for each value."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.proofs import TestDevice, b64

from bartizan.access.devices.jwk import parse_jwk
from bartizan.access.devices.jws import decode_base64url, is_signed_by, split_jws
from bartizan.errors import ProofError

VECTORS = json.loads(Path(__file__).with_name("wycheproof_es256.json").read_bytes())
DEVICE = TestDevice()
CASES = [
    pytest.param(group["public"], test["jws"], test["result"], id=f"{test['tcId']}-{test['comment']}")
    for group in VECTORS["testGroups"]
    for test in group["tests"]
]


def accepts(jwk: dict[str, Any], text: str) -> bool:
    """Verify as DPoP and DBSC do."""
    try:
        key = parse_jwk(jwk)
        jws = split_jws(text, 4096)
        return json.loads(jws.header).get("alg") == "ES256" and is_signed_by(jws, key.key)
    except (ValueError, ProofError):
        return False


@pytest.mark.parametrize(("jwk", "text", "result"), CASES)
def test_wycheproof_signatures(jwk: dict[str, Any], text: str, result: str) -> None:
    assert accepts(jwk, text) is (result == "valid")


def test_the_parts_are_decoded() -> None:
    device = TestDevice()
    text = device.sign({"alg": "ES256"}, {"a": 1})
    jws = split_jws(text.encode(), 4096)
    assert json.loads(jws.header) == {"alg": "ES256"}
    assert json.loads(jws.payload) == {"a": 1}
    assert jws.signed.decode() == text.rpartition(".")[0]
    assert is_signed_by(jws, parse_jwk(device.jwk).key)
    assert not is_signed_by(jws, parse_jwk(TestDevice().jwk).key)


@pytest.mark.parametrize(
    "text", ["", ".", "..x.", "a.b", "YQ.YQ.YQ.YQ", "YQ.YQ.YQ=", "YQ.YQ.Y Q", "YQ.YQ.é", "YQ.YQ.\ud800"]
)
def test_what_is_no_jws_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not"):
        split_jws(text, 4096)


def test_what_is_too_long_is_refused() -> None:
    assert split_jws("YQ.YQ.YQ", 8).header == b"a"
    with pytest.raises(ValueError, match="longer than 7 bytes"):
        split_jws("YQ.YQ.YQ", 7)


@given(st.binary(max_size=100))
def test_base64url_of_bytes_is_decoded(data: bytes) -> None:
    assert decode_base64url(b64(data).encode()) == data


@given(st.one_of(st.binary(max_size=30), st.text("AQgwYZ-_+/= \n", max_size=30).map(str.encode)))
def test_every_value_has_one_spelling(text: bytes) -> None:
    try:
        data = decode_base64url(text)
    except ValueError:
        return
    assert base64.urlsafe_b64encode(data).rstrip(b"=") == text


@pytest.mark.parametrize("text", [b"YR", b"YQ==", b"Y", b"YW+/", b" YQ", b"YQ\n"])
def test_other_spellings_are_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="not"):
        decode_base64url(text)


@given(st.data())
def test_a_changed_jws_is_not_accepted(data: st.DataObject) -> None:
    text = DEVICE.sign({"alg": "ES256"}, {"sub": "alice", "n": 7})
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("ABab01-_.=").filter(lambda char: char != text[at]))
    assert not accepts(DEVICE.jwk, text[:at] + other + text[at + 1 :])
