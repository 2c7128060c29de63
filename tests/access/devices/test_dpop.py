"""DPoP proofs: one test for each check of RFC 9449 section 4.3, and what else could be wrong."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.proofs import ABSENT, TestDevice, b64
from tests.support.sessions import NOW

from bartizan.access.devices.dpop import MAX_JTI, MAX_PROOF, WINDOW, Proof, verify_proof
from bartizan.errors import ProofError

DEVICE = TestDevice()
URL = "https://api.test/orders/7"


def make(**changes: Any) -> str:
    return DEVICE.proof("POST", URL, **{"now": NOW, **changes})


def verify(*proofs: str | bytes, **changes: Any) -> Proof:
    return verify_proof(proofs, **{"method": "POST", "url": URL, "now": NOW, **changes})


def refused(*proofs: str | bytes, match: str, **changes: Any) -> None:
    with pytest.raises(ProofError, match=match) as caught:
        verify(*proofs, **changes)
    assert caught.value.code == "invalid_dpop_proof"


def test_a_proof_holds() -> None:
    proof = verify(make(jti="unique"))
    assert proof.thumbprint == DEVICE.thumbprint
    assert (proof.jti, proof.nonce, proof.issued) == ("unique", None, NOW)


def test_a_proof_that_others_made() -> None:
    """The example of RFC 9449 section 4.1."""
    proof = (
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo"
        "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJ"
        "qdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0Ijo"
        "xNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
    )
    held = verify(proof, url="https://server.example.com/token", now=1562262616)
    assert held.thumbprint == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


def test_1_there_is_one_header_field() -> None:
    refused(match="there is no DPoP header")
    refused(make(), make(), match="more than one")
    refused(f"{make()}, {make()}", match="well-formed")


MALFORMED = [
    "",
    "..",
    "not.a.jwt",
    make().rpartition(".")[0],
    make() + ".AAAA",
    make() + "=",
    make().replace("_", "/").replace("-", "+") + "+",
    DEVICE.sign(b"[]", {}),
    DEVICE.sign(b'"typ"', {}),
    DEVICE.sign(b"\xff", {}),
    DEVICE.sign(b"[" * 2000, {}),
    DEVICE.sign(b'{"typ":"dpop+jwt","alg":"ES256","jwk":{},"crit":' + b"[" * 2000, {}),
    DEVICE.sign({"typ": "dpop+jwt", "alg": "ES256", "jwk": []}, {}),
]


@pytest.mark.parametrize("proof", MALFORMED, ids=range(len(MALFORMED)))
def test_2_it_is_a_well_formed_jwt(proof: str) -> None:
    refused(proof, match="well-formed")


def test_2_it_is_not_longer_than_what_a_proof_needs() -> None:
    verify(make(more="x" * 2000))
    proof = make(more="x" * MAX_PROOF)
    assert len(proof) > MAX_PROOF
    refused(proof, match="well-formed")


@pytest.mark.parametrize("claim", ["jti", "htm", "htu", "iat"])
def test_3_the_required_claims_are_there(claim: str) -> None:
    refused(make(**{claim: ABSENT}), match="well-formed")
    refused(make(**{claim: None}), match="well-formed")
    refused(make(**{claim: [1]}), match="well-formed")


@pytest.mark.parametrize("claim", ["nonce", "ath"])
def test_3_optional_claims_are_strings(claim: str) -> None:
    refused(make(**{claim: 7}), match="well-formed")


def test_3_claims_that_are_not_known_are_ignored() -> None:
    verify(make(acr="x", cnf={"a": 1}))


@pytest.mark.parametrize("typ", ["JWT", "dpop", "at+jwt", "DPOP+JWT ", ""])
def test_4_the_type_is_that_of_a_proof(typ: str) -> None:
    refused(make(header={"typ": typ}), match="typ is not")
    refused(make(header={"typ": ABSENT}), match="well-formed")


@pytest.mark.parametrize("alg", ["none", "HS256", "RS256", "ES384", "EdDSA", "es256", ""])
def test_5_the_algorithm_is_asymmetric_and_one_that_is_accepted(alg: str) -> None:
    refused(make(header={"alg": alg}), match="alg is not")
    refused(make(header={"alg": ABSENT}), match="well-formed")


def test_5_extensions_that_have_to_be_understood_are_not() -> None:
    refused(make(header={"crit": ["b64"], "b64": False}), match="crit")


def test_6_the_signature_is_the_keys() -> None:
    refused(make(header={"jwk": TestDevice().jwk}), match="signature")
    signed = make().rpartition(".")[0]
    for length in (0, 63, 64, 65):
        refused(f"{signed}.{b64(bytes(length))}", match="signature")
    refused(f"{signed}.{make().rpartition('.')[2]}", match="signature")


def test_7_the_key_is_public_and_on_p256() -> None:
    for jwk in (DEVICE.jwk | {"d": "AAAA"}, {"kty": "oct", "k": "AAAA"}, DEVICE.jwk | {"crv": "P-384"}, {}):
        with pytest.raises(ProofError) as caught:
            verify(make(header={"jwk": jwk}))
        assert caught.value.code == "invalid_key"
    refused(make(header={"jwk": ABSENT, "kid": "x"}), match="well-formed")


@pytest.mark.parametrize("method", ["GET", "post", "POST ", ""])
def test_8_the_method_is_that_of_the_request(method: str) -> None:
    refused(make(htm=method), match="htm")


@pytest.mark.parametrize(
    "htu",
    [
        "HTTPS://api.test/orders/7",
        "https://API.Test/orders/7",
        "https://api.test:443/orders/7",
        "https://api.test./orders/7",
        "https://api.test/%6Frders/7",
        "https://api.test/./orders/6/../7",
        "https://api.test//orders/7",
        "https://api.test/orders/7?page=2",
        "https://api.test/orders/7#top",
        "https://api.test/orders/7?a=//x\n#y",
    ],
)
def test_9_the_url_is_that_of_the_request_however_it_is_written(htu: str) -> None:
    verify(make(htu=htu))


@pytest.mark.parametrize(
    "htu",
    [
        "http://api.test/orders/7",
        "https://api.test:8443/orders/7",
        "https://other.test/orders/7",
        "https://api.test.evil/orders/7",
        "https://api.test@evil/orders/7",
        "https://evil@api.test/orders/7",
        "https://api.test/orders/7/",
        "https://api.test/Orders/7",
        "https://api.test/orders/8",
        "https://api.test/orders",
        "https://api.test",
        "https:///orders/7",
        "https://api.test\\orders/7",
        " https://api.test/orders/7",
        "https://api.test/orders/7\n",
        "https://api.test/or\tders/7",
        "//api.test/orders/7",
        "/orders/7",
        "wss://api.test/orders/7",
        "https://api.test:x/orders/7",
        "https://api.test:99999/orders/7",
        "https://api.tést/orders/7",
        "",
    ],
)
def test_9_the_url_is_no_other(htu: str) -> None:
    refused(make(htu=htu), match="htu")


def test_9_escapes_are_compared_in_upper_case_and_slashes_stay_escaped() -> None:
    verify(make(htu="https://api.test/a%2fb%c3%a9"), url="https://api.test/a%2Fb%C3%A9")
    refused(make(htu="https://api.test/a%2fb"), url="https://api.test/a/b", match="htu")


def test_9_no_path_is_the_root() -> None:
    verify(make(htu="https://api.test"), url="https://api.test/")
    verify(make(htu="https://api.test?x"), url="https://api.test/")


@pytest.mark.parametrize("url", ["https://api.test:1*", "*", ""])
def test_9_a_url_that_is_none_matches_no_other(url: str) -> None:
    refused(make(htu="neither"), url=url, match="htu")


def test_10_a_nonce_is_handed_out_to_be_spent_and_takes_the_place_of_the_clock() -> None:
    proof = verify(make(nonce="given", now=NOW - 1e6))
    assert (proof.nonce, proof.issued) == ("given", NOW - 1e6)


@pytest.mark.parametrize("age", [-WINDOW, -1, 0, 1, WINDOW])
def test_11_without_a_nonce_it_was_made_now(age: float) -> None:
    verify(make(iat=NOW - age))


@pytest.mark.parametrize("age", [-1e9, -WINDOW - 1, WINDOW + 1, 1e9, 1e300])
def test_11_without_a_nonce_it_was_not_made_earlier_or_later(age: float) -> None:
    refused(make(iat=NOW - age), match="iat")


@pytest.mark.parametrize("iat", ["true", '"1800000000"', "1e999", "NaN", "{}"])
def test_11_the_time_is_a_number(iat: str) -> None:
    claims = json.dumps({"jti": "a", "htm": "POST", "htu": URL})[:-1] + f', "iat": {iat}}}'
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": DEVICE.jwk}
    refused(DEVICE.sign(header, claims.encode()), match="well-formed")


def test_12_with_an_access_token_it_says_its_hash() -> None:
    verify(make(token="token"), access_token="token")
    refused(make(), access_token="token", match="ath")
    refused(make(token="other"), access_token="token", match="ath")
    refused(make(ath="é"), access_token="token", match="ath")


def test_12_the_hash_of_a_token_that_others_computed() -> None:
    """The token and ``ath`` of RFC 9449 section 7.1."""
    token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
    verify(make(ath="fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"), access_token=token)


def test_12_without_an_access_token_its_hash_does_not_matter() -> None:
    verify(make(token="token"))


@pytest.mark.parametrize("jti", ["", "x" * (MAX_JTI + 1)])
def test_the_id_is_there_and_bounded(jti: str) -> None:
    refused(make(jti=jti), match="jti")


def test_a_member_that_comes_twice_counts_as_the_last() -> None:
    """RFC 7515 section 4 and RFC 7519 section 4 leave this, or refusal; what is not done is to mix them."""
    claims = json.dumps({"htm": "GET", "jti": "a", "htu": URL, "iat": NOW})[:-1] + ', "htm": "POST"}'
    assert verify(DEVICE.sign({"typ": "dpop+jwt", "alg": "ES256", "jwk": DEVICE.jwk}, claims.encode())).jti == "a"


def test_bytes_are_read_as_text_is() -> None:
    assert verify(make().encode()).thumbprint == DEVICE.thumbprint
    refused(b"\xff.\xff.\xff", match="well-formed")
    refused("\ud800", match="well-formed")


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_anything_is_a_proof_or_refused(value: str | bytes) -> None:
    with pytest.raises(ProofError):
        verify(value)


@given(
    st.dictionaries(st.sampled_from(["jti", "htm", "htu", "iat", "nonce", "ath"]), st.integers() | st.text(max_size=30))
)
def test_claims_of_any_kind_lead_to_a_proof_or_a_refusal(claims: dict[str, Any]) -> None:
    code = "invalid_dpop_proof"
    try:
        verify(make(**claims), access_token="token")
    except ProofError as error:
        code = error.code
    assert code == "invalid_dpop_proof"
