import asyncio
from pathlib import Path
from typing import Any

import pytest
import structlog
from tests.detection.profile.traffic import shop
from tests.support.state import open_shared_state

from bartizan.config.model import State as Settings
from bartizan.detection.profile.book import ProfileBook, file_of, read_profile
from bartizan.errors import StateError

LOG = structlog.get_logger()


class Broken:
    """A state that cannot be reached."""

    async def get(self, key: bytes) -> bytes | None:
        raise StateError("away")


def book(state: Any, directory: Path | None = None, first: int = 1000) -> ProfileBook:
    made = ProfileBook(state, LOG, directory)
    made.expect(["shop"])
    learner = made.learner("shop")
    assert learner is not None
    learner.fresh, learner.learned = shop(first, 8).take(), 1
    return made


async def test_what_processes_learn_apart_they_know_together(tmp_path: Path) -> None:
    state = open_shared_state(Settings(), tmp_path)
    try:
        one, other = book(state), book(state, tmp_path / "profiles", 5000)
        await one.turn()
        await other.turn()
        await one.turn()
        for each in (one, other):
            shape = each.get("shop").shape("GET", "/orders/1")
            assert shape is not None
            assert shape.count == 16
        written = read_profile(tmp_path / "profiles", "shop")
        assert written is not None
        assert written.encode() == other.get("shop").encode()
        later = ProfileBook(state, LOG)
        later.expect(["shop"])
        await later.turn()
        assert later.get("shop").templates() == one.get("shop").templates()
    finally:
        await state.close()


async def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    state = open_shared_state(Settings(), tmp_path)
    try:
        books = [book(state, first=first) for first in (1000, 2000, 3000)]
        await asyncio.gather(*(each.turn() for each in books))
        await books[0].turn()
        shape = books[0].get("shop").shape("GET", "/orders/1")
        assert shape is not None
        assert shape.count == 24
    finally:
        await state.close()


async def test_what_cannot_be_shared_is_kept_for_the_next_turn(tmp_path: Path) -> None:
    made = book(Broken())
    with pytest.raises(StateError):
        await made.turn()
    learner = made.learner("shop")
    assert learner is not None
    assert learner.fresh.shapes
    following = asyncio.create_task(made.follow())
    await asyncio.sleep(0.02)
    assert not following.done()
    following.cancel()


async def test_only_expected_upstreams_are_learned(tmp_path: Path) -> None:
    made = ProfileBook(Broken(), LOG)  # type: ignore[arg-type]
    assert made.learner("bartizan") is None
    assert made.get("bartizan").templates() == []


async def test_what_is_no_profile_is_learned_anew(tmp_path: Path) -> None:
    state = open_shared_state(Settings(), tmp_path)
    try:
        await state.put(b"profile/shop", b"\xc1")
        made = book(state)
        await made.turn()
        assert made.get("shop").templates()
    finally:
        await state.close()
    file = file_of(tmp_path, "shop")
    file.write_bytes(b"\xc1")
    assert read_profile(tmp_path, "shop") is None
    assert read_profile(tmp_path, "none") is None
