"""The login page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.control.pages.canned import Canned, Refusal
from tests.support.browser import Authenticator, Profile

OPTIONS = {"publicKey": {"challenge": "AAECAwQFBgcICQoLDA0ODw", "rpId": "localhost", "userVerification": "required"}}


@pytest.fixture(autouse=True)
def _no_passkeys(canned: Canned, profile: Profile) -> Iterator[None]:
    """There are none unless a test says so."""
    profile.expect.append("status of 404")
    return iter([None])


def enter(page: Page, password: str = "correct horse battery") -> None:
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def make_passkey(page: Page) -> None:
    page.evaluate("""() => navigator.credentials.create({ publicKey: {
        challenge: new Uint8Array(16), rp: { id: 'localhost', name: 'x' },
        user: { id: new Uint8Array([1, 2, 3]), name: 'ada', displayName: 'Ada' },
        pubKeyCredParams: [-7, -257].map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' } } })
        .then(() => undefined)""")


def test_name_and_password_are_sent_with_a_proof_and_the_path_to_go_on_to(profile: Profile, canned: Canned) -> None:
    canned.replies["login"] = {"step": "done", "to": "/app/reports?week=7"}
    page = profile.open("/.bartizan/login?next=/app/reports%3Fweek%3D7")
    enter(page)
    page.wait_for_url(f"{canned.origin}/app/reports?week=7")
    call = next(call for call in canned.calls if call.name == "login")
    assert call.body == {"name": "ada", "password": "correct horse battery", "next": "/app/reports?week=7"}
    assert call.claims["htm"] == "POST"
    assert call.claims["htu"] == f"{canned.origin}/.bartizan/api/login"
    assert sorted(call.jwk) == ["crv", "kty", "x", "y"]


@pytest.mark.parametrize("step", ["factor", "device", "password"])
def test_each_step_has_its_page(profile: Profile, canned: Canned, step: str) -> None:
    canned.replies["login"] = {"step": step}
    enter(profile.open("/.bartizan/login"))
    profile.page.wait_for_url(f"{canned.origin}/.bartizan/{step}")


def test_a_challenge_has_the_page_loaded_anew(profile: Profile, canned: Canned) -> None:
    canned.replies["login"] = Refusal(403, "challenge_required", "Solve the challenge.")
    profile.expect.append("status of 403")
    page = profile.open("/.bartizan/login")
    with page.expect_navigation(url="**/.bartizan/login"):
        enter(page)
    expect(page.get_by_label("Name")).to_have_value("")
    expect(page.get_by_role("alert")).to_be_hidden()


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_nothing_leads_to_another_origin_whatever_the_answer_says(profile: Profile, canned: Canned, to: str) -> None:
    canned.replies["login"] = {"step": "done", "to": to}
    page = profile.open(f"/.bartizan/login?next={to}")
    enter(page)
    page.wait_for_url(f"{canned.origin}/")
    assert canned.called("login")[0]["next"] == "/"


def test_a_refusal_is_told_at_the_form_and_the_password_can_be_typed_anew(profile: Profile, canned: Canned) -> None:
    profile.expect.append("status of 401")
    canned.replies["login"] = Refusal(401, "login_refused", "Name or password is wrong.")
    page = profile.open("/.bartizan/login")
    enter(page, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("Name or password is wrong.")
    field = page.get_by_label("Password", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("button", name="Log in")).to_be_enabled()


def test_being_throttled_does_not_look_like_a_wrong_password(profile: Profile, canned: Canned) -> None:
    profile.expect.append("status of 429")
    canned.replies["login"] = Refusal(429, "too_many_attempts", "Too many attempts. Try again in 60 s.", retry_after=60)
    page = profile.open("/.bartizan/login")
    enter(page)
    expect(page.get_by_role("alert")).to_contain_text("Try again in 60 s.")
    expect(page.get_by_label("Password", exact=True)).not_to_have_attribute("aria-invalid", "true")


def test_a_page_that_lay_open_fetches_a_nonce_and_goes_on(profile: Profile, canned: Canned) -> None:
    profile.expect.append("status of 401")
    canned.replies["login"] = {"step": "factor"}
    page = profile.open("/.bartizan/login")
    page.wait_for_load_state("networkidle")
    canned.nonces.clear()
    enter(page)
    page.wait_for_url(f"{canned.origin}/.bartizan/factor")
    assert len(canned.called("login")) == 1


def test_without_a_network_it_says_so(profile: Profile, canned: Canned) -> None:
    profile.expect.append("ERR_INTERNET_DISCONNECTED")
    page = profile.open("/.bartizan/login")
    page.wait_for_load_state("networkidle")
    profile.context.set_offline(True)
    enter(page)
    expect(page.get_by_role("alert")).to_contain_text("could not be reached")


def test_a_passkey_is_used_by_the_button(profile: Profile, canned: Canned) -> None:
    page = profile.open("/.bartizan/login?next=/app/x")
    authenticator = Authenticator(page)
    make_passkey(page)
    page.wait_for_load_state("networkidle")
    canned.replies |= {"login/passkey/options": OPTIONS, "login/passkey": {"step": "done", "to": "/app/x"}}
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{canned.origin}/app/x")
    sent = canned.called("login/passkey")[0]
    assert sent["next"] == "/app/x"
    assert sent["credential"]["id"]
    assert set(sent["credential"]["response"]) >= {"clientDataJSON", "authenticatorData", "signature", "userHandle"}
    assert authenticator.credentials


def test_a_passkey_is_offered_among_the_names(profile: Profile, canned: Canned) -> None:
    page = profile.open("/.bartizan/logged-out")
    Authenticator(page)
    make_passkey(page)
    canned.replies |= {"login/passkey/options": OPTIONS, "login/passkey": {"step": "done", "to": "/app/y"}}
    page.goto("/.bartizan/login?next=/app/y")  # the virtual authenticator's user chooses it at once
    page.wait_for_url(f"{canned.origin}/app/y")


def test_a_passkey_that_is_not_there_is_no_dead_end(profile: Profile, canned: Canned) -> None:
    page = profile.open("/.bartizan/login")
    Authenticator(page)
    page.wait_for_load_state("networkidle")
    canned.replies |= {"login/passkey/options": OPTIONS, "login": {"step": "factor"}}
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")
    enter(page)
    page.wait_for_url(f"{canned.origin}/.bartizan/factor")


def test_all_of_it_can_be_done_with_the_keyboard(profile: Profile, canned: Canned) -> None:
    canned.replies["login"] = {"step": "factor"}
    page = profile.open("/.bartizan/login")
    page.wait_for_load_state("networkidle")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("ada")
    page.keyboard.press("Tab")
    page.keyboard.type("correct horse battery")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("type", "text")
    expect(page.get_by_role("button", name="Show password")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{canned.origin}/.bartizan/factor")
    assert canned.called("login")[0]["password"] == "correct horse battery"


def test_a_device_that_lost_its_trust_can_begin_as_a_new_one(profile: Profile, canned: Canned) -> None:
    profile.expect.append("status of 403")
    canned.replies["login"] = Refusal(403, "device_not_trusted", "This device is not trusted any more.")
    page = profile.open("/.bartizan/login")
    enter(page)
    page.get_by_role("button", name="Log in here as on a new device").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    canned.replies["login"] = {"step": "device"}
    enter(page)
    page.wait_for_url(f"{canned.origin}/.bartizan/device")
    calls = [call.jwk for call in canned.calls if call.name == "login"]
    assert calls[0] != calls[1]
