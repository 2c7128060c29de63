from __future__ import annotations

import msgspec

from bartizan.storage.state.feed import decoded
from bartizan.storage.state.interface import FeedItem


def test_a_message_that_cannot_be_read_does_not_hide_those_behind_it() -> None:
    items = [FeedItem(b"1", msgspec.msgpack.encode(7)), FeedItem(b"2", b"\xc1"), FeedItem(b"3", b"\xa1x")]
    assert decoded(items, msgspec.msgpack.Decoder(int).decode) == [(b"1", 7), (b"2", None), (b"3", None)]
