"""What a process does with the orders of its supervisor, over a real socket pair."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping

import msgspec
import pytest
import structlog
from structlog.testing import capture_logs

from bartizan.config.model import Config
from bartizan.errors import ConfigError, Problem
from bartizan.process.channel import (
    Channel,
    Commit,
    Done,
    Drain,
    Failed,
    Message,
    Prepare,
    Report,
    Reported,
    Rollback,
    Start,
)
from bartizan.process.orders import ORPHAN_GRACE, Orders
from bartizan.process.plain import encode_config

CONFIG = encode_config(Config.model_validate({"listeners": [{"name": "main", "address": "127.0.0.1:8080"}]}))


class Counted(msgspec.Struct):
    done: int = 7


class Recording:
    """Notes what it is asked to do."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: Exception | None = None

    async def start(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:
        self.asked.append(f"start {config.listeners[0].name} on {', '.join(sockets)}")
        for sock in sockets.values():
            sock.close()

    async def prepare(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:
        if self.error is not None:
            raise self.error
        self.asked.append("prepare")

    async def commit(self) -> None:
        self.asked.append("commit")

    def rollback(self) -> None:
        self.asked.append("rollback")

    def report(self) -> Counted:
        return Counted()

    async def drain(self, grace: float) -> None:
        self.asked.append(f"drain {grace:g}")

    async def close(self) -> None:
        self.asked.append("close")


class Supervised:
    """A process of this test, as its supervisor has it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        self.served = Recording()
        self.channel = Channel(ours, loop)
        self.other = Channel(theirs, loop)
        self.running = loop.create_task(Orders(self.other, self.served, structlog.get_logger()).run())

    async def order(self, message: Message, fds: list[int] | None = None) -> Message:
        await self.channel.send(message, fds or [])
        received = await asyncio.wait_for(self.channel.receive(), 10)
        assert received is not None
        return received[0]


@pytest.fixture
async def supervised() -> AsyncIterator[Supervised]:
    made = Supervised()
    yield made
    made.channel.close()
    await asyncio.wait_for(made.running, 10)
    made.other.close()


async def start(supervised: Supervised) -> None:
    with socket.socket() as sock:
        assert await supervised.order(Start(1, CONFIG, ["main"]), [sock.fileno()]) == Done(1)


async def test_orders_are_carried_out_one_after_the_other(supervised: Supervised) -> None:
    await start(supervised)
    assert await supervised.order(Prepare(2, CONFIG, [])) == Done(2)
    assert await supervised.order(Commit(3)) == Done(3)
    assert await supervised.order(Prepare(4, CONFIG, [])) == Done(4)
    assert await supervised.order(Rollback(5)) == Done(5)
    assert supervised.served.asked == ["start main on main", "prepare", "commit", "prepare", "rollback"]


async def test_a_report_is_what_the_process_counts(supervised: Supervised) -> None:
    answer = await supervised.order(Report(1))
    assert isinstance(answer, Reported)
    assert msgspec.msgpack.decode(answer.report, type=Counted) == Counted(7)


async def test_it_leaves_when_it_is_told_to(supervised: Supervised) -> None:
    await start(supervised)
    assert await supervised.order(Drain(2, 3.0)) == Done(2)
    assert supervised.served.asked[1:] == ["drain 3", "close"]


async def test_it_leaves_when_its_supervisor_is_gone(supervised: Supervised) -> None:
    await start(supervised)
    supervised.channel.close()
    await asyncio.wait_for(supervised.running, 10)
    assert supervised.served.asked[1:] == [f"drain {ORPHAN_GRACE:g}", "close"]


async def test_what_never_served_has_nothing_to_drain(supervised: Supervised) -> None:
    assert await supervised.order(Drain(1, 3.0)) == Done(1)
    assert supervised.served.asked == []


async def test_an_order_that_cannot_be_carried_out_says_why(supervised: Supervised) -> None:
    supervised.served.error = ConfigError([Problem("f.yaml", 1, 2, "storage", "cannot change")])
    answer = await supervised.order(Prepare(1, CONFIG, []))
    assert answer == Failed(1, "f.yaml:1:2: storage: cannot change")


async def test_a_defect_is_logged_and_told(supervised: Supervised) -> None:
    supervised.served.error = ValueError("no")
    with capture_logs() as logs:
        assert await supervised.order(Prepare(1, CONFIG, [])) == Failed(1, "ValueError: no")
    assert [entry["event"] for entry in logs] == ["order failed"]


async def test_what_is_no_order_is_refused(supervised: Supervised) -> None:
    assert await supervised.order(Done(9)) == Failed(9, "this process takes no Done")
