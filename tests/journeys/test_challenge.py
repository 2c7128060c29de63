"""Somebody whose network looks like trouble: their browser does some work, and they go on to where they wanted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.browser import Profile, accessibility, chromium, shoot
from tests.support.shop import Shop

Visit = Callable[..., Profile]
CHALLENGED = "the server responded with a status of 403"
"""What Chromium says of the page itself."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(shop: Shop) -> Iterator[Browser]:
    with chromium(shop.certificate.certificate) as running:
        yield running


@pytest.fixture
def visit(shop: Shop, browser: Browser) -> Iterator[Visit]:
    """Return what opens a browser profile; at the end none has anything to complain of but the status."""
    opened: list[Profile] = []

    def make(**look: bool) -> Profile:
        profile = Profile(browser, shop.origin, **look)
        profile.expect = [CHALLENGED]
        opened.append(profile)
        return profile

    yield make
    for profile in opened:
        assert profile.unexpected() == []
        assert profile.foreign == []
        profile.close()


def held(profile: Profile) -> None:
    """Keep the page from having its answer taken, so that it can be looked at."""
    profile.page.route("**/.bartizan/challenge", lambda _: None)


def heading(page: Page) -> Any:
    return expect(page.get_by_role("heading", level=1))


def test_the_work_is_done_and_the_page_goes_on(shop: Shop, visit: Visit) -> None:
    shop.risk(40)
    somebody = visit()
    page = somebody.open("/orders?page=2#third")
    heading(page).to_have_text("Page /orders")
    assert page.url == f"{shop.origin}/orders?page=2#third"
    answer = page.goto(f"{shop.origin}/invoices")
    assert answer is not None
    assert answer.status == 200  # at once
    assert all("bartizan" not in head.get("cookie", "") for head in shop.api.seen)


@pytest.mark.parametrize(("phone", "dark"), [(False, False), (True, True)])
def test_the_page_can_be_read_by_everybody(shop: Shop, visit: Visit, phone: bool, dark: bool) -> None:
    shop.risk(90)
    somebody = visit(phone=phone, dark=dark)
    held(somebody)
    page = somebody.open("/orders")
    heading(page).to_have_text("One moment, please")
    expect(page.get_by_role("progressbar")).to_be_visible()
    shoot(page, f"challenge-{'dark' if dark else 'light'}")
    assert accessibility(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_form_that_was_held_up_is_not_lost_and_sent_again(shop: Shop, visit: Visit) -> None:
    shop.risk(0)
    page = visit().open("/orders")
    page.get_by_label("Amount").fill("1234")
    shop.risk(40)
    page.get_by_role("button", name="Send").click()
    back = page.get_by_role("button", name="Back to the form")
    expect(back).to_be_visible()
    expect(page.get_by_text("What you sent has not arrived", exact=True)).to_be_visible()
    assert shop.api.transfers == []
    shoot(page, "challenge-form")
    assert accessibility(page) == []
    back.click()
    expect(page.get_by_label("Amount")).to_have_value("1234")
    page.get_by_role("button", name="Send").click()
    heading(page).to_have_text("Sent 1234")
    assert [sent["amount"] for sent in shop.api.transfers] == ["1234"]


def test_without_javascript_a_person_is_told_why_and_whom_to_ask(shop: Shop, browser: Browser) -> None:
    shop.risk(40)
    context = browser.new_context(base_url=shop.origin, java_script_enabled=False)
    page = context.new_page()
    page.goto("/orders")
    expect(page.get_by_text("Without JavaScript you cannot go on here.")).to_be_visible()
    expect(page.locator("code")).to_have_text(re.compile("[0-9a-f]{32}"))
    expect(page.get_by_role("progressbar")).to_be_hidden()
    shoot(page, "challenge-no-script")
    context.close()


def test_a_browser_that_keeps_no_cookies_is_not_sent_round_in_circles(shop: Shop, visit: Visit) -> None:
    shop.risk(40)
    somebody = visit()
    somebody.page.route("**/.bartizan/challenge", lambda route: route.fulfill(status=204))
    page = somebody.open("/orders")
    expect(page.locator("#reason")).to_contain_text("does not keep this site's cookies")
    assert accessibility(page) == []
    somebody.page.unroute("**/.bartizan/challenge")
    page.get_by_role("button", name="Try again").click()
    heading(page).to_have_text("Page /orders")


def test_what_goes_wrong_is_told(shop: Shop, visit: Visit) -> None:
    shop.risk(40)
    somebody = visit()
    somebody.expect.append("net::ERR_FAILED")
    somebody.page.route("**/.bartizan/challenge", lambda route: route.abort())
    page = somebody.open("/orders")
    expect(page.get_by_text("This site could not be reached.").first).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
