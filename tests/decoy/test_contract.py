from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.decoy.contract import DecoyContext, decode_context, encode_context, socket_path
from bartizan.edge.identity import is_identity
from bartizan.errors import DecoyError

CONTEXT = DecoyContext(
    exchange="01a2", actor="address:192.0.2.7", risk=81.5, route="api", upstream="shop", path="/orders", scheme="https",
    received=1.5, sent=2.5, address="192.0.2.7", ja4="t13d", version="1.0", length=None, answered=403,
)  # fmt: skip


def test_a_context_is_read_back_and_fits_a_header_field() -> None:
    value = encode_context(CONTEXT)
    assert decode_context(value) == CONTEXT
    assert value.isascii()
    assert b"=" not in value
    assert b" " not in value


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_what_is_no_context_is_refused(value: bytes) -> None:
    with pytest.raises(DecoyError):
        decode_context(value)


def test_a_context_that_is_too_long_is_refused() -> None:
    with pytest.raises(DecoyError, match="longer"):
        decode_context(b"A" * 20_000)


def test_clients_cannot_send_a_context() -> None:
    assert is_identity(b"bartizan-decoy")
    assert is_identity(b"bartizan_decoy")


def test_the_socket_has_a_directory_of_its_own() -> None:
    assert socket_path(Path("data")) == Path("data/decoy/http.sock")
