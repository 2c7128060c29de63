"""What applications include: proofs in the background, and what they are told."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.control.pages.canned import Canned, Refusal
from tests.support.browser import Profile
from tests.support.net import wait_until

LISTEN = """window.told = [];
for (const name of ['approvals', 'ended', 'reauth']) {
  addEventListener(`bartizan:${name}`, ({ detail }) => told.push([name, detail]));
}"""


@pytest.fixture(autouse=True)
def _listening(profile: Profile) -> None:
    profile.expect.append("status of 401")  # the first proof fetches a nonce
    profile.context.add_init_script(LISTEN)


def told(page: Page) -> Any:
    wait_until(lambda: bool(page.evaluate("told.length")))
    return page.evaluate("told")


def proofs(canned: Canned) -> int:
    return len(canned.called("session/prove"))


def test_it_proves_at_once_and_again_before_the_proof_is_too_old(profile: Profile, canned: Canned) -> None:
    canned.replies["session/prove"] = {"valid_for": 2}
    profile.open("/app/session")
    wait_until(lambda: proofs(canned) >= 3)


def test_pages_and_tabs_share_the_work(profile: Profile, canned: Canned) -> None:
    canned.replies["session/prove"] = {"valid_for": 600}
    profile.open("/app/session")
    wait_until(lambda: bool(profile.page.evaluate("localStorage.getItem('bartizan-due')")))
    profile.page.reload()
    profile.context.new_page().goto("/app/session")
    profile.page.wait_for_timeout(1000)
    assert proofs(canned) == 1


def test_several_tabs_prove_no_more_often_than_one(profile: Profile, canned: Canned) -> None:
    canned.replies["session/prove"] = {"valid_for": 4}
    for _ in range(4):
        profile.context.new_page().goto("/app/session")
    begun, before = time.monotonic(), proofs(canned)
    wait_until(lambda: proofs(canned) >= before + 2)
    assert proofs(canned) - before <= (time.monotonic() - begun) / 2 + 2


def test_what_another_clock_wrote_holds_nothing_up(profile: Profile, canned: Canned) -> None:
    canned.replies["session/prove"] = {"valid_for": 300}
    profile.context.add_init_script("localStorage.setItem('bartizan-due', Date.now() + 1e9)")
    profile.open("/app/session")
    wait_until(lambda: proofs(canned) == 1)


def test_it_tells_of_approvals_that_wait(profile: Profile, canned: Canned) -> None:
    canned.replies["session/prove"] = {"valid_for": 300, "approvals": 2}
    assert told(profile.open("/app/session")) == [["approvals", 2]]


@pytest.mark.parametrize(
    ("refusal", "event"),
    [
        (Refusal(401, "login_required", "x"), ["ended", "/.bartizan/login?next=%2Fapp%2Fsession%3Fa%3D1"]),
        (Refusal(403, "device_not_trusted", "x"), ["ended", "/.bartizan/login?next=%2Fapp%2Fsession%3Fa%3D1"]),
        (
            Refusal(401, "reauth_required", "x", members={"factor": "webauthn"}),
            ["reauth", "/.bartizan/reauth?next=%2Fapp%2Fsession%3Fa%3D1&factor=webauthn"],
        ),
    ],
)
def test_it_tells_where_to_go_and_stays_where_it_is(
    profile: Profile, canned: Canned, refusal: Refusal, event: list[str]
) -> None:
    profile.expect.append("status of 403")
    canned.replies["session/prove"] = refusal
    page = profile.open("/app/session?a=1")
    assert told(page) == [event]
    assert page.url.endswith("/app/session?a=1")
    assert proofs(canned) == 1


def test_it_shows_nothing(profile: Profile, canned: Canned) -> None:
    canned.replies["session/prove"] = {"valid_for": 300}
    page = profile.open("/app/session")
    wait_until(lambda: proofs(canned) == 1)
    assert page.locator("body").inner_text() == "Application"
