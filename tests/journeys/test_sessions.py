"""Sessions: step-up, held forms, time-outs, and what is cut when they end."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect
from tests.support.browser import accessibility, shoot
from tests.support.persona import Person
from tests.support.site import Site

Make = Callable[..., Person]
SOCKET = """() => new Promise((resolve) => {
  const socket = new WebSocket(`wss://${location.host}/ws`);
  window.gone = new Promise((done) => (socket.onclose = done)).then(() => "closed");
  socket.onopen = () => resolve("open");
  socket.onerror = () => resolve("refused");
})"""


def test_a_high_risk_form_waits_for_a_step_up_and_is_sent_once(site: Site, person: Make, tmp_path: Path) -> None:
    alice = person("alice")
    receipt = tmp_path / "receipt.txt"
    receipt.write_text("paid\r\nin full")
    site.clock.forward(120)
    page = alice.page
    page.goto(site.origin + "/orders")
    page.get_by_label("Receipt").set_input_files(receipt)
    before = len(site.api.transfers)
    page.get_by_role("button", name="Send").click()
    page.wait_for_url(re.compile("/.bartizan/reauth"))
    assert len(site.api.transfers) == before
    shoot(page, "reauth")
    assert accessibility(page) == []
    page.get_by_role("button", name="Use passkey").click()
    expect(page.get_by_role("heading")).to_have_text("Sent 2000")
    assert site.api.transfers[before:] == [
        {"amount": "2000", "to": "Zoë & Co", "receipt": "paid\r\nin full", "from": "giro"}
    ]


def test_an_idle_session_ends(site: Site, person: Make) -> None:
    bob = person("bob")
    page = bob.page
    page.goto(site.origin + "/orders")
    site.clock.forward(901)
    bob.authenticator.answer(present=False)
    page.goto(site.origin + "/orders")
    expect(page).to_have_url(site.origin + "/.bartizan/login?next=/orders")


def test_a_session_in_use_proves_its_device_and_still_ends_after_its_lifetime(site: Site, person: Make) -> None:
    carol = person("carol")
    page = carol.page
    for _ in range(12):
        site.clock.forward(590)
        page.goto(site.origin + "/orders")
        expect(page.get_by_role("heading")).to_have_text("Page /orders")
    site.clock.forward(590)
    carol.authenticator.answer(present=False)
    page.goto(site.origin + "/orders")
    expect(page).to_have_url(site.origin + "/.bartizan/login?next=/orders")


def test_a_websocket_is_cut_when_the_session_is_revoked(site: Site, person: Make) -> None:
    dave = person("dave")
    page = dave.page
    page.goto(site.origin + "/orders")
    assert page.evaluate(SOCKET) == "open"
    other = dave.profile.context.new_page()
    other.goto(site.origin + "/.bartizan/logout")
    other.get_by_role("button", name="Log out here").click()
    assert page.evaluate("() => window.gone") == "closed"
    dave.profile.expect.append("WebSocket connection")
    assert page.evaluate(SOCKET) == "refused"


def test_somebody_sees_and_ends_what_is_theirs(site: Site, person: Make) -> None:
    erin = person("erin")
    page = erin.page
    page.goto(site.origin + "/.bartizan/account")
    expect(page.get_by_role("heading", name="Devices", exact=False).first).to_be_visible()
    shoot(page, "account")
    assert accessibility(page) == []
