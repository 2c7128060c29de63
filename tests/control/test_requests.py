from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from bartizan.control.requests import MAX_AGENT, MAX_NEXT, client_of, json_body, local_path
from bartizan.errors import RequestError

ORIGIN = "https://gateway.test"


def request(body: bytes = b"", **headers: str) -> Request:
    fields = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request({"type": "http", "method": "POST", "path": "/", "headers": fields}, receive)


def test_the_edge_tells_who_asks() -> None:
    client = client_of(
        request(
            bartizan_client="192.0.2.7",
            bartizan_ja4="t13d1516h2_8daaf6152771_e5627efa2ab1",
            bartizan_exchange="0190f3c2a1b2c3d4e5f607180000002a",
            user_agent="Firefox",
        )
    )
    assert (client.address, client.ja4) == ("192.0.2.7", "t13d1516h2_8daaf6152771_e5627efa2ab1")
    assert (client.exchange, client.user_agent) == ("0190f3c2a1b2c3d4e5f607180000002a", "Firefox")


def test_what_is_not_told_is_empty() -> None:
    client = client_of(request())
    assert (client.address, client.ja4, client.exchange, client.user_agent) == ("", "", "", "")


@given(st.text(st.characters(max_codepoint=255, exclude_characters="\n\r")))
def test_facts_have_their_form_or_are_empty(text: str) -> None:
    client = client_of(request(bartizan_client=text, bartizan_ja4=text, bartizan_exchange=text, user_agent=text))
    assert client.exchange in ("", text)
    assert client.exchange.isascii()
    assert client.ja4.isascii()
    assert len(client.user_agent) <= MAX_AGENT
    assert client.user_agent.isprintable()


class Form(msgspec.Struct, forbid_unknown_fields=True):
    name: str = ""


async def test_a_body_is_read_as_the_form_that_is_asked_for() -> None:
    assert await json_body(request(b'{"name":"ann"}'), Form) == Form("ann")
    assert await json_body(request(b""), Form) == Form()


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"{", "invalid_json"), (b"\xff", "invalid_json"), (b"[" * 60_000, "invalid_body"), (b"[]", "invalid_body"),
     (b'{"name":1}', "invalid_body"), (b'{"nome":"ann"}', "invalid_body"), (b'{"name":"\xff"}', "invalid_json")],
)  # fmt: skip
async def test_any_other_body_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(RequestError) as caught:
        await json_body(request(body), Form)
    assert (caught.value.status, caught.value.reason) == (400, reason)


async def test_what_was_sent_is_not_repeated() -> None:
    with pytest.raises(RequestError) as caught:
        await json_body(request(b'{"name":{"hunter2":1}}'), Form)
    assert "hunter2" not in str(caught.value)


# where to go on to


@pytest.mark.parametrize(
    "path",
    ["/", "/orders", "/orders/7?sort=date&q=a%20b", "/caf%C3%A9", "/a%2525", "/?next=//x", "/a?u=https://x.test/",
     "/x#part"],
)  # fmt: skip
def test_a_path_of_our_own(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "text",
    ["", "orders", "//evil.test", "///evil.test", "/\\evil.test", "\\\\evil.test", "/\\/evil.test", "https://evil.test",
     "https:evil.test", "javascript:alert(1)", "data:text/html,x", "/\t/evil.test", "/\n/evil.test", "\t//evil.test",
     " //evil.test", "/%2Fevil.test", "/%2f%2fevil.test", "/%5Cevil.test", "/%252Fevil.test", "/%25252Fevil.test",
     "/%2525252Fevil.test", "/.//evil.test", "/..//evil.test", "/a/..//evil.test", "/%2e%2e//evil.test", "/./", "/..",
     "/a//b", "/a%0d%0aSet-Cookie:x", "/a%250d%250a", "/a\r\nLocation: //evil.test", "/\u2028", "/é", "/a b", "/\x00",
     "/%00", "/a%7f", "/x" * MAX_NEXT, "/%25252525252F"],
)  # fmt: skip
def test_anything_else_leads_home(text: str) -> None:
    assert local_path(text) == "/"
    assert local_path(None, "/account") == "/account"


PIECES = st.sampled_from(
    ["/", "\\", "//", ".", "..", "%2f", "%2F", "%5c", "%25", "%252f", "%0d%0a", "%09", "\t", "\n", "@", ":", "?", "#",
     "evil.test", "https:", "a", ";", "%", "%e3%80%82", "。", "\u200b"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join) | st.text())
def test_no_reading_of_it_leaves_the_origin(text: str) -> None:
    path = local_path(text, "/default")
    assert path.startswith("/")
    for _ in range(3):
        assert urlsplit(urljoin(ORIGIN, as_browsers_read(path))).netloc == "gateway.test"
        assert not set(path.partition("?")[0]) & {"\r", "\n", "\t", "\0"}
        path = unquote(path, "latin-1")
        path = path.partition("?")[0] or "/"


def as_browsers_read(url: str) -> str:
    """What the URL Standard does before it looks for the parts: no tabs and line ends, slashes for backslashes."""
    return url.replace("\t", "").replace("\n", "").replace("\r", "").replace("\\", "/")
