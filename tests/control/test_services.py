from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import structlog
from tests.support.control import complete, quick_passwords

from bartizan.control.services import Services, build_services
from bartizan.control.signals import Signals
from bartizan.control.stats import Stats
from bartizan.errors import StateError


async def build(directory: Path, config: dict[str, Any] | None = None, previous: Services | None = None) -> Services:
    whole = complete(directory, config)
    loop = asyncio.get_running_loop()
    signals = Signals(whole.storage.journal, directory, Stats(), structlog.get_logger(), lambda: 1.0, loop)
    return await asyncio.to_thread(
        build_services,
        whole,
        lambda: 1_000_000.0,
        signals,
        lambda work: work.close(),
        previous,
        passwords=quick_passwords,
    )


async def test_all_go_by_one_clock(tmp_path: Path) -> None:
    services = await build(tmp_path)
    assert services.clock() == 1_000_000.0
    assert services.origin == "https://gateway.test"
    await services.nonces.spend(services.nonces.issue())
    await services.close()


async def test_what_is_opened_once_is_taken_over(tmp_path: Path) -> None:
    first = await build(tmp_path)
    second = await build(tmp_path, {"access": {"title": "New"}}, first)
    assert (second.records, second.state, second.vault) == (first.records, first.state, first.vault)
    assert second.access.title == "New"
    await second.nonces.spend(first.nonces.issue())  # a page of before goes on
    await second.close()


async def test_secrets_are_not_shown(tmp_path: Path) -> None:
    services = await build(tmp_path)
    master = (tmp_path / "keys" / "master.key").read_bytes()
    assert master.hex() not in repr(services)
    assert repr(master) not in repr(services)
    await services.close()


async def test_records_are_closed_if_the_state_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(StateError):
        await build(tmp_path)
