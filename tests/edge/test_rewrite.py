from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st
from tests.support.exchange import make_exchange

from bartizan.config.model import Rewrite, Route
from bartizan.edge.rewrite import CompiledRewrite, compile_rewrite
from bartizan.edge.router import Router
from bartizan.errors import RequestError
from bartizan.http.headers import Headers
from bartizan.http.message import Request
from bartizan.http.target import normalise_path
from bartizan.pipeline import RouteInfo

Fields = list[tuple[bytes, bytes]]


def compiled(*paths: str, **rewrite: Any) -> CompiledRewrite:
    made = compile_rewrite(Rewrite.model_validate(rewrite), paths)
    assert made is not None
    return made


def sent(rewrite: CompiledRewrite, pattern: str, path: str, query: bytes | None = None) -> tuple[bytes, bytes, Fields]:
    exchange = make_exchange(path=path, query=query)
    exchange.route = RouteInfo("api", pattern)
    return rewrite.request(exchange, b"/as-it-was", b"client.example", [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")])


def test_a_route_without_changes_has_none() -> None:
    assert compile_rewrite(Rewrite(), ["/*"]) is None
    assert compile_rewrite(Rewrite.model_validate({"request_headers": {"set": {}}}), ["/*"]) is None


@pytest.mark.parametrize(
    ("pattern", "prefix", "path", "rewritten"),
    [
        ("/old/*", "/new", "/old/a/b", "/new/a/b"),
        ("/old/*", "/new", "/old", "/new"),
        ("/old/*", "/new", "/old/", "/new/"),
        ("/old/*", "/new/", "/old/a/", "/new/a/"),
        ("/old/*", "/", "/old", "/"),
        ("/old/*", "/", "/old/a", "/a"),
        ("/*", "/v2", "/", "/v2/"),
        ("/*", "/v2", "/a", "/v2/a"),
        ("/*", "/v2", "*", "*"),
        ("/a/b/*", "/x/y/z", "/a/b/c%2Fd;e", "/x/y/z/c%2Fd;e"),
        ("/{tenant}/old/*", "/new", "/acme/old/a", "/new/a"),
        ("/a%3Ab/*", "/new", "/a:b;v/c", "/new/c"),
    ],
)
def test_a_prefix_takes_the_place_of_what_the_pattern_matched(
    pattern: str, prefix: str, path: str, rewritten: str
) -> None:
    assert compiled(pattern, prefix=prefix).path(path, pattern) == rewritten


@pytest.mark.parametrize(
    ("pattern", "whole", "path", "rewritten"),
    [
        ("/a/*", "/fixed", "/a/b/c", "/fixed"),
        ("/u/{id}", "/v2/users/{id}", "/u/7", "/v2/users/7"),
        ("/{a}/{b}", "/{b}/x{a}y/{b}", "/1/2", "/2/x1y/2"),
        ("/u/{id}", "/100%25/{id}", "/u/%25s", "/100%25/%25s"),
        ("/u/{id}", "/x/{id}", "/u/a%2Fb%20c;v=1", "/x/a%2Fb%20c;v=1"),
        ("/u/{id}", "/x/{id}", "/u/%FF", "/x/%FF"),
        ("/u/{id}/*", "/x/{id}", "/u/7/rest", "/x/7"),
        ("/u/{a}", "/x/{a}", "/u/%7Ba%7D", "/x/%7Ba%7D"),
    ],
)
def test_a_whole_path_takes_parameters_as_they_were_sent(pattern: str, whole: str, path: str, rewritten: str) -> None:
    assert compiled(pattern, path=whole).path(path, pattern) == rewritten


segments = st.lists(
    st.sampled_from(["a", "b.", ".", ";", ":", "%2F", "%25", "%3B", "%5C"]), min_size=1, max_size=6
).map("".join)


@given(st.lists(segments, min_size=2, max_size=2))
def test_no_parameter_makes_a_path_that_means_another(values: list[str]) -> None:
    path = f"/{values[0]}/{values[1]}"
    try:
        assume(normalise_path(path.encode(), "keep") == path)
    except RequestError:
        reject()
    asked = Request("GET", path.encode(), Headers(), path=path)
    assume(Router([(Route(name="a", paths=["/{a}/{b}"]), True)]).match(asked).payload)
    rewritten = compiled("/{a}/{b}", path="/x/{b}/{a}").path(path, "/{a}/{b}")
    assert normalise_path(rewritten.encode(), "keep") == rewritten


def test_each_path_of_a_route_is_rewritten_by_its_own_pattern() -> None:
    rewrite = compiled("/a/{id}", "/long/er/{id}", path="/x/{id}")
    assert rewrite.path("/a/7", "/a/{id}") == "/x/7"
    assert rewrite.path("/long/er/7", "/long/er/{id}") == "/x/7"


def test_the_query_stays() -> None:
    rewrite = compiled("/a/*", prefix="/b")
    assert sent(rewrite, "/a/*", "/a/c", b"x=/a/&y")[0] == b"/b/c?x=/a/&y"
    assert sent(rewrite, "/a/*", "/a/c", b"")[0] == b"/b/c?"
    assert sent(rewrite, "/a/*", "/a/c")[0] == b"/b/c"


def test_what_is_not_rewritten_stays() -> None:
    target, host, fields = sent(compiled("/*", host="inner.example:8080"), "/*", "/a")
    assert (target, host, len(fields)) == (b"/as-it-was", b"inner.example:8080", 3)
    assert sent(compiled("/*", prefix="/b"), "/*", "/a")[1] == b"client.example"


def test_headers_are_removed_then_set_then_added() -> None:
    edits = {"remove": ["B", "Gone"], "set": {"A": "new", "B": "back"}, "add": {"a": "more", "c": "é"}}
    fields = sent(compiled("/*", request_headers=edits), "/*", "/")[2]
    assert fields == [(b"a", b"new"), (b"b", b"back"), (b"a", b"more"), (b"c", b"\xe9")]


def test_the_fields_that_were_given_are_not_changed() -> None:
    given_fields = [(b"a", b"1")]
    exchange = make_exchange()
    for edits in ({"add": {"b": "2"}}, {"set": {"a": "2"}}, {"remove": ["a"]}):
        compiled("/*", request_headers=edits).request(exchange, b"/", b"h", given_fields)
    assert given_fields == [(b"a", b"1")]


def test_response_headers() -> None:
    headers = Headers([(b"server", b"x"), (b"vary", b"a")])
    compiled("/*", response_headers={"remove": ["Server"], "add": {"vary": "b"}}).response(headers)
    assert headers.items == [(b"vary", b"a"), (b"vary", b"b")]
