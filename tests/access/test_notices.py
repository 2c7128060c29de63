"""What is asked of control."""

from __future__ import annotations

from pathlib import Path

import msgspec

from bartizan.access.notices import Notice, notices, notify
from bartizan.storage.state.lmdb_engine import LmdbState


async def test_notices_are_read_once_each_in_their_order(tmp_path: Path) -> None:
    state = LmdbState(tmp_path, 2**24)
    first, second = (Notice("quarantine", f"device-{number}", "session", "risk 90") for number in (1, 2))
    await notify(state, first)
    await notify(state, second)
    read = await notices(state, None)
    assert [notice for _, notice in read] == [first, second]
    assert [notice for _, notice in await notices(state, read[0][0])] == [second]
    await state.close()


async def test_a_notice_of_a_kind_that_is_not_known_is_passed_over(tmp_path: Path) -> None:
    state = LmdbState(tmp_path, 2**24)
    foreign = {"what": "promote", "device": "d", "session": "s", "reason": ""}
    await state.publish(b"access", msgspec.msgpack.encode(foreign), 60)
    await notify(state, Notice("release", "device-1", "session-1", "pardoned", at=7.0))
    assert [notice and notice.what for _, notice in await notices(state, None)] == [None, "release"]
    await state.close()
