"""Enrolment."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.control.pages import samples
from tests.control.pages.canned import Body, Canned, Refusal
from tests.support.browser import Authenticator, Profile

CREATION: Body = {
    "publicKey": {
        "rp": {"id": "localhost", "name": "Example Works"},
        "user": {"id": "AQID", "name": "ada", "displayName": "Ada"},
        "challenge": "AAECAwQFBgcICQoLDA0ODw",
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}],
        "authenticatorSelection": {"residentKey": "required", "userVerification": "required"},
        "attestation": "none",
        "excludeCredentials": [],
    }
}
PASSWORD = "a few words of no consequence"


@pytest.fixture
def page(profile: Profile, canned: Canned) -> Page:
    canned.replies |= {
        "enrol/start": samples.INVITED,
        "enrol/password": {},
        "enrol/webauthn/options": CREATION,
        "enrol/webauthn": {},
        "enrol/totp/begin": samples.TOTP,
        "enrol/totp": {},
        "enrol/finish": {"recovery_codes": samples.CODES, "step": "done", "to": "/app/"},
    }
    return profile.open("/.bartizan/enrol#the-token")


def choose_password(page: Page) -> None:
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Keep this password").click()


def check_code(page: Page) -> None:
    page.get_by_label("Code that the app shows now").fill("123456")
    page.get_by_role("button", name="Check code").click()


def test_an_invitation_becomes_a_person_step_by_step(page: Page, canned: Canned) -> None:
    Authenticator(page)
    choose_password(page)
    page.get_by_label("Name for the passkey").fill("Blue key")
    page.get_by_role("button", name="Make passkey").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    assert page.get_by_role("img", name="QR code").evaluate("image => image.naturalWidth > 0")
    expect(page.get_by_text("JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP")).to_be_visible()
    check_code(page)
    page.get_by_label("Name of this device").fill("Work laptop")
    page.get_by_role("button", name="Trust this device").click()
    expect(page.get_by_role("list", name="Recovery codes").get_by_role("listitem")).to_have_count(10)
    onward = page.get_by_role("button", name="Go on", exact=True)
    expect(onward).to_be_disabled()
    page.get_by_label("I have kept the codes").check()
    onward.click()
    page.wait_for_url(f"{canned.origin}/app/")
    asked = [call.name for call in canned.calls]
    assert asked == [
        "enrol/start",
        "enrol/password",
        "enrol/webauthn/options",
        "enrol/webauthn",
        "enrol/totp/begin",
        "enrol/totp",
        "enrol/finish",
    ]
    assert canned.called("enrol/start") == [{"token": "the-token"}]
    assert canned.called("enrol/password") == [{"password": PASSWORD}]
    made = canned.called("enrol/webauthn")[0]
    assert made["label"] == "Blue key"
    assert set(made["credential"]["response"]) >= {"clientDataJSON", "attestationObject", "transports"}
    assert canned.called("enrol/finish") == [{"device_label": "Work laptop"}]
    assert len({str(call.jwk) for call in canned.calls}) == 1


def test_the_token_is_gone_from_the_address_once_it_has_served(page: Page, canned: Canned) -> None:
    expect(page.get_by_role("heading", name="Welcome, Ada Lovelace")).to_be_focused()
    assert page.url == f"{canned.origin}/.bartizan/enrol"
    canned.replies["enrol/start"] = {**samples.INVITED, "done": ["password"]}
    page.reload()
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name="Make a passkey")).to_be_focused()
    assert canned.called("enrol/start")[1] == {}


def test_an_invitation_that_is_no_good_is_told(profile: Profile, canned: Canned) -> None:
    profile.expect.append("status of 410")
    canned.replies["enrol/start"] = Refusal(410, "invitation_invalid", "This invitation was used or is too old.")
    page = profile.open("/.bartizan/enrol#old")
    expect(page.get_by_role("alert")).to_contain_text("This invitation was used or is too old.")


def test_what_the_policy_asks_for_is_ticked_off_while_it_is_typed(page: Page) -> None:
    page.get_by_role("button", name="Begin").click()
    rule = page.get_by_role("listitem").filter(has_text="at least 15 characters")
    field = page.get_by_label("New password", exact=True)
    field.fill("fourteen chars")
    expect(rule).to_have_text("at least 15 characters")
    field.fill("fifteen  chars!")
    expect(rule).to_have_text("met: at least 15 characters")
    field.fill("\U0001f600" * 14)  # people count characters, JavaScript halves of them
    expect(rule).to_have_text("at least 15 characters")


def test_every_reason_against_a_password_is_told(page: Page, profile: Profile, canned: Canned) -> None:
    profile.expect.append("status of 422")
    reasons = ("It contains your name.", "It is known from break-ins.")
    canned.replies["enrol/password"] = Refusal(422, "password_refused", " ".join(reasons), reasons)
    choose_password(page)
    alert = page.get_by_role("alert")
    for reason in reasons:
        expect(alert.get_by_role("listitem").filter(has_text=reason)).to_be_visible()
    expect(page.get_by_label("New password", exact=True)).to_be_focused()


def test_either_the_passkey_or_the_app_can_be_left_out_and_not_both(page: Page, canned: Canned) -> None:
    choose_password(page)
    page.get_by_role("button", name="Go on without a passkey").click()
    expect(page.get_by_role("heading", name="Connect an authenticator app")).to_be_focused()
    expect(page.get_by_role("button", name="Go on without an app")).to_be_hidden()


def test_with_a_passkey_the_app_can_be_left_out(page: Page, canned: Canned) -> None:
    Authenticator(page)
    choose_password(page)
    page.get_by_role("button", name="Make passkey").click()
    page.get_by_role("button", name="Go on without an app").click()
    expect(page.get_by_role("heading", name="Trust this device")).to_be_focused()


def test_a_browser_without_passkeys_goes_on_without(profile: Profile, canned: Canned) -> None:
    profile.context.add_init_script("delete window.PublicKeyCredential")
    canned.replies |= {"enrol/start": samples.INVITED, "enrol/password": {}}
    page = profile.open("/.bartizan/enrol#t")
    choose_password(page)
    expect(page.get_by_text("This browser cannot make passkeys.")).to_be_visible()
    expect(page.get_by_role("button", name="Make passkey")).to_be_hidden()


def test_codes_can_be_copied(page: Page, profile: Profile) -> None:
    profile.context.grant_permissions(["clipboard-read", "clipboard-write"])
    choose_password(page)
    page.get_by_role("button", name="Go on without a passkey").click()
    check_code(page)
    page.get_by_role("button", name="Trust this device").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status")).to_have_text("The codes are copied.")
    assert page.evaluate("navigator.clipboard.readText()") == "\n".join(samples.CODES)


def test_browsers_without_json_conversion_are_served_too(profile: Profile, canned: Canned, page: Page) -> None:
    profile.context.add_init_script("""
        if (isSecureContext) {
          delete PublicKeyCredential.parseCreationOptionsFromJSON;
          delete PublicKeyCredential.prototype.toJSON;
        }""")
    page.goto("about:blank")
    page.goto("/.bartizan/enrol#the-token")
    Authenticator(page)
    choose_password(page)
    page.get_by_role("button", name="Make passkey").click()
    expect(page.get_by_role("heading", name="Connect an authenticator app")).to_be_focused()
    credential = canned.called("enrol/webauthn")[0]["credential"]
    assert credential["type"] == "public-key"
    assert credential["rawId"] == credential["id"]
    assert credential["clientExtensionResults"] == {}
    assert credential["response"]["transports"] == ["internal"]
    assert set(credential["response"]) == {"clientDataJSON", "attestationObject", "transports"}
