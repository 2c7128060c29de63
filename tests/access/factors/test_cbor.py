from __future__ import annotations

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.factors.cbor import MAX_DEPTH, MAX_ITEMS, CborError, item_end

LEAVES = st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=300) | st.text(max_size=20) | st.booleans() | st.none()
FLAT = (
    LEAVES
    | st.lists(LEAVES, max_size=5)
    | st.dictionaries(st.integers(-300, 300) | st.text(max_size=5), LEAVES, max_size=5)
)
ITEMS = FLAT | st.dictionaries(st.text(max_size=9), FLAT, max_size=5)


@given(ITEMS, st.binary(max_size=20), st.binary(max_size=20))
def test_an_item_ends_where_the_encoder_ended_it(item: Any, before: bytes, after: bytes) -> None:
    encoded = cbor2.dumps(item)
    assert item_end(before + encoded + after, len(before)) == len(before) + len(encoded)


@given(ITEMS, st.data())
def test_an_item_that_is_cut_short_is_refused(item: Any, data: st.DataObject) -> None:
    encoded = cbor2.dumps(item)
    with pytest.raises(CborError):
        item_end(encoded[: data.draw(st.integers(0, len(encoded) - 1))])


@given(st.binary(max_size=200))
def test_what_passes_is_read_by_a_decoder_to_the_same_end(data: bytes) -> None:
    try:
        end = item_end(data)
    except CborError:
        return
    assert end <= len(data)
    try:
        cbor2.loads(data[:end])
    except cbor2.CBORDecodeError:
        pass  # text that is no UTF-8, or a key that no mapping can have
    except TypeError:
        pass


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cut short"),
        (b"\xc0\x00", "a tag"),
        (b"\xd8\x1c\x80", "a tag"),
        (b"\x82\x01\xd8\x1d\x00", "a tag"),
        (b"\x9f\xff", "an indefinite length"),
        (b"\x5f\xff", "an indefinite length"),
        (b"\x1c", "an indefinite length"),
        (b"\xfb" + bytes(8), "neither false, true nor null"),
        (b"\xff", "neither false, true nor null"),
        (b"\x5b" + b"\xff" * 8, "cut short"),
        (b"\x9b" + b"\xff" * 8, "cut short"),
        (b"\x81" * 1000 + b"\x01", "nested too deep"),
        (b"\x99\x03\xe8" + b"\x01" * 1000, "too many items"),
        (b"\x9a" + b"\xff" * 4 + b"\x80" * 1000, "too many items"),
    ],
)
def test_what_no_authenticator_sends_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(CborError, match=why):
        item_end(data)


def test_the_limits_are_reached_and_not_passed() -> None:
    assert item_end(b"\x81" * MAX_DEPTH + b"\x01") == MAX_DEPTH + 1
    with pytest.raises(CborError, match="too deep"):
        item_end(b"\x81" * (MAX_DEPTH + 1) + b"\x01")
    assert item_end(b"\x98\xff" + b"\x01" * (MAX_ITEMS - 1)) == MAX_ITEMS + 1


def test_shared_references_that_grow_without_end_are_refused_before_anything_is_built() -> None:
    levels = [b"\xd8\x1c\x82\x01\x01"]
    levels += [b"\xd8\x1c\x82" + 2 * (b"\xd8\x1d\x18" + bytes([level])) for level in range(60)]
    with pytest.raises(CborError, match="a tag"):
        item_end(b"\x98" + bytes([len(levels)]) + b"".join(levels))
