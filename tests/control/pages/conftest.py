"""Chromium and the canned server, once for a module; a profile for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.control.pages.canned import Canned, serving
from tests.support.browser import Profile, chromium


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a module in one process: it starts Chromium once, and no other test runs while Playwright's loop does."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group(f"browser-{item.path.stem}"))


@pytest.fixture(scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canned]:
    directory: Path = tmp_path_factory.mktemp("pages")
    with serving(directory) as canned:
        yield canned


@pytest.fixture(scope="module")
def browser(_server: Canned) -> Iterator[Browser]:
    with chromium(_server.certificate) as running:
        yield running


@pytest.fixture
def canned(_server: Canned) -> Canned:
    _server.reset()
    return _server


@pytest.fixture
def profile(browser: Browser, canned: Canned) -> Iterator[Profile]:
    """A profile on a desktop, light; at the end it must have complained of nothing and asked nobody else."""
    fresh = Profile(browser, canned.origin)
    yield fresh
    fresh.close()
    assert fresh.unexpected() == []
    assert fresh.foreign == []


@pytest.fixture
def page(profile: Profile) -> Page:
    return profile.page
