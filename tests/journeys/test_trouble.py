"""When something is wrong: a login that was not theirs, a password to change, every device lost."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect
from tests.support.browser import Profile, accessibility, shoot
from tests.support.persona import PASSWORD, Person
from tests.support.site import Site

Make = Callable[..., Person]
NEW = "velvet-harbour-cactus-sonnet"


def number_on(page: Page) -> str:
    number = page.locator("#waiting .number strong, #push-waiting .number strong").first
    expect(number).to_have_text(re.compile("[0-9]{2}"))
    return number.text_content() or ""


def inbox(person: Person) -> Page:
    person.authenticator.answer(present=True)
    person.page.goto(person.site.origin + "/.bartizan/approvals")
    expect(person.page.get_by_role("article")).to_be_visible()
    return person.page


def second_device(person: Person) -> Profile:
    """Have a second browser trusted; it is then at the second factor."""
    second = Profile(person.browser, person.site.origin)
    person.enter("/orders", page=second.page)
    number = number_on(second.page)
    page = inbox(person)
    page.get_by_label("Number that is shown there").fill(number)
    page.get_by_role("button", name="Trust this device").click()
    second.page.wait_for_url("**/.bartizan/factor")
    return second


def test_a_push_that_was_not_theirs_ends_the_login_and_has_the_password_changed(site: Site, person: Make) -> None:
    alice = person("alice")
    thief = second_device(alice)  # somebody who had it in hand for a moment
    thief.page.get_by_role("button", name="Approve on another device").click()
    number_on(thief.page)
    page = inbox(alice)
    page.get_by_role("button", name=re.compile("This wasn.t me")).click()
    page.wait_for_url("**/.bartizan/password*")
    shoot(page, "password-compromised")
    assert accessibility(page) == []
    thief.page.goto(site.origin + "/orders")
    expect(thief.page).to_have_url(re.compile("/.bartizan/login"))
    thief.close()


def test_somebody_changes_their_password_and_only_the_new_one_works(site: Site, person: Make) -> None:
    bob = person("bob")
    page = bob.page
    page.goto(site.origin + "/.bartizan/password")
    page.get_by_label("Current password", exact=True).fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("bob-bob-bob")
    bob.profile.expect.append("the server responded with a status of 4")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_be_visible()
    shoot(page, "password-refused")
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("heading", name="The password is changed")).to_be_visible()
    page.context.clear_cookies()
    bob.enter("/orders")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(NEW)
    page.get_by_role("button", name="Log in", exact=True).click()
    bob.use_app()
    expect(page.get_by_role("heading")).to_have_text("Page /orders")


def test_who_has_lost_every_device_comes_back_with_a_code_an_administrator_and_a_wait(site: Site, person: Make) -> None:
    admin, carol = person("root", "administrators"), person("carol")
    fresh = Profile(carol.browser, site.origin)
    page = fresh.page
    page.goto(site.origin + "/.bartizan/recover")
    page.get_by_label("Name").fill("carol")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Recovery code").fill(carol.codes[3])
    shoot(page, "recover")
    page.get_by_role("button", name="Ask for recovery").click()
    expect(page.get_by_role("heading", name="The request is noted")).to_be_visible()
    told = inbox(admin)
    expect(told.get_by_role("heading", name="carol has lost all devices")).to_be_visible()
    shoot(told, "approvals-recovery")
    assert accessibility(told) == []
    told.get_by_role("button", name="Let them back in").click()
    expect(told.locator("#approvals").get_by_text("Approved.")).to_be_visible()
    admin.profile.expect.append("status of 401")  # their inbox looks for more until their session is over
    carol.enter("/orders", page=page)
    number_on(page)  # the wait is not over: nothing is let in
    site.clock.forward(86_400)
    fresh.expect.append("the server responded with a status of 4")
    carol.enter("/orders", page=page)
    page.wait_for_url("**/.bartizan/factor", timeout=15_000)
    carol.use_app(page)
    expect(page.get_by_role("heading")).to_have_text("Page /orders")
    fresh.close()
