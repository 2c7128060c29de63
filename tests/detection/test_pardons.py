"""Pardons on their way to the sentry."""

from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.detection.pardons import pardon, pardons
from bartizan.storage.state.lmdb_engine import LmdbState

NOW = 1_800_000_000.0


async def test_pardons_are_read_in_their_order_with_who_gave_them_and_why(tmp_path: Path) -> None:
    state = LmdbState(tmp_path, 2**24)
    first = await pardon(state, "192.0.2.7", because=" our own scanner ", by="alice", now=NOW)
    await state.publish(b"pardons", b"\xc1", 60)
    second = await pardon(state, "session:abc", because="a false alarm", by="bob", now=NOW + 1)
    assert (first.actor, first.because, first.by, first.at) == ("address:192.0.2.7", "our own scanner", "alice", NOW)
    read = await pardons(state, None)
    assert [given for _, given in read] == [first, None, second]
    assert [given for _, given in await pardons(state, read[0][0], 1)] == [None]
    await state.close()


@pytest.mark.parametrize(("actor", "because"), [("192.0.2", "why"), ("person:bob", "why"), ("192.0.2.7", "  ")])
async def test_a_pardon_names_an_actor_and_a_reason(tmp_path: Path, actor: str, because: str) -> None:
    state = LmdbState(tmp_path, 2**24)
    with pytest.raises(ValueError, match=r"not an actor|say why"):
        await pardon(state, actor, because=because, by="alice", now=NOW)
    assert await pardons(state, None) == []
    await state.close()
