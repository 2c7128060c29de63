"""The bounce that proves a device's key."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.control.pages.canned import Canned, Refusal
from tests.support.browser import Profile


def test_it_proves_and_goes_on(profile: Profile, canned: Canned) -> None:
    canned.replies["session/prove"] = {"valid_for": 300}
    profile.page.goto("/.bartizan/prove?next=/app/x%3Fy%3D1", wait_until="commit")
    profile.page.wait_for_url(f"{canned.origin}/app/x?y=1")
    assert len(canned.called("session/prove")) == 1


def test_a_form_that_waited_is_sent_then(profile: Profile, canned: Canned) -> None:
    canned.replies |= {
        "session/prove": {"valid_for": 300},
        "held": {"action": "/app/z", "content_type": "application/x-www-form-urlencoded", "body": "YT0x"},
    }
    profile.page.goto("/.bartizan/prove?next=/app/z&held=1", wait_until="commit")
    profile.page.wait_for_url(f"{canned.origin}/app/z")
    assert [body for _, _, body in canned.posted] == [b"a=1"]


def test_whoever_is_not_logged_in_any_more_is_sent_to_the_login(profile: Profile, canned: Canned) -> None:
    profile.expect += ["status of 401", "status of 404"]
    canned.replies["session/prove"] = Refusal(401, "login_required", "The session has ended. Log in.")
    profile.page.goto("/.bartizan/prove?next=/app/x", wait_until="commit")
    profile.page.wait_for_url("**/.bartizan/login?next=**")


def test_it_can_be_tried_again(profile: Profile, canned: Canned) -> None:
    profile.expect.append("status of 503")
    canned.replies["session/prove"] = [Refusal(503, "unavailable", "Try again in a moment."), {"valid_for": 300}]
    page = profile.open("/.bartizan/prove?next=/app/x")
    expect(page.get_by_role("alert")).to_contain_text("Try again in a moment.")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url(f"{canned.origin}/app/x")
