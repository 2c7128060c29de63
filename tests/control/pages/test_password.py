"""Changing a password."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.control.pages import samples
from tests.control.pages.canned import Canned, Refusal
from tests.support.browser import Profile

OWN = {"policy": samples.POLICY, "current": True, "why": ""}
DUE = {"policy": samples.POLICY, "current": False, "why": "expired"}
NEW = "several words of no consequence"


def test_who_wants_to_change_it_gives_the_old_one_too(profile: Profile, canned: Canned) -> None:
    canned.replies |= {"password/policy": OWN, "password": {}}
    page = profile.open("/.bartizan/password")
    expect(page.get_by_text("Your other sessions end when it is changed.")).to_be_visible()
    page.get_by_label("Current password", exact=True).fill("the old one")
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("heading", name="The password is changed")).to_be_focused()
    assert canned.called("password") == [{"new": NEW, "current": "the old one"}]


def test_in_a_login_the_old_one_is_not_asked_for_and_it_goes_on(profile: Profile, canned: Canned) -> None:
    canned.replies |= {"password/policy": DUE, "password": {"step": "done", "to": "/app/"}}
    page = profile.open("/.bartizan/password")
    expect(page.get_by_text("has reached the age")).to_be_visible()
    expect(page.get_by_label("Current password", exact=True)).to_be_hidden()
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_role("button", name="Change password").click()
    page.wait_for_url(f"{canned.origin}/app/")
    assert canned.called("password") == [{"new": NEW}]


def test_a_wrong_old_password_is_told(profile: Profile, canned: Canned) -> None:
    profile.expect.append("status of 401")
    refused = Refusal(401, "factor_refused", "The current password is not right.")
    canned.replies |= {"password/policy": OWN, "password": refused}
    page = profile.open("/.bartizan/password")
    page.get_by_label("Current password", exact=True).fill("no")
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_contain_text("The current password is not right.")


def test_one_reason_is_told_as_a_sentence(profile: Profile, canned: Canned) -> None:
    profile.expect.append("status of 422")
    refused = Refusal(422, "password_refused", "It is too short.", ("It is too short.",))
    canned.replies |= {"password/policy": DUE, "password": refused}
    page = profile.open("/.bartizan/password")
    page.get_by_label("New password", exact=True).fill("short")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_contain_text("It is too short.")
