"""The second factor."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.control.pages import samples
from tests.control.pages.canned import Canned, Refusal
from tests.support.browser import Profile

DONE = {"step": "done", "to": "/app/"}


def choose(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def test_only_what_can_be_used_is_offered(profile: Profile, canned: Canned) -> None:
    canned.replies["factors"] = {**samples.FACTORS, "available": ["totp", "push"], "recovery": False}
    page = profile.open("/.bartizan/factor")
    expect(page.get_by_role("listitem")).to_have_count(2)
    expect(page.get_by_role("button", name="Passkey")).to_be_hidden()


def test_where_there_is_one_way_it_is_shown_at_once_and_there_is_no_other(profile: Profile, canned: Canned) -> None:
    canned.replies["factors"] = {"available": ["totp"], "proven": [], "needed": 1}
    page = profile.open("/.bartizan/factor")
    expect(page.get_by_label("Code from the app")).to_be_focused()
    expect(page.get_by_role("button", name="Choose another way")).to_be_hidden()


def test_a_code_is_sent_without_its_spaces(profile: Profile, canned: Canned) -> None:
    canned.replies |= {"factors": samples.FACTORS, "factors/totp": DONE}
    page = profile.open("/.bartizan/factor")
    choose(page, "Authenticator app")
    page.get_by_label("Code from the app").fill("123 456")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{canned.origin}/app/")
    assert canned.called("factors/totp") == [{"code": "123456"}]


def test_a_wrong_code_is_told_and_read_out(profile: Profile, canned: Canned) -> None:
    profile.expect.append("status of 401")
    canned.replies |= {"factors": samples.FACTORS, "factors/totp": Refusal(401, "factor_refused", "Not right.")}
    page = profile.open("/.bartizan/factor")
    choose(page, "Authenticator app")
    page.get_by_label("Code from the app").fill("000000")
    choose(page, "Check code")
    expect(page.get_by_role("alert")).to_contain_text("Not right.")
    expect(page.get_by_label("Code from the app")).to_be_focused()
    choose(page, "Choose another way")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_after_too_many_wrong_codes_the_way_is_to_begin_anew(profile: Profile, canned: Canned) -> None:
    profile.expect += ["status of 401", "status of 404"]
    canned.replies |= {"factors": samples.FACTORS, "factors/totp": Refusal(401, "no_attempts_left", "Too many.")}
    page = profile.open("/.bartizan/factor")
    choose(page, "Authenticator app")
    page.get_by_label("Code from the app").fill("000000")
    choose(page, "Check code")
    page.get_by_role("link", name="Begin anew").click()
    page.wait_for_url(f"{canned.origin}/.bartizan/login")


def test_where_two_are_asked_for_the_second_is_asked_for_then(profile: Profile, canned: Canned) -> None:
    canned.replies |= {
        "factors": [
            {**samples.FACTORS, "needed": 2},
            {**samples.FACTORS, "available": ["push", "password"], "proven": ["password", "totp"]},
        ],
        "factors/totp": {"step": "factor"},
        "factors/password": DONE,
    }
    page = profile.open("/.bartizan/factor")
    expect(page.get_by_text("Your account takes two of these.")).to_be_visible()
    choose(page, "Authenticator app")
    page.get_by_label("Code from the app").fill("123456")
    choose(page, "Check code")
    expect(page.get_by_role("status")).to_have_text("Your code is right. One more proof is needed.")
    expect(page.get_by_role("heading", name="One more proof")).to_be_focused()
    expect(page.get_by_role("button", name="Authenticator app")).to_be_hidden()
    choose(page, "Password The one you log in with")
    page.get_by_label("Password", exact=True).fill("correct horse")
    choose(page, "Go on")
    page.wait_for_url(f"{canned.origin}/app/")


def test_a_push_shows_its_number_and_goes_on_by_itself(profile: Profile, canned: Canned) -> None:
    canned.replies |= {
        "factors": samples.FACTORS,
        "factors/push": {"approval": "x", "number": "83", "expires_in": 60},
        "factors/push/status": [{"status": "pending"}, {"status": "approved", **DONE}],
    }
    page = profile.open("/.bartizan/factor")
    choose(page, "Approve on another device")
    expect(page.get_by_text("83", exact=True)).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("The number is 83.")
    expect(page.get_by_role("timer")).to_contain_text("left")
    page.wait_for_url(f"{canned.origin}/app/")


def test_a_push_that_was_refused_can_be_asked_for_again_by_hand_only(profile: Profile, canned: Canned) -> None:
    canned.replies |= {
        "factors": samples.FACTORS,
        "factors/push": {"approval": "x", "number": "83", "expires_in": 60},
        "factors/push/status": [{"status": "denied"}, {"status": "approved", **DONE}],
    }
    page = profile.open("/.bartizan/factor")
    choose(page, "Approve on another device")
    expect(page.get_by_role("alert")).to_contain_text("It was refused on your other device.")
    choose(page, "Choose another way")
    choose(page, "Approve on another device")
    expect(page.get_by_role("button", name="Send the request")).to_be_visible()
    assert len(canned.called("factors/push")) == 1
    choose(page, "Send the request")
    page.wait_for_url(f"{canned.origin}/app/")


def test_who_turns_to_another_way_is_not_waited_for(profile: Profile, canned: Canned) -> None:
    canned.replies |= {
        "factors": samples.FACTORS,
        "factors/push": {"approval": "x", "number": "83", "expires_in": 60},
        "factors/push/status": {"status": "pending"},
    }
    page = profile.open("/.bartizan/factor")
    choose(page, "Approve on another device")
    expect(page.get_by_text("83", exact=True)).to_be_visible()
    choose(page, "Choose another way")
    expect(page.get_by_role("heading", name="One more proof")).to_be_focused()
    asked = len(canned.called("factors/push/status"))
    page.wait_for_timeout(4500)  # longer than between three questions
    assert len(canned.called("factors/push/status")) <= asked + 1  # one may have been under way


def test_without_a_way_it_says_what_can_be_done(profile: Profile, canned: Canned) -> None:
    canned.replies["factors"] = {"available": [], "proven": [], "needed": 1}
    page = profile.open("/.bartizan/factor")
    expect(page.get_by_text("There is no way left")).to_be_visible()
