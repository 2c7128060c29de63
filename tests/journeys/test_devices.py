"""Devices: the second one is let in by the first, or not at all."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable

import httpx
from playwright.sync_api import Page, expect
from tests.support.browser import Profile, accessibility, shoot
from tests.support.persona import Person
from tests.support.site import Site

Make = Callable[..., Person]


def shown_number(page: Page) -> str:
    number = page.locator("#waiting .number strong, #push-waiting .number strong").first
    expect(number).to_have_text(re.compile("[0-9]{2}"))
    return number.text_content() or ""


def inbox(person: Person) -> Page:
    page = person.page
    page.goto(person.site.origin + "/.bartizan/approvals")
    expect(page.get_by_role("article")).to_be_visible()
    return page


def test_a_second_device_is_refused_until_the_first_confirms_its_number(site: Site, person: Make) -> None:
    alice = person("alice")
    second = Profile(alice.browser, site.origin)
    alice.enter("/orders", page=second.page)
    number = shown_number(second.page)
    shoot(second.page, "device-waits")
    assert accessibility(second.page) == []
    page = inbox(alice)
    shoot(page, "approvals-device")
    assert accessibility(page) == []
    page.get_by_label("Number that is shown there").fill(number)
    page.get_by_role("button", name="Trust this device").click()
    expect(page.locator("#approvals").get_by_text("Approved.")).to_be_visible()
    second.page.wait_for_url("**/.bartizan/factor")
    alice.use_app(second.page)
    expect(second.page.get_by_role("heading")).to_have_text("Page /orders")
    second.close()


def test_a_device_with_the_wrong_password_waits_for_nobody(site: Site, person: Make) -> None:
    bob = person("bob")
    thief = Profile(bob.browser, site.origin)
    bob.enter("/orders", password="guess-number-one", page=thief.page)
    shown_number(thief.page)  # it looks the same as with the right one
    bob.page.goto(site.origin + "/.bartizan/approvals")
    expect(bob.page.get_by_text("Nothing waits for you.")).to_be_visible()
    thief.close()


def test_a_device_that_is_denied_stays_out(site: Site, person: Make) -> None:
    carol = person("carol")
    thief = Profile(carol.browser, site.origin)
    carol.enter("/orders", page=thief.page)
    shown_number(thief.page)
    page = inbox(carol)
    page.get_by_role("button", name=re.compile("This wasn.t me")).click()
    thief.page.wait_for_timeout(2500)  # it asks every two seconds, and is not told: else the password would be right
    expect(thief.page.get_by_text("Enter this number there")).to_be_visible()
    thief.page.goto(site.origin + "/orders")
    expect(thief.page).to_have_url(site.origin + "/.bartizan/login?next=/orders")
    thief.close()


def test_a_push_is_answered_on_the_other_device_with_the_number(site: Site, person: Make) -> None:
    dave = person("dave")
    second = Profile(dave.browser, site.origin)
    dave.enter("/orders", page=second.page)
    number = shown_number(second.page)
    page = inbox(dave)
    page.get_by_label("Number that is shown there").fill(number)
    page.get_by_role("button", name="Trust this device").click()
    second.page.wait_for_url("**/.bartizan/factor")
    second.page.get_by_role("button", name="Approve on another device").click()
    pushed = shown_number(second.page)
    shoot(second.page, "push-waits")
    page = inbox(dave)
    shoot(page, "approvals-login")
    page.get_by_label("Number that is shown there").fill(pushed)
    page.get_by_role("button", name="Approve").click()
    expect(second.page.get_by_role("heading")).to_have_text("Page /orders", timeout=15_000)
    second.close()


def test_a_stolen_cookie_opens_nothing_elsewhere(site: Site, person: Make) -> None:
    erin = person("erin")
    cookies = {each["name"]: each["value"] for each in erin.page.context.cookies()}
    context = ssl.create_default_context(cafile=str(site.authority.path))
    with httpx.Client(verify=context, cookies=cookies) as thief:
        answer = thief.get(site.origin + "/orders")
    assert answer.status_code == 401
