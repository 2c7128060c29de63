"""Fixtures for tests that walk through flows. ``settings`` is the configuration; a test module may have its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.control import Control
from tests.support.people import World
from tests.support.sessions import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings() -> dict[str, Any]:
    return {}


@pytest.fixture
def control(tmp_path: Path, clock: Clock, settings: dict[str, Any]) -> Iterator[Control]:
    with Control(tmp_path, {"access": settings}, clock) as control:
        yield control


@pytest.fixture
def world(control: Control, clock: Clock) -> Iterator[World]:
    world = World(control, clock)
    yield world
    world.close()
