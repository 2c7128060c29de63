"""Decoys through a whole edge, over real sockets, with a real upstream and a real WAF behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.gateway import Gateway
from tests.support.upstream import Upstream, always

from bartizan.evidence.journal import DetectionFinding, HttpActivity, JournalReader

RULES = 'SecRule REQUEST_FILENAME "@contains .env" "id:10,phase:1,deny,status:403"'


def config(upstream: Upstream, **route: Any) -> dict[str, Any]:
    return {
        "upstreams": [{"name": "shop", "nodes": [upstream.node]}],
        "routes": [{"name": "shop", "upstream": "shop", **route}],
        "guards": {"waf": {"enabled": True, "directives": RULES}},
        "deception": {"enabled": True},
    }


def told(directory: Path) -> list[tuple[str, str | int]]:
    """Return the findings in the journal, with the place of the decoy."""
    records = [entry.record for entry in JournalReader(directory / "journal").entries()]
    findings = [record for record in records if isinstance(record, DetectionFinding)]
    return [(each.finding_info.title, str(each.evidences[0].data.get("place", ""))) for each in findings]


@pytest.fixture
def not_found() -> Any:
    return always(
        b"HTTP/1.1 404 Not Found\r\nServer: real\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nnone"
    )


def test_a_decoy_answers_before_the_waf_would_and_the_journal_says_so(tmp_path: Path) -> None:
    with Upstream() as upstream, Gateway(tmp_path, config(upstream)) as gateway:
        with httpx.Client(base_url=f"http://127.0.0.1:{gateway.port}") as client:
            got = client.get("/.env")
            assert client.get("/other/.env").status_code == 403
            head = client.head("/.env")
        assert got.status_code == 200
        assert "DATABASE_URL=" in got.text
        assert int(head.headers["content-length"]) == len(got.content)
        assert upstream.received == b""
    assert ("decoy.touched", "/.env") in told(tmp_path)
    records = [entry.record for entry in JournalReader(tmp_path / "journal").entries()]
    exchange = next(each for each in records if isinstance(each, HttpActivity))
    assert exchange.unmapped is not None
    assert exchange.unmapped.verdict is not None
    assert (exchange.unmapped.verdict.guard, exchange.unmapped.verdict.action) == ("decoys", "decoy")


def test_what_no_route_takes_has_decoys_too(tmp_path: Path) -> None:
    with Upstream() as upstream, Gateway(tmp_path, config(upstream, paths=["/api/*"])) as gateway:
        with httpx.Client(base_url=f"http://127.0.0.1:{gateway.port}") as client:
            assert client.get("/.git/config").status_code == 200
            assert client.get("/admin").status_code == 200
            assert client.get("/nothing").status_code == 404
        assert upstream.received == b""
    assert told(tmp_path) == [("decoy.touched", "/.git/config"), ("decoy.touched", "/admin")]


def test_what_could_be_real_has_the_fields_of_the_upstream(tmp_path: Path, not_found: Any) -> None:
    with Upstream(not_found) as upstream, Gateway(tmp_path, config(upstream)) as gateway:
        with httpx.Client(base_url=f"http://127.0.0.1:{gateway.port}") as client:
            got = client.get("/admin")
            missing = client.get("/nothing")
        assert (got.status_code, got.headers["server"]) == (200, "real")
        assert list(got.headers) == list(missing.headers)
        assert missing.status_code == 404
    assert told(tmp_path) == [("decoy.touched", "/admin")]


def test_a_route_can_be_without_decoys_and_its_own_paths_are_none(tmp_path: Path) -> None:
    for directory, settings in (
        ("one", {"guards": {"decoys": {"enabled": False}}}),
        ("two", {"paths": ["/*", "/.git/HEAD"]}),
    ):
        with Upstream() as upstream, Gateway(tmp_path / directory, config(upstream, **settings)) as gateway:
            with httpx.Client(base_url=f"http://127.0.0.1:{gateway.port}") as client:
                client.get("/.git/HEAD")
            assert upstream.received.startswith(b"GET /.git/HEAD ")


def test_content_is_the_same_on_each_node_that_has_the_keys(tmp_path: Path) -> None:
    bodies = set()
    for directory in ("one", "two"):
        if directory == "two":
            (tmp_path / "two").mkdir()
            for key in (tmp_path / "one" / "keys").iterdir():
                (tmp_path / "two" / "keys").mkdir(exist_ok=True, mode=0o700)
                (tmp_path / "two" / "keys" / key.name).write_bytes(key.read_bytes())
                (tmp_path / "two" / "keys" / key.name).chmod(0o600)
        with Upstream() as upstream, Gateway(tmp_path / directory, config(upstream)) as gateway:
            bodies.add(httpx.get(f"http://127.0.0.1:{gateway.port}/.env").content)
    assert len(bodies) == 1
