"""People as they use the product: each in a browser profile of their own, with a passkey and an authenticator app."""

from __future__ import annotations

import re
from base64 import b32decode

from playwright.sync_api import Browser, Page, expect

from bartizan.access.factors.totp import PERIOD, code_at, step_at
from tests.support.browser import Authenticator, Profile
from tests.support.site import Site

PASSWORD = "quartz-lantern-orbit-meadow"


class Person:
    """Somebody with one device so far; ``enrol`` makes them known."""

    def __init__(self, site: Site, browser: Browser, name: str, *, phone: bool = False) -> None:
        self.site = site
        self.name = name
        self.browser = browser
        self.profile = Profile(browser, site.origin, phone=phone)
        self.page: Page = self.profile.page
        self.authenticator = Authenticator(self.page)
        self.secret = b""
        self.codes: list[str] = []

    def enrol(self, link: str) -> None:
        """Follow an invitation to its end; afterwards this browser is logged in."""
        page = self.page
        page.goto(link)
        page.get_by_role("button", name="Begin").click()
        page.get_by_label("New password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Keep this password").click()
        page.get_by_role("button", name="Make passkey").click()
        secret = page.locator("#totp code.secret")
        expect(secret).to_have_text(re.compile("[A-Z2-7 ]{32,}"))
        text = (secret.text_content() or "").replace(" ", "")
        self.secret = b32decode(text + "=" * (-len(text) % 8))
        page.get_by_label("Code that the app shows now").fill(self.code())
        page.get_by_role("button", name="Check code").click()
        page.get_by_role("button", name="Trust this device").click()
        expect(page.locator("#codes li")).to_have_count(10)
        self.codes = page.locator("#codes li").all_text_contents()
        page.get_by_label("I have kept the codes").check()
        page.get_by_role("button", name="Go on").click()
        page.wait_for_url(lambda url: "/.bartizan/enrol" not in url)

    def code(self) -> str:
        """Return what the authenticator app shows at the site's time; a new one each time."""
        self.site.clock.forward(PERIOD)
        return code_at(self.secret, step_at(self.site.clock()))

    def enter(self, path: str = "/", password: str = PASSWORD, page: Page | None = None) -> None:
        """Go to a path, and give name and password when asked."""
        used = page or self.page
        if used is self.page:
            self.authenticator.answer(present=False)  # or the browser's list of passkeys logs in by itself
        used.goto(self.site.origin + path)
        used.get_by_label("Name").fill(self.name)
        used.get_by_label("Password", exact=True).fill(password)
        used.get_by_role("button", name="Log in", exact=True).click()

    def use_passkey(self, page: Page | None = None) -> None:
        """Prove the second factor, where it is asked for, by the passkey."""
        used = page or self.page
        self.authenticator.answer(present=True)
        used.get_by_role("button", name=re.compile("^Passkey")).click()

    def use_app(self, page: Page | None = None) -> None:
        """Prove it by a code of the app."""
        used = page or self.page
        used.get_by_role("button", name=re.compile("^Authenticator app")).click()
        used.get_by_label("Code from the app").fill(self.code())
        used.get_by_role("button", name="Check code").click()

    def close(self) -> None:
        """Close the browser profile; it must have complained of nothing and asked nobody else."""
        self.profile.close()
        assert self.profile.unexpected() == [], self.profile.complaints
        assert self.profile.foreign == []
