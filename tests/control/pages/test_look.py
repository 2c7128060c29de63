"""Every page in every look: no finding of axe-core, nothing wider than the screen, no complaint; a screenshot."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.control.pages import samples
from tests.control.pages.canned import Canned, Refusal, Reply
from tests.support.browser import Profile, accessibility, shoot

LOOKS = ((False, False), (True, True), (False, True), (True, False))
"""Phone or desktop, dark or light. A page has one of the first two, in turns; with ``ALL_LOOKS=1`` it has all four."""


@dataclass(frozen=True)
class Screen:
    """What is looked at: a path, what the API answers, what is done until it is there."""

    name: str
    path: str
    ready: str
    """Text of the heading that has to be seen."""
    replies: dict[str, Reply] = field(default_factory=dict)
    act: Callable[[Page], object] = lambda _: None
    expect: tuple[str, ...] = ()
    """Complaints that belong to it."""


def _refused_login(page: Page) -> None:
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()


def _enrol(*presses: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.get_by_role("button", name="Begin").click()
        for press in presses:
            if press == "password":
                page.get_by_label("New password", exact=True).fill("a few words of no consequence")
                page.get_by_role("button", name="Keep this password").click()
            elif press == "code":
                page.get_by_label("Code that the app shows now").fill("123 456")
                page.get_by_role("button", name="Check code").click()
            else:
                page.get_by_role("button", name=press).click()

    return act


def _weak_password(page: Page) -> None:
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("New password", exact=True).fill("ada-lovelace-1815")
    page.get_by_role("button", name="Keep this password").click()
    expect(page.get_by_role("alert")).to_be_visible()


def _choose(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=name).click()


_WAIT: dict[str, Reply] = {"device": {"number": "47", "expires_in": 120}, "device/status": {"status": "pending"}}
_ENROL: dict[str, Reply] = {
    "enrol/start": samples.INVITED,
    "enrol/password": {},
    "enrol/totp/begin": samples.TOTP,
    "enrol/totp": {},
    "enrol/finish": {"recovery_codes": samples.CODES, "step": "done", "to": "/"},
}
_WEAK = Refusal(422, "password_refused", "This password is not strong enough.", (
    "It contains your name, which is the first thing that is tried.",
    "It is known from break-ins; somebody has tried it before.",
))  # fmt: skip
_401, _422 = ("the server responded with a status of 401",), ("the server responded with a status of 422",)
_404 = ("the server responded with a status of 404",)

SCREENS = (
    Screen("login", "/.bartizan/login", "Log in"),
    Screen(
        "login-refused",
        "/.bartizan/login",
        "Log in",
        {"login": Refusal(401, "login_failed", "Name or password is wrong.")},
        _refused_login,
        _401,
    ),
    Screen(
        "login-untrusted",
        "/.bartizan/login",
        "Log in here as on a new device",
        {"login": Refusal(403, "device_not_trusted", "This device is not trusted any more. Ask an administrator.")},
        _refused_login,
        ("status of 403",),
    ),
    Screen("factor", "/.bartizan/factor", "One more proof", {"factors": samples.FACTORS}),
    Screen(
        "factor-totp",
        "/.bartizan/factor",
        "Enter the code from your app",
        {"factors": samples.FACTORS},
        _choose("Authenticator app"),
    ),
    Screen(
        "factor-push",
        "/.bartizan/factor",
        "Approve on another device",
        {
            "factors": samples.FACTORS,
            "factors/push": {"approval": "x", "number": "83", "expires_in": 60},
            "factors/push/status": {"status": "pending"},
        },
        _choose("Approve on another device"),
    ),
    Screen(
        "factor-recovery",
        "/.bartizan/factor",
        "Use a recovery code",
        {"factors": samples.FACTORS},
        _choose("Recovery code"),
    ),
    Screen(
        "factor-expired",
        "/.bartizan/factor",
        "This login has expired",
        {"factors": Refusal(401, "login_expired", "This login has expired, because it took longer than 10 minutes.")},
        expect=_401,
    ),
    Screen("device", "/.bartizan/device", "Confirm on one of your trusted devices", _WAIT),
    Screen(
        "device-expired",
        "/.bartizan/device",
        "Nobody confirmed this device",
        {**_WAIT, "device/status": {"status": "expired"}},
    ),
    Screen("recover", "/.bartizan/recover", "All your devices are lost"),
    Screen("enrol-1-welcome", "/.bartizan/enrol#token", "Welcome, Ada Lovelace", _ENROL),
    Screen("enrol-2-password", "/.bartizan/enrol#token", "Choose a password", _ENROL, _enrol()),
    Screen(
        "enrol-2-refused",
        "/.bartizan/enrol#token",
        "Choose a password",
        {**_ENROL, "enrol/password": _WEAK},
        _weak_password,
        _422,
    ),
    Screen("enrol-3-passkey", "/.bartizan/enrol#token", "Make a passkey", _ENROL, _enrol("password")),
    Screen(
        "enrol-4-app",
        "/.bartizan/enrol#token",
        "Connect an authenticator app",
        _ENROL,
        _enrol("password", "Go on without a passkey"),
    ),
    Screen(
        "enrol-5-device",
        "/.bartizan/enrol#token",
        "Trust this device",
        _ENROL,
        _enrol("password", "Go on without a passkey", "code"),
    ),
    Screen(
        "enrol-6-codes",
        "/.bartizan/enrol#token",
        "Keep your recovery codes",
        _ENROL,
        _enrol("password", "Go on without a passkey", "code", "Trust this device"),
    ),
    Screen("approvals", "/.bartizan/approvals", "A new device wants to be trusted", {"approvals": samples.APPROVALS}),
    Screen("approvals-none", "/.bartizan/approvals", "Nothing waits for you", {"approvals": {"approvals": []}}),
    Screen(
        "reauth",
        "/.bartizan/reauth?next=/app/transfer&held=1&factor=any&max_age=300",
        "Confirm that it is you",
        {"reauth/begin": {"available": ["webauthn", "totp", "password"], "proven": [], "needed": 1}},
    ),
    Screen(
        "reauth-password",
        "/.bartizan/reauth?next=/app/transfer",
        "Enter your password",
        {"reauth/begin": {"available": ["password"], "proven": [], "needed": 1}},
    ),
    Screen(
        "password",
        "/.bartizan/password",
        "What is asked of the new one",
        {"password/policy": {"policy": samples.POLICY, "current": True, "why": ""}},
    ),
    Screen(
        "password-compromised",
        "/.bartizan/password",
        "Somebody else may know your password",
        {"password/policy": {"policy": {**samples.POLICY, "classes": 3}, "current": False, "why": "compromised"}},
    ),
    Screen("account", "/.bartizan/account", "Ways to log in", {"account": samples.ACCOUNT}),
    Screen(
        "account-confirm",
        "/.bartizan/account",
        "Remove “Phone”?",
        {"account": samples.ACCOUNT},
        _choose("Remove Phone"),
    ),
    Screen("logout", "/.bartizan/logout", "Log out"),
    Screen("logged-out", "/.bartizan/logged-out", "You are logged out"),
    Screen(
        "prove-failed",
        "/.bartizan/prove?next=/app/x",
        "This device could not be checked",
        {"session/prove": Refusal(401, "proof_refused", "The key of this device is not the one of this session.")},
        expect=_401,
    ),
    Screen("error-403", "/.bartizan/error?status=403", "You may not do this", expect=("status of 403",)),
    Screen(
        "error-503", "/.bartizan/error?status=503", "Logging in does not work at the moment", expect=("status of 503",)
    ),
)  # fmt: skip


CASES = [
    pytest.param(
        screen, *look, id=f"{screen.name}-{'phone' if look[0] else 'desktop'}-{'dark' if look[1] else 'light'}"
    )
    for number, screen in enumerate(SCREENS)
    for look in (LOOKS if os.environ.get("ALL_LOOKS") else (LOOKS[number % 2],))
]


@pytest.mark.parametrize(("screen", "phone", "dark"), CASES)
def test_page_is_accessible_fits_and_complains_of_nothing(
    browser: Browser, canned: Canned, screen: Screen, phone: bool, dark: bool
) -> None:
    canned.replies |= screen.replies
    profile = Profile(browser, canned.origin, phone=phone, dark=dark)
    profile.expect += [*screen.expect, *_404]
    try:
        page = profile.open(screen.path)
        screen.act(page)
        expect(page.get_by_text(screen.ready).locator("visible=true").first).to_be_visible()
        shoot(page, f"{screen.name}-{'phone' if phone else 'desktop'}-{'dark' if dark else 'light'}")
        assert accessibility(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it is wider than the screen"
        assert profile.unexpected() == []
        assert profile.foreign == []
    finally:
        profile.close()
