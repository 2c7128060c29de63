"""The key of a device, in the browser: what ``device.js`` makes holds before what the server checks."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page
from tests.control.pages.canned import Canned
from tests.support.browser import Profile

from bartizan.access.devices.dpop import verify_proof
from bartizan.control.assets import Assets
from bartizan.errors import ProofError

URL = "https://gate.example.org/.bartizan/api/login"
MODULE = Assets.load().url("device.js")


def run(page: Page, body: str) -> Any:
    return page.evaluate(f"async () => {{ const device = await import('{MODULE}'); {body} }}")


@pytest.fixture
def page(profile: Profile) -> Page:
    return profile.open("/.bartizan/logged-out")


def test_a_proof_holds_for_its_request_and_for_no_other(page: Page) -> None:
    made, now = run(page, f"return [await device.proof('POST', '{URL}', 'n-1'), Date.now() / 1000]")
    proof = verify_proof([made], method="POST", url=URL, now=now)
    assert proof.nonce == "n-1"
    assert proof.key.jwk == run(page, "return device.publicJwk()")
    for method, url in (("GET", URL), ("POST", URL + "/passkey")):
        with pytest.raises(ProofError):
            verify_proof([made], method=method, url=url, now=now)


def test_no_two_proofs_have_the_same_id(page: Page) -> None:
    made, now = run(
        page,
        f"""const ask = () => device.proof('POST', '{URL}', 'n');
        return [await Promise.all([ask(), ask(), ask()]), Date.now() / 1000]""",
    )
    assert len({verify_proof([each], method="POST", url=URL, now=now).jti for each in made}) == 3


def test_the_private_key_cannot_be_exported(page: Page) -> None:
    kinds = run(
        page,
        """await device.publicJwk();
        const open = indexedDB.open('bartizan', 1);
        const database = await new Promise((resolve) => (open.onsuccess = () => resolve(open.result)));
        const get = database.transaction('keys').objectStore('keys').get('device');
        const { privateKey } = await new Promise((resolve) => (get.onsuccess = () => resolve(get.result)));
        const names = [];
        for (const format of ['jwk', 'pkcs8', 'raw']) {
          await crypto.subtle.exportKey(format, privateKey).catch((error) => names.push(error.name));
        }
        return [privateKey.extractable, privateKey.usages, names];""",
    )
    assert kinds == [False, ["sign"], ["InvalidAccessError"] * 3]


def test_the_key_stays_the_same_over_pages_and_is_another_in_another_profile(
    page: Page, profile: Profile, canned: Canned
) -> None:
    first = run(page, "return device.publicJwk()")
    page.goto("/.bartizan/error?status=200")
    assert run(page, "return device.publicJwk()") == first
    assert profile.context.browser is not None
    other = Profile(profile.context.browser, canned.origin)
    assert run(other.open("/.bartizan/logged-out"), "return device.publicJwk()") != first
    other.close()


def test_two_tabs_that_begin_at_once_have_one_key(page: Page, profile: Profile) -> None:
    second = profile.context.new_page()
    second.goto("/.bartizan/logged-out")
    for tab in (page, second):
        tab.evaluate(f"() => {{ window.key = import('{MODULE}').then((device) => device.publicJwk()) }}")
    assert page.evaluate("key") == second.evaluate("key")


def test_a_key_that_was_forgotten_is_replaced(page: Page) -> None:
    before, after = run(page, "return [await device.publicJwk(), await device.forget(), await device.publicJwk()]")[::2]
    assert before != after
    page.reload()
    assert run(page, "return device.publicJwk()") == after


def test_where_nothing_can_be_kept_it_says_what_to_do(profile: Profile) -> None:
    profile.context.add_init_script("indexedDB.open = () => { throw new DOMException('blocked', 'SecurityError'); }")
    page = profile.open("/.bartizan/factor")
    assert "cannot keep a key" in (page.get_by_role("alert").text_content() or "")
