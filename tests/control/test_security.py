from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from bartizan.control.problems import Problems
from bartizan.control.security import CONTENT_SECURITY_POLICY, Security, kind_of, refusal

ORIGIN = "https://gateway.test"
HOSTS = frozenset(("gateway.test", "gateway.test:443"))
JSON = {"content-type": "application/json"}


def judged(method: str, path: str, **headers: str) -> int:
    """The status that a request is refused with, 0 if it is not."""
    fields = {"host": "gateway.test", **{name.replace("_", "-"): value for name, value in headers.items()}}
    problem = refusal(method, kind_of(path), fields, ORIGIN, HOSTS)
    return 0 if problem is None else problem.status


def test_kinds_of_paths() -> None:
    assert kind_of("/.bartizan/login") == "page"
    assert kind_of("/.bartizan/api/login") == "api"
    assert kind_of("/.bartizan/scim/v2/Users") == "api"
    assert kind_of("/.bartizan/static/abc/login.js") == kind_of("/.bartizan/sw.js") == "static"
    assert kind_of("/.well-known/bartizan/jwks.json") == "public"


@pytest.mark.parametrize(
    ("host", "status"),
    [("gateway.test", 0), ("GATEWAY.test", 0), ("gateway.test:443", 0), ("gateway.test:8443", 421),
     ("evil.test", 421), ("gateway.test.evil.test", 421), ("", 421), ("gateway.test, evil.test", 421)],
)  # fmt: skip
def test_it_answers_for_one_host(host: str, status: int) -> None:
    for path in ("/.bartizan/login", "/.bartizan/api/login", "/.well-known/bartizan/jwks.json"):
        assert judged("GET", path, host=host) == status


def test_pages_and_api_are_there_over_https_alone() -> None:
    plain, secure = {"x_forwarded_proto": "http"}, {"x_forwarded_proto": "https"}
    for path in ("/.bartizan/login", "/.bartizan/api/login"):
        assert judged("GET", path, **plain) == 421
        assert judged("GET", path, **secure) == judged("GET", path) == 0
    assert judged("GET", "/.well-known/bartizan/jwks.json", **plain) == 0


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_people_come_to_pages_by_themselves_and_from_our_pages(site: str) -> None:
    assert judged("GET", "/.bartizan/login", sec_fetch_site=site, sec_fetch_mode="navigate") == 0


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
def test_and_by_links_from_anywhere_but_in_no_frame_and_no_script(site: str) -> None:
    def came(mode: str, destination: str) -> int:
        return judged("GET", "/.bartizan/enrol", sec_fetch_site=site, sec_fetch_mode=mode, sec_fetch_dest=destination)

    assert came("navigate", "document") == 0
    assert came("navigate", "iframe") == came("navigate", "embed") == came("no-cors", "image") == 403
    assert came("cors", "empty") == came("no-cors", "script") == 403


@pytest.mark.parametrize("site", ["same-site", "cross-site", "none"])
def test_the_api_is_for_our_own_pages(site: str) -> None:
    assert judged("POST", "/.bartizan/api/login", sec_fetch_site=site, **as_arguments(JSON)) == 403
    assert judged("GET", "/.bartizan/scim/v2/Users", sec_fetch_site=site) == 403


def test_and_for_clients_that_are_no_browsers() -> None:
    assert judged("POST", "/.bartizan/api/login", content_type="application/json; charset=utf-8") == 0
    assert judged("GET", "/.bartizan/scim/v2/Users") == 0


@pytest.mark.parametrize(
    "origin", ["null", "https://evil.test", "http://gateway.test", "https://gateway.test:8443", ""]
)
def test_what_changes_something_comes_from_our_origin(origin: str) -> None:
    arguments = as_arguments(JSON)
    assert judged("POST", "/.bartizan/api/login", origin=origin, **arguments) == 403
    assert judged("POST", "/.bartizan/api/login", origin=ORIGIN, sec_fetch_site="same-origin", **arguments) == 0


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/jsonp",
     "text/plain; application/json", "application/json; charset=utf-7", "application/json, text/plain"],
)  # fmt: skip
def test_no_form_can_send_what_the_api_takes(media_type: str) -> None:
    assert judged("POST", "/.bartizan/api/logout", content_type=media_type) == 415


def test_a_delete_needs_no_body() -> None:
    assert judged("DELETE", "/.bartizan/scim/v2/Users/x") == 0
    assert judged("DELETE", "/.bartizan/scim/v2/Users/x", content_length="3") == 415
    assert judged("POST", "/.bartizan/api/logout", content_length="0") == 415


def test_the_keys_are_for_everybody() -> None:
    path = "/.well-known/bartizan/jwks.json"
    assert judged("GET", path, sec_fetch_site="cross-site", sec_fetch_mode="cors") == 0


FIELDS = st.dictionaries(
    st.sampled_from(["origin", "content-type", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"]),
    st.sampled_from(["same-origin", "cross-site", "none", "null", ORIGIN, "https://evil.test", "application/json",
                     "text/plain", "navigate", "document", "cors"]) | st.text(max_size=20),
)  # fmt: skip


@given(st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]), FIELDS)
def test_no_other_site_changes_anything_whatever_it_sends(method: str, fields: dict[str, str]) -> None:
    """A browser tells the site, or the origin, of what another site has it send; neither can be forged there."""
    told = {"host": "gateway.test", **fields}
    by_site = {**told, "sec-fetch-site": "cross-site"}
    by_origin = {**told, "origin": "https://evil.test"}
    for headers in (by_site, by_origin):
        assert refusal(method, "api", headers, ORIGIN, HOSTS) is not None


# what every answer carries


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("hello")(scope, receive, send)


async def get(path: str, **headers: str) -> httpx.Response:
    def page(status: int, detail: str, **_: Any) -> PlainTextResponse:
        return PlainTextResponse(detail, status)

    transport = httpx.ASGITransport(Security(app, Problems(page), ORIGIN))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        return await client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


async def test_every_answer_carries_the_policy_refusals_too() -> None:
    for answer in (await get("/.bartizan/login"), await get("/.bartizan/login", host="evil.test")):
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert answer.headers["cache-control"] == "no-store"
        assert "publickey-credentials-get=(self)" in answer.headers["permissions-policy"]


def test_the_policy_runs_nothing_inline() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert "frame-ancestors 'none'" in CONTENT_SECURITY_POLICY
    assert "require-trusted-types-for 'script'" in CONTENT_SECURITY_POLICY


async def test_a_page_asked_for_without_encryption_is_found_where_it_is_encrypted() -> None:
    answer = await get("/.bartizan/login?next=%2Fa", host="gateway.test:8080", x_forwarded_proto="http")
    assert (answer.status_code, answer.headers["location"]) == (308, f"{ORIGIN}/.bartizan/login?next=%2Fa")
    assert (await get("/.bartizan/login", host="evil.test", x_forwarded_proto="http")).status_code == 421
    assert (await get("/.bartizan/api/login", x_forwarded_proto="http")).status_code == 421


async def test_a_refusal_says_why() -> None:
    answer = await get("/.bartizan/api/x", sec_fetch_site="cross-site")
    assert answer.status_code == 403
    assert answer.json()["code"] == "cross_site"


def as_arguments(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in headers.items()}
