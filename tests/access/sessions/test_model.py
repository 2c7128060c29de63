"""Tokens."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.sessions.model import digest_of, new_handle, new_secret, split_token


def test_a_token_has_a_handle_and_a_secret_of_256_bits() -> None:
    handle, secret = new_handle(), new_secret()
    assert split_token(f"{handle}.{secret}") == (handle, secret)
    assert len(secret) * 6 >= 256


@pytest.mark.parametrize("token", ["", ".", "a.b", "a" * 66, f"{'a' * 22}-{'b' * 43}", f"{'a' * 22}.{'b' * 44}"])
def test_what_has_not_the_form_of_a_token_is_none(token: str) -> None:
    assert split_token(token) is None


@given(st.text(max_size=200))
def test_any_text_has_a_digest(text: str) -> None:
    assert len(digest_of(text)) == 32


def test_the_digest_is_sha_256() -> None:
    assert digest_of("abc") == hashlib.sha256(b"abc").digest()
