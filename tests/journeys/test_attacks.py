"""Another origin attacks somebody who is logged in, through their own real browser.

It is at the same host, so the browser takes both for one site: it sends our cookies with what comes from there, in
spite of SameSite, and takes cookies from there. What is left are the checks of the gateway.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.support.elsewhere import Elsewhere
from tests.support.persona import Person
from tests.support.site import Site

Make = Callable[..., Person]
SESSION, LOGIN = "__Host-bartizan-session", "__Host-bartizan-login"
FETCHES = """async ([origin, paths]) => {
  const told = {};
  for (const path of paths) {
    for (const type of ["text/plain", "application/json"]) {
      for (const mode of ["no-cors", "cors"]) {
        const headers = { "Content-Type": type };
        const options = { method: "POST", credentials: "include", mode, headers, body: "{}" };
        const answer = await fetch(origin + path, options).catch(() => null);
        told[`${path} ${type} ${mode}`] = answer?.status ?? 0;
      }
    }
  }
  return told;
}"""
SOCKET = """(url) => new Promise((resolve) => {
  const socket = new WebSocket(url);
  socket.onopen = () => resolve("open");
  socket.onerror = () => resolve("refused");
})"""
POPUP = """(url) => new Promise((resolve) => {
  const popup = window.open(url);
  let heard = false;
  window.onmessage = () => { heard = true; };
  setTimeout(() => resolve({ closed: popup.closed, heard }), 1500);
})"""
READS = """async ([origin, paths]) => {
  const read = [];
  for (const path of paths) {
    try {
      read.push(await (await fetch(origin + path, { credentials: "include" })).text());
    } catch {}
  }
  return read;
}"""


@pytest.fixture(scope="module")
def elsewhere(site: Site) -> Iterator[Elsewhere]:
    with Elsewhere(site.certificate) as running:
        yield running


@pytest.fixture
def victim(person: Make) -> Iterator[Person]:
    """Return somebody who is logged in, and visits another origin: what their browser says of that does not matter."""
    somebody = person(f"victim-{secrets.token_hex(4)}")
    yield somebody
    somebody.profile.foreign.clear()
    somebody.profile.complaints.clear()


def token(person: Person, name: str = SESSION) -> str | None:
    cookies: list[Any] = person.page.context.cookies(person.site.origin)
    return next((each["value"] for each in cookies if each["name"] == name), None)


def still_logged_in(person: Person) -> None:
    person.page.goto(person.site.origin + "/orders")
    expect(person.page.get_by_role("heading")).to_have_text("Page /orders")


def visit(person: Person, elsewhere: Elsewhere, body: str, path: str = "/prize") -> Page:
    page = person.page
    page.goto(elsewhere.page(path, body))
    return page


@pytest.mark.parametrize("fields", ["", "enctype='text/plain'", "enctype='multipart/form-data'", "target='_blank'"])
def test_a_form_elsewhere_sends_nothing(site: Site, victim: Person, elsewhere: Elsewhere, fields: str) -> None:
    before = len(site.api.transfers)
    form = f"<form action='{site.origin}/transfers' method='post' {fields}><input name='amount' value='9'><button>Go"
    page = visit(victim, elsewhere, form)
    with victim.page.context.expect_event("response", lambda answer: "/transfers" in answer.url) as heard:
        page.get_by_role("button").click()
    assert heard.value.status == 403
    site.clock.forward(120)  # a form that needs a step-up would wait now: that of another origin must not
    page = visit(victim, elsewhere, form)
    with victim.page.context.expect_event("response", lambda answer: "/transfers" in answer.url) as heard:
        page.get_by_role("button").click()
    assert heard.value.status == 403
    assert token(victim, "__Host-bartizan-held") is None
    assert len(site.api.transfers) == before
    still_logged_in(victim)


def test_a_script_elsewhere_changes_and_reads_nothing(site: Site, victim: Person, elsewhere: Elsewhere) -> None:
    before = len(site.api.transfers)
    page = visit(victim, elsewhere, "<h1>Hello")
    seen = len(site.api.seen)
    paths = ["/transfers", "/orders", "/.bartizan/api/logout", "/.bartizan/api/logout-everywhere"]
    paths += ["/.bartizan/api/session/prove", "/.bartizan/api/login", "/.bartizan/api/account", "/.bartizan/logout"]
    told = page.evaluate(FETCHES, [site.origin, paths])
    assert not any(told.values()), told  # opaque, or blocked
    assert len(site.api.transfers) == before
    assert {each[":path"] for each in site.api.seen[seen:]} <= {"/favicon.ico"}, site.api.seen[seen:]
    assert (
        page.evaluate(READS, [site.origin, ["/.bartizan/account", "/.bartizan/login", "/.bartizan/session.js"]]) == []
    )
    assert page.evaluate(SOCKET, site.origin.replace("https", "wss") + "/ws") == "refused"
    still_logged_in(victim)


def test_no_page_is_shown_in_a_frame(site: Site, victim: Person, elsewhere: Elsewhere) -> None:
    names = ["login", "approvals", "account", "reauth", "prove", "logout", "enrol", "nothing-is-here"]
    frames = "".join(f"<iframe src='{site.origin}/.bartizan/{name}'></iframe>" for name in names)
    frames += f"<iframe src='{site.origin}/open/page'></iframe>"
    page = visit(victim, elsewhere, f"{frames}<object data='{site.origin}/.bartizan/login'></object>")
    page.wait_for_load_state("networkidle")
    shown = [frame for frame in page.frames if frame.url.startswith(site.origin) and frame.content().count("<h1")]
    assert [frame.url for frame in shown] == [f"{site.origin}/open/page"]  # an application may want to be framed
    # Nor in one of our own origin: a page of the application that somebody injected something into.
    page.goto(site.origin + "/orders")
    page.evaluate("document.body.append(Object.assign(document.createElement('iframe'), {src: '/.bartizan/login'}))")
    page.wait_for_load_state("networkidle")
    assert not any("/.bartizan/" in frame.url and frame.content().count("<h1") for frame in page.frames)


def test_a_window_that_was_opened_elsewhere_is_out_of_its_reach(
    site: Site, victim: Person, elsewhere: Elsewhere
) -> None:
    page = visit(victim, elsewhere, "<h1>Hello")
    told = page.evaluate(POPUP, f"{site.origin}/.bartizan/approvals")
    assert told == {"closed": True, "heard": False}  # as it looks to the opener


def test_a_planted_cookie_is_not_the_session_afterwards(site: Site, person: Make, elsewhere: Elsewhere) -> None:
    mallory = person("mallory")
    planted = token(mallory)
    assert planted
    alice = person("alice")
    alice.page.context.clear_cookies()
    attributes = "Path=/; Secure; HttpOnly; SameSite=Lax"
    elsewhere.cookies = [f"{SESSION}={planted}; {attributes}", f"{LOGIN}={'A' * 43}; {attributes}"]
    visit(alice, elsewhere, "<h1>Hello", "/plant")
    elsewhere.cookies = []
    assert token(alice) == planted
    alice.page.goto(site.origin + "/.bartizan/login?next=/orders")
    alice.page.wait_for_url(site.origin + "/orders")  # the browser's list of passkeys
    fresh = token(alice)
    assert fresh not in (None, planted)
    assert token(mallory) != fresh
    seen = site.api.seen[-1]
    assert seen[":path"] in ("/orders", "/favicon.ico")
    # A session of somebody else's device that was planted does not last beyond the next proof.
    alice.page.context.clear_cookies()
    elsewhere.cookies = [f"{SESSION}={planted}; {attributes}"]
    visit(alice, elsewhere, "<h1>Hello", "/plant")
    elsewhere.cookies = []
    site.clock.forward(590)
    alice.authenticator.answer(present=False)
    alice.page.goto(site.origin + "/orders")
    expect(alice.page.get_by_role("heading")).not_to_have_text("Page /orders")
    for each in (alice, mallory):
        each.profile.foreign.clear()
        each.profile.complaints.clear()


TARGETS = ["//evil.test", "https://evil.test/", "/\\evil.test", "/%5cevil.test", "%2F%2Fevil.test", "/%2Fevil.test",
           "/%09/evil.test", "/%0a/evil.test", "javascript:alert(1)", "data:text/html,x", "///evil.test",
           "/.//evil.test", "https:evil.test", "@evil.test", "\\\\evil.test", "/..//evil.test"]  # fmt: skip


def test_one_goes_on_to_this_origin_alone(site: Site, victim: Person) -> None:
    page = victim.page
    for target in TARGETS:
        for written in (target, target.replace("%", "%25"), target.replace("\\", "%5C").replace("/", "%2F")):
            page.goto(f"{site.origin}/.bartizan/prove?next={written}")
            page.wait_for_url(lambda url: "/.bartizan/prove" not in url)
            assert page.url.startswith(site.origin + "/"), written
    page.context.clear_cookies()
    page.goto(site.origin + "/.bartizan/login?next=//evil.test")
    page.wait_for_url(lambda url: "/.bartizan/login" not in url)
    assert page.url == site.origin + "/"
    site.clock.forward(120)
    page.goto(site.origin + "/.bartizan/reauth?factor=webauthn&max_age=60&next=https://evil.test/")
    page.get_by_role("button", name="Use passkey").click()
    page.wait_for_url(lambda url: "/.bartizan/reauth" not in url)
    assert page.url == site.origin + "/"
    page.goto(site.origin + "/.bartizan/logout?next=https://evil.test/")
    page.get_by_role("button", name="Log out here").click()
    page.wait_for_url(site.origin + "/.bartizan/logged-out")
    assert victim.profile.foreign == []
