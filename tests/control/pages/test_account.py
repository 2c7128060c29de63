"""My devices, sessions and ways to log in."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.control.pages import samples
from tests.control.pages.canned import Canned, Refusal
from tests.control.pages.test_enrol import CREATION
from tests.support.browser import Authenticator, Profile


@pytest.fixture
def page(profile: Profile, canned: Canned) -> Page:
    canned.replies["account"] = samples.ACCOUNT
    page = profile.open("/.bartizan/account")
    expect(page.get_by_role("heading", name="Ways to log in")).to_be_visible()
    return page


def test_this_device_and_this_session_are_marked(page: Page) -> None:
    expect(page.get_by_text("this device", exact=True)).to_have_count(3)
    expect(page.locator("#devices").get_by_text("this device", exact=True).locator("visible=true")).to_have_count(1)
    expect(page.locator("#sessions").get_by_text("this session", exact=True).locator("visible=true")).to_have_count(1)
    expect(page.get_by_text("locked by an administrator")).to_be_visible()


def test_a_device_is_removed_after_a_question(page: Page, canned: Canned) -> None:
    canned.replies["account/revoke-device"] = {}
    page.get_by_role("button", name="Remove Phone", exact=True).click()
    dialog = page.get_by_role("dialog", name="Remove “Phone”?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert canned.called("account/revoke-device") == []
    page.get_by_role("button", name="Remove Phone", exact=True).click()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert canned.called("account/revoke-device") == []
    page.get_by_role("button", name="Remove Phone", exact=True).click()
    dialog.get_by_role("button", name="Remove device").click()
    expect(page.get_by_role("status")).to_have_text("The device is removed.")
    assert canned.called("account/revoke-device") == [{"id": "d2"}]
    assert len(canned.called("account")) == 2


def test_a_device_gets_another_name(page: Page, canned: Canned) -> None:
    canned.replies["account/rename-device"] = {}
    page.locator("#devices summary").nth(1).click()
    field = page.get_by_label("New name").locator("visible=true")
    expect(field).to_have_value("Phone")
    field.fill("<b>Red phone</b>")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The device has its new name.")
    assert canned.called("account/rename-device") == [{"id": "d2", "label": "<b>Red phone</b>"}]


def test_names_are_text_whatever_is_in_them(profile: Profile, canned: Canned) -> None:
    name = "<img src=x onerror=alert(1)>"
    devices = [{**samples.ACCOUNT["devices"][0], "label": name}]
    canned.replies["account"] = {**samples.ACCOUNT, "display_name": name, "devices": devices}
    page = profile.open("/.bartizan/account")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.locator("main img").locator("visible=true")).to_have_count(0)


def test_a_session_elsewhere_is_ended(page: Page, canned: Canned) -> None:
    canned.replies["account/revoke-session"] = {}
    page.get_by_role("button", name="End the session on Phone").click()
    expect(page.get_by_role("status")).to_have_text("The session is ended.")
    assert canned.called("account/revoke-session") == [{"id": "s2"}]


def test_what_needs_a_fresh_proof_leads_to_it_and_back(page: Page, profile: Profile, canned: Canned) -> None:
    profile.expect.append("status of 401")
    canned.replies["account/webauthn/options"] = Refusal(
        401, "reauth_required", "Use your passkey first.", members={"factor": "webauthn", "max_age": 300}
    )
    canned.replies["reauth/begin"] = {"available": ["webauthn"], "proven": [], "needed": 1}
    page.get_by_role("button", name="Add passkey").click()
    page.wait_for_url("**/.bartizan/reauth?**")
    expect(page.get_by_role("heading", name="Use your passkey")).to_be_focused()
    assert canned.called("reauth/begin") == [{"next": "/.bartizan/account", "factor": "webauthn", "max_age": 300}]


def test_a_passkey_is_added(page: Page, canned: Canned) -> None:
    Authenticator(page)
    canned.replies |= {"account/webauthn/options": CREATION, "account/webauthn": {}}
    page.get_by_label("Name for a new passkey").fill("Red key")
    page.get_by_role("button", name="Add passkey").click()
    expect(page.get_by_role("status")).to_have_text("The passkey is saved.")
    assert canned.called("account/webauthn")[0]["label"] == "Red key"


def test_the_last_way_to_log_in_stays(page: Page, profile: Profile, canned: Canned) -> None:
    profile.expect.append("status of 403")
    canned.replies["account/remove-credential"] = Refusal(403, "last_factor", "You could not log in any more.")
    page.get_by_role("button", name="Remove Authenticator app Phone app").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("alert")).to_contain_text("You could not log in any more.")


def test_an_authenticator_app_is_connected(page: Page, canned: Canned) -> None:
    canned.replies |= {"account/totp/begin": samples.TOTP, "account/totp": {}}
    page.get_by_role("button", name="Connect an authenticator app").click()
    expect(page.get_by_role("heading", name="Connect an authenticator app")).to_be_focused()
    page.get_by_label("Code that the app shows now").fill("123456")
    page.get_by_role("button", name="Check code").click()
    expect(page.get_by_role("status")).to_have_text("The authenticator app works.")
    expect(page.get_by_role("heading", name="Devices and sessions", exact=True)).to_be_focused()


def test_new_recovery_codes_are_shown_once(page: Page, canned: Canned) -> None:
    canned.replies["account/recovery-codes"] = {"recovery_codes": samples.CODES}
    page.get_by_role("button", name="Make new recovery codes").click()
    page.get_by_role("dialog").get_by_role("button", name="Make new codes").click()
    expect(page.get_by_text(samples.CODES[9])).to_be_visible()
    page.get_by_label("I have kept the codes").check()
    page.get_by_role("button", name="Go on", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("New recovery codes are in force.")
    assert samples.CODES[9] not in page.content()


def test_without_permission_for_notifications_it_says_what_to_do(page: Page) -> None:
    page.get_by_role("button", name="Notify me on this device").click()
    expect(page.get_by_role("alert")).to_contain_text("does not allow notifications")
