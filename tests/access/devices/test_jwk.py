"""Public keys of devices: P-256, public, on the curve, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.proofs import ABSENT, TestDevice

from bartizan.access.devices.jwk import parse_jwk
from bartizan.errors import ProofError

KEYS = json.loads(Path(__file__).with_name("wycheproof_es256.json").read_bytes())["keys"]
DEVICE = TestDevice()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def jwk(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (DEVICE.jwk | changes).items() if value is not ABSENT}


def test_a_key_is_read_with_its_thumbprint() -> None:
    key = parse_jwk(jwk())
    assert key.key.public_numbers() == DEVICE.private.public_key().public_numbers()
    assert key.jwk == DEVICE.jwk
    assert key.thumbprint == DEVICE.thumbprint


def test_a_thumbprint_that_others_computed() -> None:
    """The key of RFC 9449 section 4.1 and its thumbprint in section 6.1."""
    key = {
        "kty": "EC",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        "crv": "P-256",
    }
    assert parse_jwk(key).thumbprint == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


def test_what_webcrypto_exports_is_read() -> None:
    shown = jwk(ext=True, key_ops=["verify"], alg="ES256", use="sig", kid="x")
    assert parse_jwk(shown).jwk == DEVICE.jwk


@pytest.mark.parametrize("vector", KEYS, ids=lambda vector: vector["comment"])
def test_wycheproof_keys(vector: dict[str, Any]) -> None:
    assert vector["result"] == "invalid"
    with pytest.raises(ProofError):
        parse_jwk(vector["jwk"])


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "k", "oth"])
def test_a_private_key_is_refused_and_not_repeated(member: str) -> None:
    with pytest.raises(ProofError, match="private") as caught:
        parse_jwk(jwk(**{member: "c2VjcmV0"}))
    assert "c2VjcmV0" not in str(caught.value)


OTHERS = [
    {"kty": "RSA"},
    {"kty": "ec"},
    {"kty": ABSENT},
    {"crv": "P-384"},
    {"crv": "secp256k1"},
    {"crv": ["P-256"]},
    {"x": ABSENT},
    {"y": ABSENT},
    {"x": 7},
    {"x": ""},
    {"x": DEVICE.jwk["x"] + "="},
    {"x": "AA" + DEVICE.jwk["x"]},
    {"x": DEVICE.jwk["x"][:-2]},
    {"x": "é" * 43},
    {"x": DEVICE.jwk["y"], "y": DEVICE.jwk["x"]},
    {"x": "A" * 43, "y": "A" * 43},
    {"x": "_" * 42 + "8"},
    {"use": "enc"},
    {"alg": "ES512"},
    {"key_ops": ["sign"]},
    {"key_ops": "verify"},
]


@pytest.mark.parametrize("changes", OTHERS, ids=range(len(OTHERS)))
def test_any_other_key_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ProofError) as caught:
        parse_jwk(jwk(**changes))
    assert caught.value.code == "invalid_key"


def test_a_jwk_with_many_members_is_refused() -> None:
    with pytest.raises(ProofError):
        parse_jwk(jwk(**{f"m{n}": n for n in range(20)}))


@given(JSON)
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ProofError):
        parse_jwk(value)


@given(st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "use", "alg", "key_ops", "d"]), JSON, max_size=4))
def test_members_of_any_kind_lead_to_a_key_or_a_refusal(changes: dict[str, Any]) -> None:
    try:
        key = parse_jwk(DEVICE.jwk | changes)
    except ProofError:
        return
    assert key.thumbprint == DEVICE.thumbprint
