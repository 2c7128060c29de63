"""The decoy below a real supervisor, beside control."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.bartizan import Bartizan, kill
from tests.support.net import wait_until
from tests.support.upstream import Upstream


def config(upstream: Upstream, **divert: Any) -> dict[str, Any]:
    return {
        "workers": 1,
        "upstreams": [{"name": "api", "nodes": [upstream.node]}],
        "routes": [{"name": "api", "upstream": "api"}],
        "deception": {"divert": divert},
    }


def decoy(bartizan: Bartizan) -> dict[str, Any] | None:
    found: dict[str, Any] | None = json.loads(bartizan.run("status").stdout)["decoy"]
    return found


def pid(bartizan: Bartizan) -> int:
    found = decoy(bartizan)
    return 0 if found is None else found["pid"] or 0


def test_the_decoy_runs_while_it_is_wanted(tmp_path: Path) -> None:
    with Upstream() as upstream, Bartizan(tmp_path, config(upstream, enabled=True)) as bartizan:
        first = pid(bartizan)
        assert decoy(bartizan) == {"pid": first, "restarts": 0}
        assert bartizan.metric("bartizan_decoy_up") == 1
        assert bartizan.metric("bartizan_decoy_resident_bytes") > 0
        assert json.loads(bartizan.admin("/readyz")[1])["decoy"] == "serves"
        assert "Seccomp:\t2\n" in Path(f"/proc/{first}/status").read_text()
        kill(first)
        wait_until(lambda: pid(bartizan) not in (0, first), 30)
        assert bartizan.metric("bartizan_decoy_restarts_total") == 1
        second = pid(bartizan)
        bartizan.write(config(upstream, enabled=True, actors=5))
        assert bartizan.run("reload").returncode == 0
        assert pid(bartizan) not in (0, second)  # another, which has what it was told
        third = pid(bartizan)
        bartizan.write({**config(upstream, enabled=True, actors=5), "grace_period": "5s", "routes": []})
        assert bartizan.run("reload").returncode == 0
        bartizan.write(config(upstream, enabled=False))
        assert bartizan.run("reload").returncode == 0
        assert decoy(bartizan) is None
        wait_until(lambda: not Path(f"/proc/{third}").exists(), 30)
