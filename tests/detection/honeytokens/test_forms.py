"""Forms of API keys: what is made has the form, and what is not a form is refused with its reason."""

from __future__ import annotations

import hashlib
import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.detection.honeytokens.forms import ALPHABETS, KeyForm

PARTS = st.one_of(
    st.text("abcXYZ_-.019", min_size=1, max_size=8),
    st.tuples(st.sampled_from(sorted(ALPHABETS)), st.integers(1, 40)).map(lambda part: f"{{{part[0]}:{part[1]}}}"),
)
FORMS = st.lists(PARTS, max_size=5).map(lambda parts: "".join(parts) + "{base62:22}")


def seeded(seed: bytes):
    return lambda length: hashlib.shake_256(seed).digest(length)


@settings(max_examples=60, deadline=None)
@given(FORMS, st.booleans(), st.binary(max_size=8))
def test_what_is_made_has_the_form(text: str, check: bool, seed: bytes) -> None:
    form = KeyForm.parse(text + "{crc32}" * check)
    key = form.make(seeded(seed))
    assert form.matches(key)
    assert key == form.make(seeded(seed))
    assert not form.matches(key + "0")
    assert not form.matches(key[:-1])


def test_a_checksum_is_that_of_githubs_tokens() -> None:
    form = KeyForm.parse("ghp_{base62:30}{crc32}")
    assert form.matches("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")  # the example that GitHub gives
    assert not form.matches("ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18")


def test_keys_are_different_each_time() -> None:
    form = KeyForm.parse("sk_live_{base62:24}")
    assert len({form.make(secrets.token_bytes) for _ in range(50)}) == 50


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "fewer than 64"),
        ("sk_{base62:10}", "has 60 random bits"),
        ("sk_{base62:24", "not closed"),
        ("sk_}{base62:24}", "closes nothing"),
        ("sk_{base61:24}", "known are"),
        ("sk_{base62}", "write {base62:LENGTH}"),
        ("sk_{base62:0}", "write {base62:LENGTH}"),
        ("sk_{base62:999}", "write {base62:LENGTH}"),
        ("{crc32}{base62:24}", "before all"),
        ("{base62:24}{crc32}{crc32}", "more than once"),
        ("s k{base62:24}", "no header field"),
        ("é{base62:24}", "no header field"),
        ("x" * 300, "longer than"),
    ],
)
def test_what_is_no_form_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        KeyForm.parse(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        form = KeyForm.parse(text)
    except ValueError:
        return
    assert form.matches(form.make(seeded(b"")))
