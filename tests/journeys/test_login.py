"""From an invitation to the application, in real Chromium."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect
from tests.support.browser import accessibility, shoot
from tests.support.persona import Person
from tests.support.site import Site

Make = Callable[..., Person]


def test_an_invitation_becomes_a_login_and_reaches_the_application(site: Site, person: Make) -> None:
    alice = person("alice", "finance")
    alice.page.goto(site.origin + "/finance")
    expect(alice.page.get_by_role("heading")).to_have_text("Page /finance")
    seen = next(each for each in site.api.seen if each[":path"] == "/finance")
    assert "bartizan-assertion" in seen
    assert "__Host-bartizan" not in seen.get("cookie", "")


def test_password_and_passkey_log_in_and_go_where_somebody_was_going(site: Site, person: Make) -> None:
    bob = person("bob")
    bob.page.context.clear_cookies()
    bob.enter("/orders?year=2026")
    expect(bob.page.get_by_role("heading", name="One more proof")).to_be_visible()
    shoot(bob.page, "factor")
    assert accessibility(bob.page) == []
    bob.use_passkey()
    expect(bob.page).to_have_url(site.origin + "/orders?year=2026")


def test_password_and_app_log_in(site: Site, person: Make) -> None:
    carol = person("carol")
    carol.page.context.clear_cookies()
    carol.enter("/orders")
    carol.use_app()
    expect(carol.page.get_by_role("heading")).to_have_text("Page /orders")


def test_a_passkey_from_the_browsers_list_logs_in(site: Site, person: Make) -> None:
    dave = person("dave")
    dave.page.context.clear_cookies()
    dave.page.goto(site.origin + "/orders")
    expect(dave.page.get_by_role("heading")).to_have_text("Page /orders")


def test_a_wrong_password_says_so_on_a_trusted_device_alone(site: Site, person: Make) -> None:
    erin = person("erin")
    erin.profile.expect.append("the server responded with a status of")
    erin.page.context.clear_cookies()
    erin.enter("/orders", password="not-the-password-of-erin")
    expect(erin.page.get_by_role("alert")).to_be_visible()
    shoot(erin.page, "login-refused")
    erin.page.get_by_label("Name").fill("nobody-of-this-name")
    erin.page.get_by_role("button", name="Log in", exact=True).click()
    expect(erin.page.get_by_role("heading", name="Confirm on one of your trusted devices")).to_be_visible()


def test_whom_a_policy_does_not_name_is_refused(site: Site, person: Make) -> None:
    frank = person("frank")
    frank.profile.expect.append("the server responded with a status of 403")
    answer = frank.page.goto(site.origin + "/finance")
    assert answer is not None
    assert answer.status == 403


def test_logging_out_ends_it_everywhere_it_is_open(site: Site, person: Make) -> None:
    grace = person("grace")
    grace.page.goto(site.origin + "/.bartizan/logout")
    grace.page.get_by_role("button", name="Log out here").click()
    grace.page.wait_for_url("**/.bartizan/logged-out")
    grace.authenticator.answer(present=False)  # or the browser's list of passkeys logs in again by itself
    grace.page.goto(site.origin + "/orders")
    expect(grace.page).to_have_url(site.origin + "/.bartizan/login?next=/orders")
