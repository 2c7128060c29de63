"""The inbox of approvals."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.control.pages import samples
from tests.control.pages.canned import Body, Canned, Refusal
from tests.control.pages.test_login import OPTIONS, make_passkey
from tests.support.browser import Authenticator, Profile

LOGIN, DEVICE, RECOVERY, OTHER, RESET = samples.APPROVALS["approvals"]
POLL = 6000  # ms within which the page has looked again


def inbox(*approvals: Body) -> Body:
    return {"here": samples.APPROVALS["here"], "approvals": list(approvals)}


def card(page: Page, heading: str) -> Locator:
    return page.get_by_role("article", name=heading)


def test_where_a_request_comes_from_stands_beside_where_this_device_is(profile: Profile, canned: Canned) -> None:
    canned.replies["approvals"] = inbox(LOGIN)
    page = profile.open("/.bartizan/approvals")
    shown = card(page, "Somebody is logging in as you")
    for text in ("203.0.113.77", "Lisbon, Portugal", "Firefox 152 on Windows"):
        expect(shown.get_by_text(text)).to_be_visible()
    expect(page.get_by_text("198.51.100.4, Vienna, Austria, Chrome 156 on Linux")).to_be_visible()
    assert page.title().startswith("(1) ")


def test_a_place_that_nobody_knows_leaves_no_gap(profile: Profile, canned: Canned) -> None:
    nowhere = {"address": "127.0.0.1", "place": "", "client": "Chrome"}
    canned.replies["approvals"] = {"here": nowhere, "approvals": [{**LOGIN, "context": nowhere}]}
    page = profile.open("/.bartizan/approvals")
    expect(page.get_by_text("This device: 127.0.0.1, Chrome.")).to_be_visible()
    expect(page.get_by_text("Place", exact=True)).to_be_hidden()


def test_a_login_is_approved_with_its_number(profile: Profile, canned: Canned) -> None:
    canned.replies |= {"approvals": inbox(LOGIN), "approvals/decide": {}}
    page = profile.open("/.bartizan/approvals")
    page.get_by_label("Number that is shown there").fill("83")
    page.keyboard.press("Enter")  # approves, as the first button does
    expect(page.get_by_text("Approved. The other device goes on by itself.").first).to_be_visible()
    assert canned.called("approvals/decide") == [{"id": "a1", "decision": "approve", "number": "83"}]


def test_nothing_is_approved_without_a_number(profile: Profile, canned: Canned) -> None:
    canned.replies |= {"approvals": inbox(LOGIN), "approvals/decide": {}}
    page = profile.open("/.bartizan/approvals")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_label("Number that is shown there")).to_be_focused()
    assert canned.called("approvals/decide") == []


def test_a_wrong_number_can_be_mended(profile: Profile, canned: Canned) -> None:
    profile.expect.append("status of 422")
    wrong = Refusal(422, "wrong_number", "This is not the number.")
    canned.replies |= {"approvals": inbox(LOGIN), "approvals/decide": [wrong, {}]}
    page = profile.open("/.bartizan/approvals")
    page.get_by_label("Number that is shown there").fill("38")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not the number.")
    page.keyboard.type("83")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Approved.").first).to_be_visible()


def test_a_device_is_trusted_with_a_passkey_only(profile: Profile, canned: Canned) -> None:
    canned.replies |= {"approvals": inbox(DEVICE), "approvals/options": OPTIONS, "approvals/decide": {}}
    page = profile.open("/.bartizan/approvals")
    authenticator = Authenticator(page)
    page.get_by_label("Number that is shown there").fill("47")
    page.get_by_role("button", name="Trust this device").click()
    expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")
    assert canned.called("approvals/decide") == []
    make_passkey(page)
    page.get_by_role("button", name="Trust this device").click()
    expect(page.get_by_text("Approved.").first).to_be_visible()
    (sent,) = canned.called("approvals/decide")
    assert sent["number"] == "47"
    assert sent["credential"]["response"]["signature"]
    assert canned.called("approvals/options") == [{"id": "a2"}] * 2
    assert authenticator.credentials


@pytest.mark.parametrize(
    ("button", "decision", "said"),
    [("Refuse", "deny", "Refused."), ("This wasn\u2019t me", "not_me", "Stopped.")],
)
def test_a_no_needs_no_number(profile: Profile, canned: Canned, button: str, decision: str, said: str) -> None:
    canned.replies |= {"approvals": inbox(LOGIN), "approvals/decide": {}}
    page = profile.open("/.bartizan/approvals")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text(said).first).to_be_visible()
    assert canned.called("approvals/decide") == [{"id": "a1", "decision": decision}]
    change = page.get_by_role("link", name="Change it now")
    expect(change).to_be_visible() if decision == "not_me" else expect(change).to_be_hidden()


def test_after_not_me_the_password_is_changed(profile: Profile, canned: Canned) -> None:
    canned.replies |= {
        "approvals": inbox(LOGIN),
        "approvals/decide": {"step": "password"},
        "password/policy": {"policy": samples.POLICY, "current": True, "why": "compromised"},
    }
    page = profile.open("/.bartizan/approvals")
    page.get_by_role("button", name="This wasn\u2019t me").click()
    page.wait_for_url(f"{canned.origin}/.bartizan/password")


def test_a_recovery_can_be_stopped(profile: Profile, canned: Canned) -> None:
    canned.replies |= {"approvals": inbox(RECOVERY), "approvals/decide": {}}
    page = profile.open("/.bartizan/approvals")
    expect(page.get_by_text("In effect")).to_be_visible()
    page.get_by_role("button", name="Stop it").click()
    expect(page.get_by_text("Stopped.").first).to_be_visible()
    assert canned.called("approvals/decide") == [{"id": "a3", "decision": "cancel"}]


def test_an_administrator_sees_whom_it_is_about(profile: Profile, canned: Canned) -> None:
    canned.replies |= {"approvals": inbox(OTHER, RESET), "approvals/decide": {}}
    page = profile.open("/.bartizan/approvals")
    expect(card(page, "charles is to be set up anew")).to_be_visible()
    card(page, "charles has lost all devices").get_by_role("button", name="Let them back in").click()
    expect(page.get_by_text("Approved.").first).to_be_visible()
    assert canned.called("approvals/decide") == [{"id": "a4", "decision": "approve", "number": ""}]


def test_what_comes_and_goes_disturbs_no_typing(profile: Profile, canned: Canned) -> None:
    canned.replies["approvals"] = inbox(LOGIN)
    page = profile.open("/.bartizan/approvals")
    number = card(page, "Somebody is logging in as you").get_by_label("Number that is shown there")
    number.fill("8")
    canned.replies["approvals"] = inbox(LOGIN, DEVICE)
    expect(card(page, "A new device wants to be trusted")).to_be_visible(timeout=POLL)
    expect(page.get_by_role("status")).to_have_text("A new request is waiting.")
    expect(number).to_be_focused()
    expect(number).to_have_value("8")
    canned.replies["approvals"] = inbox(LOGIN)
    expect(card(page, "A new device wants to be trusted")).to_be_hidden(timeout=POLL)
    expect(number).to_be_focused()


def test_a_request_that_has_ended_takes_its_error_with_it_and_leaves_the_page_working(
    profile: Profile, canned: Canned
) -> None:
    profile.expect.append("status of 422")
    canned.replies |= {"approvals": inbox(LOGIN), "approvals/decide": Refusal(422, "wrong_number", "Not the number.")}
    page = profile.open("/.bartizan/approvals")
    page.get_by_label("Number that is shown there").fill("38")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_be_visible()
    canned.replies["approvals"] = inbox()
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible(timeout=POLL)
    canned.replies |= {"approvals": inbox(DEVICE)}
    page.get_by_role("button", name="Refuse").click(timeout=POLL)
    expect(page.get_by_role("alert")).to_contain_text("Not the number.")


def test_whoever_is_not_logged_in_is_sent_to_the_login_and_back(profile: Profile, canned: Canned) -> None:
    profile.expect += ["status of 401", "status of 404"]
    canned.replies["approvals"] = Refusal(401, "login_required", "Log in first.")
    profile.page.goto("/.bartizan/approvals", wait_until="commit")
    profile.page.wait_for_url(f"{canned.origin}/.bartizan/login?next=%2F.bartizan%2Fapprovals")
    assert profile.page.locator("#login").get_attribute("data-next") == "/.bartizan/approvals"
