"""The decoy as a companion: real processes, without workers."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

from bartizan.config.model import Config
from bartizan.decoy.contract import socket_path
from bartizan.errors import BartizanError
from bartizan.supervisor.companions import Companions
from bartizan.supervisor.handle import OrderFailed, spawn_companion


@pytest.fixture
def directory() -> Any:
    """A short path: that of a Unix socket has 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="bz") as path:
        yield Path(path)


@pytest.fixture
async def companions() -> AsyncIterator[Companions]:
    made = Companions(structlog.get_logger(), spawn_companion)
    yield made
    await made.stop(at_once=True)


def config(directory: Path, grace: str = "5s", **divert: Any) -> Config:
    return Config.model_validate(
        {
            "listeners": [{"name": "main", "address": "127.0.0.1:0"}],
            "storage": {"directory": str(directory)},
            "grace_period": grace,
            "deception": {"divert": {"enabled": True, **divert}},
        }
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)


def pid(companions: Companions) -> int:
    serving = companions["decoy"].serving
    return 0 if serving is None else serving.pid


async def answers(directory: Path) -> bool:
    reader, writer = await asyncio.open_unix_connection(str(socket_path(directory)))
    writer.write(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer.startswith(b"HTTP/1.1 421 ")


async def test_what_is_wanted_runs_and_comes_back_when_it_dies(companions: Companions, directory: Path) -> None:
    await companions.start(config(directory))
    assert [each.kind.name for each in companions] == ["decoy"]
    first = pid(companions)
    assert await answers(directory)
    os.kill(first, signal.SIGKILL)
    await until(lambda: pid(companions) != first)
    assert await answers(directory)  # it waited in the socket
    await until(lambda: pid(companions) != 0)
    assert companions["decoy"].restarts == 1
    assert (await companions["decoy"].report()).resident_bytes > 0


async def test_a_reload_puts_another_in_its_place_if_that_is_told_something_else(
    companions: Companions, directory: Path
) -> None:
    await companions.start(config(directory))
    first = pid(companions)
    await companions.prepare(config(directory))
    await companions.commit()
    assert pid(companions) == first
    await companions.prepare(config(directory, actors=5))
    assert pid(companions) == first
    await companions.rollback()
    await companions.prepare(config(directory, actors=5))
    await companions.commit()
    second = pid(companions)
    assert second not in (0, first)
    assert await answers(directory)
    await until(lambda: not Path(f"/proc/{first}").exists())
    await companions.prepare(config(directory, enabled=False))
    await companions.commit()
    assert list(companions) == []
    await until(lambda: not Path(f"/proc/{second}").exists())


async def test_a_configuration_that_it_cannot_use_keeps_the_old_one(companions: Companions, directory: Path) -> None:
    await companions.start(config(directory))
    first = pid(companions)
    (directory / "keys" / "master.key").write_bytes(b"no key")
    with pytest.raises(OrderFailed, match="key"):
        await companions.prepare(config(directory, actors=5))
    await companions.rollback()
    assert pid(companions) == first


async def test_what_cannot_serve_is_told_at_the_start(companions: Companions, directory: Path) -> None:
    (directory / "keys").write_text("no directory")
    with pytest.raises(BartizanError, match="keys"):
        await companions.start(config(directory))
