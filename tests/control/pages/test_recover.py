"""The way back for somebody who has lost every device."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.control.pages.canned import Canned
from tests.support.browser import Profile


def test_a_request_is_noted_and_the_wait_is_told(profile: Profile, canned: Canned) -> None:
    canned.replies["recover"] = {"wait": 86_400}
    page = profile.open("/.bartizan/recover")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_label("Recovery code").fill(" k7wq-n4fe-z9qp ")
    page.get_by_role("button", name="Ask for recovery").click()
    expect(page.get_by_role("heading", name="The request is noted")).to_be_focused()
    expect(page.get_by_text("Nothing happens sooner than in 1 day.")).to_be_visible()
    sent = {"name": "ada", "password": "correct horse battery", "code": "k7wq-n4fe-z9qp"}
    assert canned.called("recover") == [sent]
