from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.http.problem import error_response, prefers_html

CHROME = b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def body(status: int, accept: bytes | None, detail: str = "") -> tuple[dict[bytes, bytes], bytes]:
    response = error_response(status, exchange_id="0af7651916cd43dd", detail=detail, accept=accept)
    data = response.body.take()
    assert response.status == status
    assert response.length == len(data)
    assert response.body.finished
    return dict(response.headers.items), data


def test_api_clients_get_problem_details() -> None:
    headers, data = body(403, None, "This address may not use the API.")
    assert headers[b"content-type"] == b"application/problem+json"
    assert json.loads(data) == {
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "detail": "This address may not use the API.",
        "instance": "urn:bartizan:exchange:0af7651916cd43dd",
    }


def test_without_a_detail_there_is_no_such_member() -> None:
    assert "detail" not in json.loads(body(502, b"*/*")[1])


def test_browsers_get_a_page_with_the_reference() -> None:
    headers, data = body(503, CHROME)
    assert headers[b"content-type"] == b"text/html; charset=utf-8"
    assert b"default-src 'none'" in headers[b"content-security-policy"]
    assert b"503 Service Unavailable" in data
    assert b"Reference: <code>0af7651916cd43dd</code>" in data


@pytest.mark.parametrize("accept", [None, CHROME])
def test_answers_are_not_stored_nor_sniffed_and_carry_the_id(accept: bytes | None) -> None:
    headers, _ = body(400, accept)
    assert headers[b"cache-control"] == b"no-store"
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"x-request-id"] == b"0af7651916cd43dd"


def test_headers_of_the_caller_are_added() -> None:
    response = error_response(429, exchange_id="a", headers=((b"retry-after", b"3"),))
    assert response.headers.get(b"retry-after") == b"3"


def test_a_status_without_a_name_has_a_title_all_the_same() -> None:
    assert json.loads(body(499, None)[1])["title"] == "Error"


@given(st.text(max_size=200))
def test_no_detail_becomes_markup(detail: str) -> None:
    tags: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append(tag)  # type: ignore[method-assign]
    response = error_response(400, exchange_id="a", detail=detail.encode("utf-8", "ignore").decode(), accept=CHROME)
    parser.feed(response.body.take().decode())
    assert tags == ["html", "head", "meta", "title", "body", "h1", "p", "p", "code"]


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        (None, False),
        (b"", False),
        (b"*/*", False),
        (CHROME, True),
        (b"text/html", True),
        (b"TEXT/HTML", True),
        (b"text/html ; q=0.4", True),
        (b"application/xhtml+xml", True),
        (b"text/html, application/xhtml+xml, */*", True),
        (b"text/html, application/json", False),
        (b"application/json, text/html", False),
        (b"text/html;q=0.9, application/json;q=0.8", True),
        (b"text/html;q=0.8, application/problem+json;q=0.9", False),
        (b"text/html;q=0.5, */*;q=0.8", False),
        (b"text/html;q=0.8, application/*;q=0.9", False),
        (b"text/html;q=0.5, image/png", True),
        (b"text/html;q=0", False),
        (b"text/html;q=0.000, */*", False),
        (b"text/html;level=1;q=0.7, application/json;q=0.6", True),
        (b"text/html;q=nan", False),
        (b"text/html;q=inf", False),
        (b"text/html;q=1.5", False),
        (b"text/html;q=1e0", False),
        (b"text/html;q=-1", False),
        (b"text/html;q=0.1234", False),
        (b"text/html;q=", False),
        (b"text/htmlx", False),
        (b",;=,text/html", True),
        (b" " * 2000 + b"text/html", False),
    ],
)
def test_the_form_is_what_accept_ranks_higher(accept: bytes | None, page: bool) -> None:
    assert prefers_html(accept) is page


@given(st.binary(max_size=2000))
def test_no_accept_raises(accept: bytes) -> None:
    prefers_html(b"html," + accept)
