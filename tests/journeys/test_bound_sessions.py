"""A browser with Device Bound Session Credentials: a key of its own keeps the session proved, and nobody notices."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.support.browser import chromium
from tests.support.net import wait_until
from tests.support.persona import Person
from tests.support.site import Site

HOST = "app.example.com"  # Chromium takes part only for a name that somebody could register
ARGUMENTS = (
    f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
    "--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting",
)
PROOF = "__Host-bartizan-proof"


@pytest.mark.timeout(180)
def test_the_browser_proves_its_key_before_it_asks_for_a_page(tmp_path: Path) -> None:
    with Site(tmp_path, host=HOST) as site, chromium(site.certificate.certificate, ARGUMENTS) as browser:
        alice = Person(site, browser, "alice")
        alice.enrol(site.invite("alice"))
        context, page = alice.profile.context, alice.page
        wait_until(lambda: PROOF in names(alice))
        site.clock.forward(400)  # the device's proof is too old now, and its page script is not there
        context.clear_cookies(name=PROOF)  # what the browser's own clock would have done
        before = token(alice)
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto(site.origin + "/orders")
        expect(page.get_by_role("heading")).to_have_text("Page /orders")
        assert PROOF in names(alice)
        assert token(alice) != before
        assert not [url for url in requests if "/.bartizan/prove" in url]
        alice.close()


def names(person: Person) -> list[str]:
    return [cookie.get("name", "") for cookie in person.profile.context.cookies()]


def token(person: Person) -> str:
    cookies = person.profile.context.cookies()
    return next(each.get("value", "") for each in cookies if each.get("name") == "__Host-bartizan-session")
