"""Logging out."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.control.pages.canned import Canned, Refusal
from tests.support.browser import Profile


@pytest.mark.parametrize(("button", "name"), [("Log out here", "logout"), ("Log out everywhere", "logout-everywhere")])
def test_a_session_ends_and_that_is_told(profile: Profile, canned: Canned, button: str, name: str) -> None:
    canned.replies[name] = {}
    page = profile.open("/.bartizan/logout")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()
    assert canned.called(name) == [{}]


def test_one_that_has_ended_already_is_no_error(profile: Profile, canned: Canned) -> None:
    profile.expect.append("status of 401")
    canned.replies["logout"] = Refusal(401, "login_required", "Log in first.")
    page = profile.open("/.bartizan/logout")
    page.get_by_role("button", name="Log out here").click()
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()


def test_the_first_stop_for_a_keyboard_is_past_the_head(profile: Profile, canned: Canned) -> None:
    page = profile.open("/.bartizan/logout")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Log out here")).to_be_focused()
