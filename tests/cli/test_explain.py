from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bartizan.cli.main import cli

PAGE = (Path(__file__).parent.parent.parent / "docs" / "routing.md").read_text()
EXAMPLE = re.findall(r"<!-- example -->\n```yaml\n(.*?)```\n", PAGE, re.DOTALL)[0]
SESSIONS = re.findall(r"```console\n\$ bartizan (.*?)\n(.*?)```\n", PAGE, re.DOTALL)

CONFIG = """
listeners:
  - { name: plain, address: "127.0.0.1:8080" }
  - { name: strict, address: "[::1]:9090", limits: { target_bytes: 64 }, underscores_in_headers: refuse }
upstreams:
  - { name: a, nodes: [{ address: "10.0.0.1:80" }], host_header: node }
  - { name: b, nodes: [{ address: "10.0.0.2:80" }], host_header: inner.example }
trusted_proxies: [10.0.0.0/8]
routes:
  - name: item
    hosts: ["*.example"]
    paths: ["/items/{id}"]
    methods: [GET]
    headers: { x-key: "s3cret" }
    split: [{ upstream: a }, { upstream: b, weight: 0, headers: { x-canary: "hush" } }]
    rewrite:
      path: "/v2/{id}"
      request_headers: { set: { x-token: "t0ken" }, remove: [cookie] }
      response_headers: { add: { x-served-by: "bartizan" } }
    guards: { rate_limit: { enabled: false } }
  - { name: items, paths: ["/items/*"], methods: [GET, DELETE], upstream: a, priority: -1 }
  - { name: first, paths: ["/same"], upstream: a }
  - { name: second, paths: ["/{any}"], upstream: a }
  - { name: old, paths: ["/old/*"], upstream: b, rewrite: { prefix: /new, host: other.example } }
"""


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BARTIZAN_CONFIG", raising=False)
    (tmp_path / "bartizan.yaml").write_text(CONFIG)
    return CliRunner()


def explain(runner: CliRunner, *arguments: str) -> Result:
    return runner.invoke(cli, ["explain", *arguments])


def told(runner: CliRunner, *arguments: str) -> dict[str, Any]:
    result = explain(runner, *arguments, "--json")
    data: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == (0 if data["route"] else 1 if "host" in data else 2)
    return data


ITEM = ("http://shop.example:8080/items/a%2Db?q=1", "-H", "X-Key: s3cret")


def test_documented_sessions_are_what_is_printed(runner: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "bartizan.yaml").write_text(EXAMPLE)
    assert len(SESSIONS) == 2
    for command, output in SESSIONS:
        assert runner.invoke(cli, shlex.split(command)).output == output


def test_a_route_is_told_with_all_that_follows(runner: CliRunner) -> None:
    data = told(runner, "get", *ITEM)
    assert (data["method"], data["host"], data["path"]) == ("GET", "shop.example", "/items/a-b")
    assert data["listener"] == {"name": "plain", "because": "serves http on port 8080"}
    assert (data["route"], data["pattern"], data["parameters"]) == ("item", "/items/{id}", {"id": "a-b"})
    assert data["conditions"] == ["host *.example", "method GET", "header x-key"]
    assert data["target"] == "/v2/a-b?q=1"
    assert data["request_headers"] == {"set": ["x-token"], "remove": ["cookie"]}
    assert data["response_headers"] == {"add": ["x-served-by"]}
    assert [(guard["guard"], guard["settings"]["enabled"]) for guard in data["guards"]][:2] == [
        ("denylist", True),
        ("rate_limit", False),
    ]
    assert data["guards"][1]["changed_by_route"] == ["enabled"]
    assert data["others"] == [
        {"route": "items", "pattern": "/items/*", "because": "priority -1 gives way to 0"},
    ]


def test_the_text_has_all_of_it_too(runner: CliRunner) -> None:
    text = explain(runner, "GET", *ITEM).stdout
    for part in ("plain: serves http on port 8080", "item, by /items/{id} and host *.example and method GET",
                 "id = a-b", "a: 10.0.0.1:80; Host: the node's own", "/v2/a-b?q=1",
                 "headers: remove cookie; set x-token", "headers: add x-served-by", "rate_limit",
                 "priority -1 gives way to 0"):  # fmt: skip
        assert part in text


def test_no_value_that_may_be_a_secret_is_printed(runner: CliRunner) -> None:
    canary = ("-H", "X-Canary: hush")
    for arguments in (ITEM, (*ITEM, *canary), ("http://shop.example/items/1", "-H", "x-key: no")):
        for form in ((), ("--json",)):
            printed = explain(runner, "GET", *arguments, *form).output
            assert not re.search("s3cret|t0ken|hush", printed)


@pytest.mark.parametrize(
    ("headers", "because"),
    [
        ((), "needs the header x-key"),
        (("X-Key: other",), "needs another value of the header x-key"),
    ],
)
def test_a_route_that_lost_says_which_condition_is_not_met(
    runner: CliRunner, headers: tuple[str, ...], because: str
) -> None:
    options = [part for header in headers for part in ("-H", header)]
    data = told(runner, "GET", "http://shop.example/items/1", *options)
    assert data["route"] == "items"
    assert data["others"] == [{"route": "item", "pattern": "/items/{id}", "because": because}]


def test_routes_of_less_weight_say_why(runner: CliRunner) -> None:
    assert told(runner, "GET", "/same")["others"] == [
        {"route": "second", "pattern": "/{any}", "because": "a path with parameters gives way to an exact path"}
    ]


def test_a_wrong_method_and_no_route_at_all(runner: CliRunner) -> None:
    wrong = told(runner, "PUT", "http://shop.example/items/1", "-H", "x-key: s3cret")
    assert (wrong["answer"], wrong["allowed"]) == (405, ["DELETE", "GET", "HEAD"])
    assert [other["because"] for other in wrong["others"]] == ["takes GET, HEAD only", "takes DELETE, GET, HEAD only"]
    missing = told(runner, "GET", "/a/b")
    assert (missing["answer"], missing["allowed"], missing["others"]) == (404, [], [])
    assert "405, allowed: DELETE, GET, HEAD" in explain(runner, "PUT", "/items/1").stdout
    assert "404, no route fits" in explain(runner, "GET", "/a/b").stdout


@pytest.mark.parametrize(
    ("url", "headers", "reason"),
    [
        ("/a/..;/b", (), "hidden_dot_segment"),
        ("/../a", (), "above_root"),
        ("/a%2Fb", (), "escaped_slash"),
        ("/%zz", (), "invalid_escape"),
        ("/a b", (), "invalid_start_line"),
        ("/é", (), "malformed"),
        ("http://bad..host/", (), "invalid_host"),
        ("/", ("Host: a", "Host: b"), "duplicate_host"),
        ("/", ("Host: a b",), "invalid_host"),
        ("/", ("X-A : 1",), "malformed"),
        ("/", ("Transfer-Encoding: gzip",), "transfer_encoding"),
        ("/", ("Content-Length: +1",), "malformed"),
        ("http://a:9090/" + "x" * 64, (), "target_too_long"),
        ("http://a:9090/", ("x_key: 1",), "underscore"),
    ],
)
def test_what_would_be_refused_is_told_with_the_reason(
    runner: CliRunner, url: str, headers: tuple[str, ...], reason: str
) -> None:
    options = [part for header in headers for part in ("-H", header)]
    assert told(runner, "GET", url, *options)["reason"] == reason
    refused = explain(runner, "GET", url, *options)
    assert refused.exit_code == 2
    assert f"({reason})" in refused.stderr
    assert refused.stdout == ""


def test_connect_is_refused(runner: CliRunner) -> None:
    assert told(runner, "CONNECT", "/")["answer"] == 400


@pytest.mark.parametrize(
    "arguments",
    [("GET", "shop.example/"), ("GET", "ftp://a/"), ("GET", "http://"), ("GET", "http://u:p@a/"), ("GET", "/\r\nX: 1"),
     ("GET\n", "/"), ("GET", "/", "-H", "no colon"), ("GET", "/", "-H", "a: b\r\nc: d"),
     ("GET", "/", "--from", "nowhere")],
)  # fmt: skip
def test_arguments_that_are_none(runner: CliRunner, arguments: tuple[str, ...]) -> None:
    result = explain(runner, *arguments)
    assert result.exit_code == 2
    assert "Invalid value" in result.stderr


@pytest.mark.parametrize(
    ("url", "listener"),
    [
        ("http://a:9090/same", ("strict", "serves http on port 9090")),
        ("http://a/same", ("plain", "serves http; none does on port 80")),
        ("https://a/same", ("plain", "the first one; none serves https")),
        ("/same", ("plain", "the first one, since the URL names none")),
    ],
)
def test_which_listener_takes_it(runner: CliRunner, url: str, listener: tuple[str, str]) -> None:
    assert tuple(told(runner, "GET", url)["listener"].values()) == listener


def test_forms_of_url(runner: CliRunner) -> None:
    assert told(runner, "GET", "http://a?x")["path"] == "/"
    assert told(runner, "GET", "http://a/same#top")["path"] == "/same"
    assert told(runner, "GET", "http://[2001:DB8::7]:8080/same")["host"] == "2001:db8::7"
    assert told(runner, "GET", "http://a/same", "-H", "Host: Other.Example:1")["host"] == "other.example"
    assert told(runner, "OPTIONS", "*")["path"] == "*"


def test_who_the_client_is(runner: CliRunner) -> None:
    claim = ("-H", "X-Forwarded-For: 203.0.113.9")
    assert told(runner, "GET", "/same", *claim)["client"]["address"] == "127.0.0.1"
    assert told(runner, "GET", "/same", *claim, "--from", "10.0.0.9")["client"] == {
        "address": "203.0.113.9",
        "peer": "10.0.0.9",
        "trusted_proxy": True,
    }
    contradicted = told(runner, "GET", "/same", *claim, "-H", "Forwarded: for=192.0.2.1", "--from", "10.0.0.9")
    assert contradicted["reason"] == "contradictory_forwarding"


def test_where_it_goes(runner: CliRunner) -> None:
    assert told(runner, "GET", *ITEM)["upstreams"] == [
        {"upstream": "a", "share": 1.0, "by_header": [], "nodes": ["10.0.0.1:80"], "host": "the node's own"}
    ]
    assert told(runner, "GET", *ITEM, "-H", "x-canary: hush")["upstreams"] == [
        {"upstream": "b", "share": 1.0, "by_header": ["x-canary"], "nodes": ["10.0.0.2:80"], "host": "inner.example"}
    ]
    old = told(runner, "GET", "http://a/old/x")
    assert (old["target"], old["upstreams"][0]["host"]) == ("/new/x", "other.example")
    assert "b by header x-canary: 10.0.0.2:80" in explain(runner, "GET", *ITEM, "-H", "x-canary: hush").stdout


def test_a_configuration_that_is_not_valid_is_told(runner: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("listeners: []")
    result = explain(runner, "GET", "/", "-c", "bad.yaml")
    assert result.exit_code == 1


def test_who_may_pass_is_told(runner: CliRunner, tmp_path: Path) -> None:
    access = """
access: {enabled: true, origin: https://localhost:8443}
guards: {access: {policy: session.aal >= 2}}
"""
    (tmp_path / "bartizan.yaml").write_text(CONFIG + access)
    text = explain(runner, "GET", "/same").output
    assert "  guard 4    access\n             passes: session.aal >= 2\n             session: 15m without" in text
    guard = told(runner, "GET", "/same")["guards"][-1]
    assert guard["who_passes"][0] == "passes: session.aal >= 2"
    assert guard["settings"]["policy"] == "session.aal >= 2"


def test_obstacles_are_told_where_somebody_can_meet_one(runner: CliRunner, tmp_path: Path) -> None:
    assert "obstacles" not in explain(runner, "GET", "/same").output
    guards = "\nguards: {obstacles: {throttle: {at: 30}, deny: {at: 90, shadow: true}}}\n"
    (tmp_path / "bartizan.yaml").write_text(CONFIG + guards)
    text = explain(runner, "GET", "/same").output
    assert text.count("obstacles") == 1
    assert '"throttle": {"at": 30, ' in text
    assert '"deny": {"at": 90, "shadow": true}' in text
    assert "divert" not in text
