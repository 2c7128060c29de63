import hashlib
import hmac
import xml.etree.ElementTree as ET
from base64 import b32decode
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.factors.totp import code_at, match, new_secret, qr_svg, secret_text, step_at, uri

SECRET = b"12345678901234567890"  # of RFC 4226 appendix D and RFC 6238 appendix B
SECRETS = st.binary(min_size=20, max_size=20)
TIMES = st.floats(0, 4e9)


@pytest.mark.parametrize(
    ("counter", "code"),
    list(
        enumerate(["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"])
    ),
)
def test_codes_are_those_of_rfc_4226(counter: int, code: str) -> None:
    assert code_at(SECRET, counter) == code


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_rfc_6238(now: int, code: str) -> None:
    assert code_at(SECRET, step_at(now)) == code[2:]  # its last six digits: the vectors have eight
    assert match(SECRET, code[2:], now, None) == now // 30


@given(SECRETS, TIMES, st.integers(-1, 1))
def test_a_code_of_the_step_before_or_after_is_accepted(secret: bytes, now: float, drift: int) -> None:
    step = max(0, step_at(now) + drift)
    assert match(secret, code_at(secret, step), now, None) is not None


@given(SECRETS, st.floats(300, 4e9), st.integers(2, 5), st.sampled_from([-1, 1]))
def test_a_code_from_further_away_is_not(secret: bytes, now: float, away: int, sign: int) -> None:
    code = code_at(secret, step_at(now) + sign * away)
    near = [code_at(secret, step_at(now) + drift) for drift in (-1, 0, 1)]
    assert (match(secret, code, now, None) is not None) == (code in near)


@given(SECRETS, st.floats(300, 4e9), st.integers(-1, 1))
def test_a_code_is_good_once_and_so_are_those_before_it(secret: bytes, now: float, drift: int) -> None:
    code = code_at(secret, step_at(now) + drift)
    used = match(secret, code, now, None)
    assert used is not None
    assert match(secret, code, now, used + 1) is None
    again = match(secret, code, now, used)
    assert again is None or again > used  # two steps in a row may have the same code, once in a million


@given(SECRETS, TIMES, st.text(max_size=30))
def test_other_text_is_no_code(secret: bytes, now: float, text: str) -> None:
    near = [code_at(secret, max(0, step_at(now) + drift)) for drift in (-1, 0, 1)]
    assert (match(secret, text, now, None) is not None) == (text.replace(" ", "") in near)


@pytest.mark.parametrize("code", ["", "75522", "7552244", "٧٥٥٢٢٤", "755 224 " * 1000, "\ud800", "755224\n", "+75522"])
def test_codes_that_only_resemble_one_are_refused(code: str) -> None:
    assert match(SECRET, code, 0.0, None) is None


def test_a_code_may_be_entered_in_two_groups() -> None:
    assert match(SECRET, "755 224", 0.0, None) == 0


def test_a_secret_is_160_random_bits_and_its_text_brings_it_back() -> None:
    secret = new_secret()
    assert len(secret) == 20
    assert new_secret() != secret
    assert b32decode(secret_text(secret)) == secret
    assert "=" not in secret_text(new_secret()[:19])


@given(st.text(min_size=1, max_size=300), st.text(min_size=1, max_size=64))
def test_the_uri_says_what_an_app_has_to_know(account: str, issuer: str) -> None:
    account, issuer = (text.encode("utf-8", "replace").decode() for text in (account, issuer))
    parts = urlsplit(uri(SECRET, account, issuer))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    service, _, name = unquote(parts.path[1:]).partition(":")
    assert service == issuer.replace(":", " ")
    assert name == account[:256].replace(":", " ")
    facts = parse_qs(parts.query, keep_blank_values=True, strict_parsing=True)
    assert facts == {
        "secret": [secret_text(SECRET)],
        "issuer": [service],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }


def test_an_independent_reader_of_the_uri_makes_the_same_codes() -> None:
    facts = parse_qs(urlsplit(uri(SECRET, "ann@example.org", "Example: API")).query)
    key, digits = b32decode(facts["secret"][0]), int(facts["digits"][0])
    digest = hmac.new(key, (1234567890 // int(facts["period"][0])).to_bytes(8, "big"), hashlib.sha1).digest()
    number = int.from_bytes(digest[digest[19] & 15 :][:4], "big") % 2**31
    assert match(SECRET, str(number)[-digits:], 1234567890, None) is not None


@pytest.mark.parametrize("account", ["ann", "x" * 256, "ж" * 256])
def test_the_picture_needs_neither_style_nor_script(account: str) -> None:
    svg = qr_svg(uri(SECRET, account, "Bartizan"))
    root = ET.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "viewBox" in root.attrib
    for element in root.iter():
        assert element.tag.rpartition("}")[2] in {"svg", "path", "g"}
        assert not {name for name in element.attrib if name in {"style", "class"} or name.startswith(("on", "href"))}
    assert len(svg) < 64 * 1024
