"""Who was given a canary first is known to every process, for a month."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog import get_logger
from structlog.testing import capture_logs

from bartizan.config.model import State as Settings
from bartizan.detection.canaries import recipients as module
from bartizan.detection.canaries.recipients import KEEP, KEEP_STRANGERS, Recipient, Recipients
from bartizan.storage.state import State, open_state

GIVEN = Recipient("session:s1", "192.0.2.7", 1000.0, b'{"id":4711}', b"application/json")
OTHER = Recipient("session:s2", "192.0.2.8", 2000.0)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def state(tmp_path: Path, clock: Clock) -> AsyncIterator[State]:
    opened = open_state(Settings(), tmp_path, clock)
    yield opened
    await opened.close()


async def test_the_first_one_is_remembered_in_every_process(state: State) -> None:
    one, other = Recipients(state, get_logger()), Recipients(state, get_logger())
    assert await one.find("/orders/{id}", 4711) is None
    assert await one.remember("/orders/{id}", 4711, GIVEN) == GIVEN
    assert await other.remember("/orders/{id}", 4711, OTHER) == GIVEN
    assert await other.find("/orders/{id}", "4711") == GIVEN
    assert other.known("/orders/{id}", 4711) == GIVEN
    assert await other.find("/users/{id}", 4711) is None


async def test_it_is_forgotten_after_a_month(state: State, clock: Clock) -> None:
    await Recipients(state, get_logger()).remember("/orders/{id}", 4711, GIVEN)
    clock.now += KEEP + 1
    assert await Recipients(state, get_logger()).find("/orders/{id}", 4711) is None


async def test_strangers_are_forgotten_sooner(state: State, clock: Clock) -> None:
    stranger = Recipient("address:192.0.2.7", "192.0.2.7", 1000.0)
    await Recipients(state, get_logger()).remember("/orders/{id}", 1, stranger)
    await Recipients(state, get_logger()).remember("/orders/{id}", 2, GIVEN)
    clock.now += KEEP_STRANGERS + 1
    assert await Recipients(state, get_logger()).find("/orders/{id}", 1) is None
    assert await Recipients(state, get_logger()).find("/orders/{id}", 2) == GIVEN


async def test_only_so_many_are_remembered_a_day(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_A_DAY", 2)
    recipients = Recipients(state, get_logger())
    made = [await recipients.remember("/orders/{id}", number, GIVEN) for number in (1, 2, 3, 1)]
    assert [each is not None for each in made] == [True, True, False, True]
    tomorrow = Recipient("session:s1", "192.0.2.7", 1000.0 + 86_400)
    assert await recipients.remember("/orders/{id}", 3, tomorrow) == tomorrow


async def test_a_process_keeps_only_so_many(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CACHED", 2)
    recipients = Recipients(state, get_logger())
    for number in range(4):
        await recipients.remember("/orders/{id}", number, GIVEN)
    assert [recipients.known("/orders/{id}", number) is not None for number in range(4)] == [False, False, True, True]
    assert await recipients.find("/orders/{id}", 0) == GIVEN


async def test_what_cannot_be_read_is_nobody(state: State) -> None:
    await Recipients(state, get_logger()).remember("/orders/{id}", 4711, GIVEN)
    async for entry in state.scan(b"canary/"):
        await state.put(entry.key, b"\xff")
    with capture_logs() as logs:
        assert await Recipients(state, get_logger()).find("/orders/{id}", 4711) is None
    assert len(logs) == 1
