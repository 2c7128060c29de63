from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bartizan.config.model import Route
from bartizan.edge.router import Match, Router
from bartizan.http.headers import Headers
from bartizan.http.message import Request


def request(path: str, method: str = "GET", host: str = "a.example", **headers: str) -> Request:
    return Request(method, path.encode(), Headers.of(headers.items()), path=path, host=host, authority=host)


def router(*routes: dict[str, Any]) -> Router[str]:
    """Build a router whose payloads are the names of its routes: r0, r1, … unless they say otherwise."""
    built = [Route.model_validate({"name": f"r{number}", **route}) for number, route in enumerate(routes)]
    return Router([(route, route.name) for route in built])


def winner(routes: list[dict[str, Any]], path: str, **conditions: str) -> str | None:
    return router(*routes).match(request(path, **conditions)).payload


# what fits


@pytest.mark.parametrize(
    ("pattern", "fits", "does_not"),
    [
        ("/a", ["/a"], ["/", "/a/", "/a/b", "/A", "/ab"]),
        ("/a/", ["/a/"], ["/a", "/a/b"]),
        ("/a/*", ["/a", "/a/", "/a/b", "/a/b/c/"], ["/", "/ab", "/ab/c"]),
        ("/*", ["/", "/a", "/a/b/"], []),
        ("/", ["/"], ["/a"]),
        (
            "/u/{id}",
            ["/u/7", "/u/a%20b", "/u/{}".replace("{}", "%7B%7D")],
            ["/u", "/u/", "/u/7/", "/u/7/x", "/v/7", "/u/;v"],
        ),
        ("/u/{id}/", ["/u/7/"], ["/u/7", "/u//"]),
        ("/u/{id}/x/*", ["/u/7/x", "/u/7/x/", "/u/7/x/y/z"], ["/u/7", "/u/7/xy", "/u/x"]),
        ("/{a}/{b}", ["/1/2"], ["/1", "/1/2/3"]),
    ],
)
def test_paths(pattern: str, fits: list[str], does_not: list[str]) -> None:
    found = router({"paths": [pattern]})
    assert [path for path in fits if found.match(request(path)).payload is None] == []
    assert [path for path in does_not if found.match(request(path)).payload is not None] == []


@pytest.mark.parametrize(
    ("hosts", "fits", "does_not"),
    [
        (["a.example"], ["a.example"], ["b.example", "x.a.example", "example", ""]),
        (["A.Example"], ["a.example"], []),
        (["*.example"], ["a.example", "b.a.example"], ["example", "a.example.org", "xexample"]),
        (["2001:DB8:0::7"], ["2001:db8::7"], ["2001:db8::8"]),
        ([], ["a.example", "192.0.2.7", ""], []),
    ],
)
def test_hosts(hosts: list[str], fits: list[str], does_not: list[str]) -> None:
    found = router({"hosts": hosts})
    assert [host for host in fits if found.match(request("/", host=host)).payload is None] == []
    assert [host for host in does_not if found.match(request("/", host=host)).payload is not None] == []


def test_parameters_are_percent_decoded_and_the_pattern_is_told() -> None:
    found = router({"paths": ["/u/{id}/f/{name}/*"]}).match(request("/u/7/f/a%20%C3%A9%2Fb/rest/of/it"))
    assert found == Match("r0", "/u/{id}/f/{name}/*", {"id": "7", "name": "a é/b"})


def test_no_parameters_can_be_put_into_what_is_shared() -> None:
    found = router({}).match(request("/"))
    with pytest.raises(TypeError):
        found.parameters["id"] = "7"  # type: ignore[index]


def test_headers_have_to_have_the_value_or_to_be_there() -> None:
    found = router({"headers": {"X-Version": "2", "X-Key": "*"}})
    both = request("/", **{"x-version": "2", "x-key": "any"})
    assert found.match(both).payload == "r0"
    both.headers.items.insert(0, (b"x-version", b"1"))
    assert found.match(both).payload == "r0"  # any of several fields
    assert found.match(request("/", **{"x-version": "2"})).payload is None
    assert found.match(request("/", **{"x-version": "3", "x-key": "any"})).payload is None


def test_head_goes_where_get_goes() -> None:
    assert winner([{"methods": ["GET"]}], "/", method="HEAD") == "r0"
    assert winner([{"methods": ["POST"]}], "/", method="HEAD") is None


def test_options_of_the_whole_server_goes_where_everything_goes() -> None:
    assert winner([{"paths": ["/a/*"]}, {"paths": ["/*"]}], "*", method="OPTIONS") == "r1"


# no route, or another method


def test_a_wrong_method_is_told_from_no_route() -> None:
    found = router({"paths": ["/a"], "methods": ["GET", "PUT"]}, {"paths": ["/{x}"], "methods": ["DELETE"]})
    assert found.match(request("/a", "POST")) == Match(None, allowed=("DELETE", "GET", "HEAD", "PUT"))
    assert found.match(request("/a/b", "POST")) == Match(None)


def test_methods_of_routes_with_other_headers_are_not_allowed() -> None:
    found = router({"methods": ["GET"], "headers": {"x": "1"}}, {"methods": ["PUT"]})
    assert found.match(request("/", "POST")).allowed == ("PUT",)


def test_a_less_specific_route_takes_what_a_better_one_has_no_method_for() -> None:
    assert winner([{"paths": ["/a"], "methods": ["GET"]}, {"paths": ["/*"]}], "/a", method="POST") == "r1"


# who wins


@pytest.mark.parametrize(
    ("loser", "best"),
    [
        ({"paths": ["/a/b"], "hosts": ["a.example"]}, {"paths": ["/*"], "priority": 1}),
        ({"paths": ["/a/b"], "hosts": ["*.example"]}, {"paths": ["/*"], "hosts": ["a.example"]}),
        ({"hosts": ["*.example"]}, {"hosts": ["*.x.example"]}),
        ({"paths": ["/a/b"]}, {"paths": ["/*"], "hosts": ["*.example"]}),
        ({"paths": ["/a/{x}"]}, {"paths": ["/a/b"]}),
        ({"paths": ["/a/b/*"]}, {"paths": ["/{x}/{y}"]}),
        ({"paths": ["/a/{long_name}/*"]}, {"paths": ["/{x}/b"]}),
        ({"paths": ["/a/*"]}, {"paths": ["/a/b/*"]}),
        ({"paths": ["/{x}/b/*"]}, {"paths": ["/{a_long_name}/b/*"], "methods": ["GET"]}),
        ({"paths": ["/{a_very_long_name}/*"]}, {"paths": ["/a/*"], "headers": {"x": "*"}}),
        ({}, {"methods": ["GET"]}),
        ({"methods": ["GET"]}, {"methods": ["GET"], "headers": {"x": "1"}}),
        ({"headers": {"x": "1"}}, {"headers": {"x": "1", "y": "2"}}),
    ],
)
def test_precedence(loser: dict[str, Any], best: dict[str, Any]) -> None:
    host = "a.x.example" if best.get("hosts") == ["*.x.example"] else "a.example"
    asked = request("/a/b", host=host, x="1", y="2")
    assert router({**loser, "name": "loser"}, {**best, "name": "best"}).match(asked).payload == "best"
    assert router({**best, "name": "best"}, {**loser, "name": "loser"}).match(asked).payload == "best"


def test_the_first_in_the_file_wins_where_nothing_else_differs() -> None:
    assert winner([{"paths": ["/{x}"]}, {"paths": ["/{y}"]}], "/a") == "r0"


def test_candidates_come_in_order_and_once() -> None:
    found = router({"paths": ["/*"]}, {"paths": ["/a;v=1"]}, {"paths": ["/a"], "methods": ["PUT"]}, {"paths": ["/b"]})
    assert [candidate.payload for candidate in found.candidates("a.example", "/a;v=1")] == ["r1", "r2", "r0"]


# paths that lenient servers read alike


@pytest.mark.parametrize(
    "path", ["/users:delete", "/users%3Adelete", "/users:delete;x=1", "/users%3Adelete;", "/users:delete%3Bx"]
)
def test_no_way_of_writing_a_path_passes_by_its_route(path: str) -> None:
    assert winner([{"paths": ["/*"]}, {"paths": ["/users:delete"]}], path) == "r1"
    assert winner([{"paths": ["/*"]}, {"paths": ["/users%3Adelete"]}], path) == "r1"
    assert winner([{"paths": ["/*"]}, {"paths": ["/users:delete/*"]}], f"{path}/below") == "r1"


def test_parameters_hold_what_was_sent() -> None:
    found = router({"paths": ["/a;v=1/{x}"]}, {"paths": ["/b/{x}/*"]})
    assert found.match(request("/a%3Bv=1/7;p=%3B")).parameters == {"x": "7;p=;"}
    assert found.match(request("/b;q/7%3A8/")).parameters == {"x": "7:8"}


def test_an_escaped_star_in_a_route_is_a_star() -> None:
    found = router({"paths": ["/a/%2A"]})
    assert found.match(request("/a/%2A")).payload == found.match(request("/a/*")).payload == "r0"
    assert found.match(request("/a/b")).payload is None


# against a router that tries every route


hosts = st.sampled_from(["a.example", "b.a.example", "example", "c.example"])
patterns = st.lists(st.sampled_from(["a", "b", "{x}", "{yy}", "a:b", "a%3Ab", "b;v"]), max_size=3).flatmap(
    lambda parts: st.sampled_from(["", "/", "/*"]).map(lambda end: "/" + "/".join(parts) + end)
)
patterns = patterns.map(lambda text: "/" + text.lstrip("/"))
routes_of = st.fixed_dictionaries(
    {"paths": st.lists(patterns, min_size=1, max_size=2)},
    optional={
        "hosts": st.lists(st.sampled_from(["a.example", "*.example", "*.a.example", "b.a.example"]), max_size=2),
        "methods": st.lists(st.sampled_from(["GET", "PUT"]), max_size=2),
        "headers": st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from(["1", "*"]), max_size=2),
        "priority": st.integers(-1, 1),
    },
)
requests = st.builds(
    lambda parts, end, method, host, headers: request("/" + "/".join(parts) + end, method, host, **headers),
    st.lists(st.sampled_from(["a", "b", "c", "a:b", "a%3Ab", "b;v", "b%3Bv", "a;w", ";v"]), min_size=1, max_size=4),
    st.sampled_from(["", "/"]),
    st.sampled_from(["GET", "HEAD", "PUT", "POST"]),
    hosts,
    st.dictionaries(st.sampled_from(["x", "y"]), st.sampled_from(["1", "2"]), max_size=2),
)


def readings(path: str) -> list[str]:
    plain = path.replace("%3A", ":").replace("%3B", ";")
    return [plain, "/".join(segment.split(";")[0] for segment in plain.split("/"))]


def fits(pattern: str, path: str) -> bool:
    pattern = pattern.replace("%3A", ":")
    parts, segments = pattern.split("/"), path.split("/")
    if pattern.endswith("/*"):
        parts = parts[:-1]
        segments = segments[: len(parts)]
    return len(parts) == len(segments) and all(
        segment[:1] not in ("", ";") if part.startswith("{") else part == segment
        for part, segment in zip(parts, segments, strict=True)
    )


def reference(routes: list[Route], asked: Request) -> Match[str]:
    """Try each path of each host of each route."""
    fitting = []
    allowed: set[str] = set()
    for number, route in enumerate(routes):
        methods = {*route.methods, *(["HEAD"] if "GET" in route.methods else [])}
        for host in route.hosts or ["*"]:
            for place, pattern in enumerate(route.paths):
                if host not in ("*", asked.host) and not (host[0] == "*" and asked.host.endswith(host[1:])):
                    continue
                if not any(fits(pattern, path) for path in readings(asked.path)):
                    continue
                sent = {name.decode(): value.decode() for name, value in asked.headers}
                if not all(name in sent and value in ("*", sent[name]) for name, value in route.headers.items()):
                    continue
                if methods and asked.method not in methods:
                    allowed |= methods
                    continue
                shape = "/".join("" if part[:1] == "{" else part for part in pattern.split("/"))
                order = (
                    -route.priority,
                    -(1000 if host == asked.host else 0 if host == "*" else len(host)),
                    2 if pattern.endswith("/*") else 1 if "{" in pattern else 0,
                    -shape.count("/"),
                    -len(shape),
                    -(bool(methods) + len(route.headers)),
                    number,
                )
                fitting.append((order, place, route.name, pattern))
    if not fitting:
        return Match(None, allowed=tuple(sorted(allowed)))
    *_, name, pattern = min(fitting)
    segments = asked.path.split("/")
    parts = enumerate(pattern.split("/"))
    return Match(name, pattern, {part[1:-1]: unquote(segments[at]) for at, part in parts if part[:1] == "{"})


@given(st.lists(routes_of, max_size=8), st.lists(requests, min_size=1, max_size=8))
@example([{"paths": ["/{x}/a", "/a/{x}"]}, {"paths": ["/a/*"]}], [request("/a/b"), request("/a/a"), request("/b/a")])
@example([{"paths": ["/a/{x}/b", "/{x}/b/*"]}], [request("/a/b"), request("/a/b/b"), request("/a/b/b/")])
def test_the_index_finds_what_trying_every_route_finds(described: list[dict[str, Any]], asked: list[Request]) -> None:
    routes = [Route.model_validate({"name": f"r{number}", **route}) for number, route in enumerate(described)]
    found = Router([(route, route.name) for route in routes])
    for one in asked:
        assert found.match(one) == reference(routes, one)


def test_deep_and_many_branches_are_walked_without_recursion() -> None:
    depth = 1200
    literal = [{"paths": ["/a" * length + "/{x}/*"]} for length in range(1, depth, 50)]
    found = router(*literal, {"paths": ["/a" * depth + "/*"]})
    assert found.match(request("/a" * depth)).payload == f"r{len(literal)}"
    assert found.match(request("/a" * (depth - 1))).payload == f"r{len(literal) - 1}"
