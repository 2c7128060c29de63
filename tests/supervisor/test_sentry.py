"""The sentry below a real supervisor: from a honeytoken that is used to commands and metrics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.bartizan import Bartizan, kill
from tests.support.net import RawClient, wait_until
from tests.support.upstream import Upstream

REQUEST = b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n"


def ask(bartizan: Bartizan, key: str | None = None) -> int:
    with RawClient(bartizan.port) as client:
        client.send(REQUEST if key is None else REQUEST[:-2] + f"X-API-Key: {key}\r\n\r\n".encode())
        return client.response()[0]


def sentry(bartizan: Bartizan) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bartizan.run("status").stdout)["sentry"]
    return found


def cases(bartizan: Bartizan) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(bartizan.run("cases", "--json").stdout)
    return found


def test_a_honeytoken_is_a_risk_and_one_case_over_restarts_until_a_pardon(tmp_path: Path) -> None:
    with Upstream() as upstream:
        config = {
            "workers": 1,
            "upstreams": [{"name": "api", "nodes": [upstream.node]}],
            "routes": [{"name": "api", "upstream": "api"}],
            "guards": {"obstacles": {"deny": {"at": 60}}},
            "deception": {"enabled": True, "honeytokens": {"api_keys": {"key": "sk_{base62:24}"}}},
            "sentry": {"enabled": True},
        }
        with Bartizan(tmp_path, config) as bartizan:
            assert ask(bartizan) == 200
            planted = bartizan.run("decoy", "token", "api-key", "--place", "wiki")
            assert planted.returncode == 0, planted.stderr
            wait_until(lambda: ask(bartizan, planted.stdout.strip()) == 403)
            wait_until(lambda: ask(bartizan) == 403)
            first = sentry(bartizan)["pid"]
            wait_until(lambda: json.loads(bartizan.run("risk", "status", "--json").stdout)["behind_bytes"] == 0)
            (case,) = cases(bartizan)
            assert case["place"] == "wiki"
            kill(first)
            wait_until(lambda: sentry(bartizan)["pid"] not in (None, first))
            wait_until(lambda: bartizan.metric("bartizan_sentry_standings") >= 1)
            assert bartizan.metric("bartizan_sentry_restarts_total") == 1
            assert cases(bartizan) == [case]
            assert "honeytoken.used" in bartizan.run("risk", "show", "127.0.0.1").stdout
            assert bartizan.run("risk", "status").stdout.startswith("the sentry runs\n")
            pardoned = bartizan.run("pardon", "127.0.0.1", "--because", "this is a test")
            assert pardoned.returncode == 0, pardoned.stderr
            wait_until(lambda: ask(bartizan) == 200)
            assert "credential:" in bartizan.run("risk", "list").stdout, (
                "whoever else has the token is no better for it"
            )
