"""A new device waits."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.control.pages.canned import Canned, Refusal
from tests.support.browser import Profile

WAITING = {"number": "47", "expires_in": 120}


def test_it_shows_and_says_the_number_and_goes_on_by_itself(profile: Profile, canned: Canned) -> None:
    canned.replies |= {
        "device": WAITING,
        "device/status": [{"status": "pending"}, {"status": "approved", "step": "factor"}],
    }
    canned.replies["factors"] = {"available": ["totp"], "proven": [], "needed": 1}
    page = profile.open("/.bartizan/device")
    expect(page.get_by_text("47", exact=True)).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("The number is 47.")
    expect(page.get_by_text(f"{canned.origin.removeprefix('https://')}/.bartizan/approvals")).to_be_visible()
    page.wait_for_url(f"{canned.origin}/.bartizan/factor")


def test_when_nobody_answered_it_can_be_asked_again_with_a_new_number(profile: Profile, canned: Canned) -> None:
    canned.replies |= {
        "device": [WAITING, {"number": "11", "expires_in": 120}],
        "device/status": [{"status": "expired"}, {"status": "pending"}],
    }
    page = profile.open("/.bartizan/device")
    page.get_by_role("button", name="Ask again").click()
    expect(page.get_by_text("11", exact=True)).to_be_visible()


def test_time_runs_out_on_the_page_too(profile: Profile, canned: Canned) -> None:
    canned.replies |= {"device": {"number": "47", "expires_in": 1}, "device/status": {"status": "pending"}}
    page = profile.open("/.bartizan/device")
    expect(page.get_by_role("heading", name="Nobody confirmed this device")).to_be_focused()


def test_a_login_that_is_over_is_begun_anew(profile: Profile, canned: Canned) -> None:
    profile.expect += ["status of 401", "status of 404"]
    canned.replies["device"] = Refusal(401, "login_expired", "This took too long. Begin anew.")
    page = profile.open("/.bartizan/device")
    expect(page.get_by_role("alert")).to_contain_text("This took too long.")
    page.get_by_role("alert").get_by_role("link", name="Begin anew").click()
    page.wait_for_url(f"{canned.origin}/.bartizan/login")


def test_a_moment_without_network_decides_nothing(profile: Profile, canned: Canned) -> None:
    profile.expect += ["ERR_INTERNET_DISCONNECTED", "status of 401"]  # the nonce went with what was not sent
    canned.replies |= {"device": WAITING, "device/status": {"status": "pending"}}
    page = profile.open("/.bartizan/device")
    expect(page.get_by_text("47", exact=True)).to_be_visible()
    profile.context.set_offline(True)
    page.wait_for_timeout(2500)  # a question is asked meanwhile
    canned.replies["device/status"] = {"status": "approved", "step": "done", "to": "/app/"}
    profile.context.set_offline(False)
    page.wait_for_url(f"{canned.origin}/app/")
