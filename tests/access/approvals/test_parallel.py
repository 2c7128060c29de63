"""Answers at the same moment, on both engines of the records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.approvals import Desk, wrong
from tests.support.postgres import PostgresServer
from tests.support.records import all_at_once

from bartizan.access.approvals import Asked, Decider
from bartizan.config.model import Records
from bartizan.errors import AccessError
from bartizan.storage.records.open import open_records
from bartizan.storage.records.store import RecordStore


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RecordStore]:
    settings: dict[str, Any] = {"pool": 10}
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        settings |= {"engine": "postgresql", "url": server.url(server.new_database())}
    opened = open_records(Records.model_validate(settings), tmp_path)
    yield opened
    opened.close()


def test_parallel_guesses_share_three_attempts(desk: Desk, on_phone: Decider) -> None:
    asked = desk.ask_login()
    decisions = all_at_once(8, lambda _: desk.answer(asked, "approve", on_phone, wrong(asked)))
    events = sorted(decision.event for decision in decisions)
    assert events == ["gone"] * 5 + ["last_miss"] + ["miss"] * 2


def test_two_devices_that_answer_at_once_decide_once(desk: Desk, on_phone: Decider, on_laptop: Decider) -> None:
    for _ in range(3):
        asked = desk.ask_login(device="tablet")
        answers = [("approve", on_phone), ("not_me", on_laptop)]
        assert isinstance(asked, Asked)
        number = asked.number
        decisions = all_at_once(2, lambda turn: desk.answer(asked, *answers[turn], number))  # type: ignore[arg-type]  # noqa: B023
        events = sorted(decision.event for decision in decisions)
        assert events in (["approve", "gone"], ["gone", "not_me"])
        assert desk.status(asked) == ("approved" if "approve" in events else "denied")


def test_what_was_approved_is_used_once_by_many_at_once(desk: Desk, on_phone: Decider) -> None:
    asked = desk.ask_login()
    desk.agree(asked, on_phone)

    def use(_: int) -> bool:
        try:
            desk.use(asked)
        except AccessError:
            return False
        return True

    assert sorted(all_at_once(8, use)) == [False] * 7 + [True]


def test_many_logins_at_once_ask_no_more_often_than_allowed(desk: Desk) -> None:
    results = all_at_once(9, lambda number: desk.ask_login(f"login {number}"))
    assert sum(isinstance(result, Asked) for result in results) == 5
