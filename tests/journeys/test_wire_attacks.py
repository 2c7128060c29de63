"""Attacks of clients that are no browsers: over TLS, through the gateway, against control and applications."""

from __future__ import annotations

import html
import json
import re
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from urllib.parse import urljoin, urlsplit

import pytest
from tests.support.authenticator import decode
from tests.support.device import AGENT, SESSION, Browser, make_proof, new_key
from tests.support.people import Someone, World
from tests.support.site import Site
from tests.support.wire import Reply, Wire, people_at

ROOMY = {"per_account": 100_000, "per_device": 100_000, "per_address": 100_000, "per_network": 100_000}
VARIES = {"date", "dpop-nonce", "set-cookie"}
NAVIGATES = ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Accept: text/html")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site"), {"login": ROOMY}) as running:
        yield running


@pytest.fixture(scope="module")
def wire(site: Site) -> Wire:
    return Wire(site)


@pytest.fixture(scope="module")
def world(site: Site) -> Iterator[World]:
    world = people_at(site)
    yield world
    world.close()


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return (f"person{number}" for number in count())


@pytest.fixture
def alice(world: World, names: Iterator[str]) -> Someone:
    """Return somebody of their own for each test, who is logged in."""
    return world.enrol(next(names), "finance")


def cookie_of(browser: Browser) -> str:
    return f"Cookie: {SESSION}={browser.cookies[SESSION]}"


# Who somebody is


FORGED = ["Bartizan-Assertion", "X-Forwarded-User", "Remote-User", "Bartizan-Client", "X-Auth-Request-Email"]


@pytest.mark.parametrize(
    "lines",
    [
        [f"{name}: forged" for name in FORGED],
        [f"{name.upper()}: forged" for name in FORGED * 2],
        ["Connection: close, Bartizan-Assertion, X-Forwarded-User", *(f"{name}: forged" for name in FORGED)],
        ["Connection: Bartizan-Assertion", "Connection: bartizan-assertion"],
        ["Connection: X-Forwarded-For, X-Forwarded-Proto, Host"],
        ["Remote_User: forged", "Bartizan_Assertion: forged"],
    ],
)
@pytest.mark.parametrize("path", ["/finance", "/open"])
def test_nobody_says_who_they_are(site: Site, wire: Wire, alice: Someone, path: str, lines: list[str]) -> None:
    site.api.seen.clear()
    reply = wire.ask(path, cookie_of(alice.browser), "Accept: */*", *lines)
    if reply.status == 400:  # a field that no client needs: nothing reached the application
        assert site.api.seen == []
        return
    assert reply.status == 200, reply
    (seen,) = site.api.seen
    assert "forged" not in str(seen)
    assert "cookie" not in seen
    assert seen["x-forwarded-for"] == "127.0.0.1"
    if path == "/open":
        assert "bartizan-assertion" not in seen
    else:
        claims = seen["bartizan-assertion"].split(".")[1]
        assert json.loads(decode(claims))["name"] == alice.name.title()


def test_nor_do_trailers(site: Site, wire: Wire, alice: Someone) -> None:
    site.api.seen.clear()
    trailers = "".join(f"{name}: forged\r\n" for name in FORGED)
    head = f"POST /finance HTTP/1.1\r\nHost: {wire.host}\r\nUser-Agent: {AGENT}\r\n{cookie_of(alice.browser)}\r\n"
    body = f"Transfer-Encoding: chunked\r\nTrailer: Bartizan-Assertion\r\n\r\n2\r\nhi\r\n0\r\n{trailers}\r\n"
    assert wire.send(f"{head}{body}".encode()).status == 200
    assert "forged" not in str(site.api.seen)


# What host it is


@pytest.mark.parametrize("path", ["/.bartizan/login", "/.bartizan/account", "/.bartizan/api/login"])
def test_pages_are_there_for_one_host(wire: Wire, path: str) -> None:
    for host in (
        "evil.test",
        f"evil.test:{wire.host[-5:]}",
        f"{wire.host}.evil.test",
        f"evil.test@{wire.host}",
        "localhost",
    ):
        reply = wire.ask(path, host=host)
        assert reply.status in (400, 421), (host, reply)
        assert b"evil.test" not in reply.body
    for target in (f"https://evil.test{path}", f"http://evil.test{path}"):
        assert wire.ask(target).status in (400, 421)
    reply = wire.ask(path, f"Host: {wire.host}")
    assert reply.status == 400
    reply = wire.ask(path, "Host: evil.test")
    assert reply.status == 400


def test_nothing_that_a_client_says_of_the_host_is_in_links(wire: Wire, alice: Someone) -> None:
    lines = ["X-Forwarded-Host: evil.test", "X-Forwarded-Server: evil.test", "X-Host: evil.test",
             "X-Original-URL: //evil.test", "X-Rewrite-URL: /evil.test", "Forwarded: host=evil.test",
             "X-Forwarded-Port: 99", "X-Forwarded-Prefix: //evil.test"]  # fmt: skip
    for path in ("/.bartizan/", "/.bartizan/login", "/.bartizan/enrol", "/orders", "/finance", "/.bartizan/nothing"):
        reply = wire.ask(path, *lines, *NAVIGATES)
        assert b"evil.test" not in reply.body
        assert "evil.test" not in str(reply.fields)
    wire.ask("/finance", cookie_of(alice.browser), *lines)


# Where one is sent


TARGETS = ["//evil.test", "https://evil.test/", "/%5Cevil.test", "%2F%2Fevil.test", "/%252Fevil.test", "/%09/evil.test",
           "javascript:alert(1)", "/%0d%0aSet-Cookie:%20a=b", "///evil.test", "/.//evil.test", "%68ttps://evil.test",
           "%22%3E%3Ca%20href=//evil.test%3E", "/orders&next=//evil.test", "/%E2%88%95/evil.test"]  # fmt: skip


@pytest.mark.parametrize("page", ["login", "prove", "reauth", "logout", "factor", "device", "password", ""])
def test_pages_lead_to_this_origin(site: Site, wire: Wire, page: str) -> None:
    for target in TARGETS:
        reply = wire.ask(f"/.bartizan/{page}?next={target}", *NAVIGATES)
        assert reply.status in (200, 303), reply
        text = reply.body.decode()
        found = re.findall(r"""(?:href|src|action|data-next)=["']([^"']*)["']""", text)
        for link in [html.unescape(each) for each in found] + [reply.get("location")]:
            assert urljoin(site.origin + "/.bartizan/x", link).startswith(site.origin + "/"), (target, link)
            assert "//evil" not in link.partition("?")[0]
        assert "set-cookie" not in dict(reply.fields)


@pytest.mark.parametrize("target", ["//evil.test/", "/\\evil.test", "///evil.test", "/.//evil.test", "/x/..//evil.test",
                                    "/%2Fevil.test", "/%5Cevil.test", "/%0d%0aLocation:%20//evil.test"])  # fmt: skip
def test_the_way_to_the_login_page_leads_to_this_origin(site: Site, wire: Wire, target: str) -> None:
    reply = wire.ask(target, *NAVIGATES)
    if reply.status == 400:
        return
    assert reply.status == 303, reply
    where = urlsplit(urljoin(site.origin, reply.get("location")))
    assert (f"{where.scheme}://{where.netloc}", where.path) == (site.origin, "/.bartizan/login")
    assert wire.ask(f"{where.path}?{where.query}", *NAVIGATES).body.count(b'data-next="/') == 1
    assert b'data-next="//' not in wire.ask(f"{where.path}?{where.query}", *NAVIGATES).body


# Used twice, or by somebody else


def call(browser: Browser, name: str, body: object, proof: str, **fields: str) -> Reply:
    cookies = "; ".join(f"{key}={value}" for key, value in browser.cookies.items())
    headers = {"content-type": "application/json", "user-agent": AGENT, "dpop": proof, "cookie": cookies, **fields}
    answer = browser.client.post(f"/.bartizan/api/{name}", content=json.dumps(body), headers=headers)
    return Reply(answer.status_code, [(k.lower(), v) for k, v in answer.headers.multi_items()], answer.content)


def fresh_proof(browser: Browser, name: str, **changes: str) -> str:
    if browser.nonce is None:
        browser.post("factors")  # whatever it answers, it gives a nonce
    return browser.proof(name, **changes)


def test_a_proof_is_good_once(alice: Someone) -> None:
    proof = fresh_proof(alice.browser, "session/prove")
    before = dict(alice.browser.cookies)
    assert call(alice.browser, "session/prove", {}, proof).status == 200
    alice.browser.cookies = before
    again = call(alice.browser, "session/prove", {}, proof)
    assert again.status == 401
    assert json.loads(again.body)["code"] == "use_dpop_nonce"


def test_a_proof_is_good_for_what_it_was_made_for(alice: Someone, site: Site) -> None:
    for changes in (
        {"url": f"{site.origin}/.bartizan/api/account"},
        {"method": "GET"},
        {"url": "https://evil.test/.bartizan/api/logout"},
    ):
        assert call(alice.browser, "logout", {}, fresh_proof(alice.browser, "logout", **changes)).status == 401
    two = fresh_proof(alice.browser, "account")
    assert call(alice.browser, "account", {}, f"{two}, {two}").status in (400, 401)
    assert alice.browser.post("account").status == 200


def test_a_stolen_cookie_with_another_key_proves_nothing_and_is_over(world: World, site: Site, alice: Someone) -> None:
    thief = world.browser(cookies=dict(alice.browser.cookies))
    site.clock.forward(590)
    before = world.client.get("/orders", headers={"user-agent": AGENT, "cookie": cookie_of(thief)[8:]})
    assert before.status_code == 401
    assert before.headers["bartizan-code"] == "proof_required"
    assert thief.post("session/prove").status == 401
    after = world.client.get("/orders", headers={"user-agent": AGENT, "cookie": cookie_of(alice.browser)[8:]})
    assert after.status_code == 401


def test_an_access_token_is_good_with_its_key_alone(world: World, site: Site, alice: Someone) -> None:
    client = world.browser(key=alice.browser.key)
    client.post("login", {"name": alice.name, "password": alice.password, "client": True})
    token = client.post("factors/totp", {"code": alice.code()})["access_token"]

    def ask(path: str, proof: str | None, scheme: str = "DPoP", **fields: str) -> int:
        headers = {"user-agent": AGENT, "authorization": f"{scheme} {token}", **fields}
        return world.client.get(path, headers=headers | ({"dpop": proof} if proof else {})).status_code

    def proof(path: str = "/orders", **changes: object) -> str:
        given = {"now": site.clock(), "nonce": None, "token": token, **changes}
        return make_proof(given.pop("key", client.key), given.pop("method", "GET"), site.origin + path, **given)  # type: ignore[arg-type]

    once = proof()
    assert ask("/orders", once) == 200
    assert ask("/orders", once) == 401
    assert ask("/orders", None) == 401
    assert ask("/orders", proof("/other")) == 401
    assert ask("/orders", proof(method="POST")) == 401
    assert ask("/orders", proof(key=new_key())) == 401
    assert ask("/orders", proof(token="another")) == 401
    assert ask("/orders", proof(now=site.clock() - 3600)) == 401
    assert ask("/orders", proof(), scheme="Bearer") == 401
    assert ask("/orders", None, cookie=f"{SESSION}={token}", authorization="") == 401


def test_fifty_guesses_at_once_are_five(world: World, alice: Someone) -> None:
    alice.browser.post("logout")
    alice.browser.post("login", {"name": alice.name, "password": alice.password})
    wrong = f"{(int(alice.code()) + 1) % 1_000_000:06d}"
    before = len(world.audited("login.factor"))
    guessers = [world.browser(key=alice.browser.key, cookies=dict(alice.browser.cookies)) for _ in range(50)]
    for each in guessers:
        each.post("factors")  # for a nonce
    start = threading.Barrier(50)

    def guess(browser: Browser) -> int:
        start.wait(30)
        return browser.post("factors/totp", {"code": wrong}).status

    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(guess, guessers))
    assert 200 not in statuses
    world.settle()
    assert len(world.audited("login.factor")) - before <= 5
    assert alice.browser.post("factors/totp", {"code": alice.code()}).status in (401, 409)
    assert alice.log_in()["step"] == "done"  # its owner begins anew


# Who is there


def told(reply: Reply) -> tuple[object, ...]:
    """Return all of an answer that may tell something: its bytes, but for what is random or the time."""
    cookies = [re.sub(r"=[^;]*", "=…", value, count=1) for name, value in reply.fields if name == "set-cookie"]
    lengths = [len(value) for name, value in reply.fields if name in ("dpop-nonce", "set-cookie")]
    return reply.status, [field for field in reply.fields if field[0] not in VARIES], cookies, lengths, reply.body


def test_an_unknown_device_is_told_the_same_of_everybody(world: World, alice: Someone) -> None:
    answers, numbers = [], []
    for name, password in [
        (alice.name, alice.password),
        (alice.name, "wrong-of-some-length"),
        ("nobody", alice.password),
    ]:
        browser = world.browser()
        said = call(browser, "login", {"name": name, "password": password}, fresh_proof(browser, "login"))
        answers.append(told(said))
        browser.cookies["__Host-bartizan-login"] = said.get("set-cookie").partition("=")[2].partition(";")[0]
        shown = call(browser, "device", {}, fresh_proof(browser, "device"))
        numbers.append(told(Reply(shown.status, shown.fields, re.sub(rb'"[0-9]{2}"', b'"00"', shown.body))))
        world.settle()
    assert answers[0] == answers[1] == answers[2]
    assert numbers[0] == numbers[1] == numbers[2]


def test_a_trusted_device_is_told_nothing_of_others(world: World, alice: Someone, names: Iterator[str]) -> None:
    other = world.enrol(next(names))
    answers = [
        told(call(alice.browser, "login", {"name": name, "password": "wrong"}, fresh_proof(alice.browser, "login")))
        for name in (other.name, "nobody-at-all")
    ]
    assert answers[0] == answers[1]


def test_known_and_unknown_names_take_the_same_time(world: World, alice: Someone) -> None:
    """Over 200 tries of each, in turns; medians may differ by a small part of how much single tries do."""
    times: dict[str, list[float]] = {alice.name: [], "nobody": []}
    browser = world.browser()
    for number in range(220):
        for name in sorted(times, reverse=bool(number % 2)):
            proof = fresh_proof(browser, "login")
            started = time.perf_counter()
            said = call(browser, "login", {"name": name, "password": "wrong-of-some-length"}, proof)
            if number >= 20:
                times[name].append(time.perf_counter() - started)
            browser.nonce = said.get("dpop-nonce")
    known, unknown = times.values()
    low, _, high = statistics.quantiles(known + unknown, n=4)
    assert abs(statistics.median(known) - statistics.median(unknown)) / (high - low) < 0.5


# Another way to write a path


def test_no_other_way_to_write_a_path_is_another_route(
    site: Site, wire: Wire, world: World, names: Iterator[str]
) -> None:
    outsider = world.enrol(next(names))
    assert wire.ask("/finance", cookie_of(outsider.browser)).status == 403
    site.api.seen.clear()
    ways = ["/%66inance", "/./finance", "/x/../finance", "//finance", "/finance%3F", "/finance;a=b", "/finance/.",
            "/%2e/finance", "/x/%2e%2e/finance", "/finance%23", "/x%2f..%2ffinance", "/x/..%5cfinance",
            "/x\\..\\finance", "/finance%00", "/finance\t", "/%2566inance", "/finance%0a", "/finance?",
            "/finance?a=/x", "/finance#a"]  # fmt: skip
    for way in ways:
        wire.ask(way, cookie_of(outsider.browser))
        wire.ask(f"{site.origin}{way}", cookie_of(outsider.browser))
        wire.ask(way, cookie_of(outsider.browser), "X-Original-URL: /finance", "X-Rewrite-URL: /finance")
        assert "/finance" not in [each[":path"] for each in site.api.seen], way
