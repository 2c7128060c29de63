"""One product and one Chromium for the journeys of a module; people of their own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.support.browser import chromium
from tests.support.persona import Person
from tests.support.site import Site


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a module in one process: it starts Chromium once, and no other test runs while Playwright's loop does."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group(f"browser-{item.path.stem}"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Browser]:
    with chromium(site.certificate.certificate) as running:
        yield running


@pytest.fixture
def person(site: Site, browser: Browser) -> Iterator[Callable[..., Person]]:
    """Return what makes somebody who is enrolled, and closes their browser at the end."""
    made: list[Person] = []

    def make(name: str, *groups: str, enrolled: bool = True) -> Person:
        somebody = Person(site, browser, name)
        made.append(somebody)
        if enrolled:
            somebody.enrol(site.invite(name, *groups))
        return somebody

    yield make
    for somebody in made:
        somebody.close()
