from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bartizan.config.load import LoadedConfig, load
from bartizan.errors import ConfigError

MINIMAL = "listeners: [{address: '127.0.0.1:1'}]\n"
GOLDEN = Path(__file__).parent / "golden"
CORPUS = [file.read_bytes() for file in sorted(GOLDEN.glob("*/*.yaml"))]


def test_the_file_itself_and_all_that_it_names_are_listed(sandbox: Path) -> None:
    file = sandbox / "bartizan.yaml"
    file.write_text(
        "listeners:\n"
        "  - address: 127.0.0.1:1\n"
        "    tls: {certificates: [{certificate: tls/server.pem, key: tls/server.key}]}\n"
        "upstreams: [{name: a, nodes: [{address: 'a:1'}], tls: {ca: tls/internal-ca.pem}}]\n"
        "routes:\n"
        "  - name: a\n"
        "    upstream: a\n"
        "    headers: {X: '${file:secrets/upstream-token}'}\n"
        "    guards: {denylist: {deny_files: [blocklist.txt]}}\n"
    )
    names = ["bartizan.yaml", "tls/server.pem", "tls/server.key", "tls/internal-ca.pem", "secrets/upstream-token",
             "blocklist.txt"]  # fmt: skip
    assert load(file, {}).files == {sandbox / name for name in names}


def test_relative_paths_count_from_the_file_wherever_it_is_loaded_from(
    sandbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sandbox / "bartizan.yaml").write_text(MINIMAL + "guards: {denylist: {deny_files: [blocklist.txt]}}\n")
    monkeypatch.chdir(sandbox.parent)
    loaded = load(Path(sandbox.name) / "bartizan.yaml", {})
    assert loaded.path == sandbox / "bartizan.yaml"
    assert loaded.config.guards.denylist.deny_files == [str(sandbox / "blocklist.txt")]
    assert loaded.config.storage.directory == str(sandbox / "bartizan-data")


def test_the_digest_changes_with_the_file_what_it_names_and_what_it_refers_to(sandbox: Path) -> None:
    file = sandbox / "bartizan.yaml"
    file.write_text(MINIMAL + "guards: {denylist: {deny_files: [blocklist.txt]}}\nlogging: {level: '${LEVEL}'}\n")
    first = load(file, {"LEVEL": "info"}).digest
    assert load(file, {"LEVEL": "info"}).digest == first
    assert load(file, {"LEVEL": "debug"}).digest != first
    (sandbox / "blocklist.txt").write_text("192.0.2.1\n")
    second = load(file, {"LEVEL": "info"}).digest
    assert second != first
    file.write_text(file.read_text() + "workers: 2\n")
    assert load(file, {"LEVEL": "info"}).digest != second


def test_problems_of_all_kinds_are_told_together(load_text: Callable[..., LoadedConfig]) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(
            "listeners: [{address: '127.0.0.1:0', backlog: no}]\nlisteners: []\n"
            "routes: [{name: a, upstream: x, headers: {A: '${B}'}}]\nadmin: {address: here}\n"
        )
    assert [(problem.line, problem.field) for problem in caught.value.problems] == [
        (1, "listeners[0].backlog"),  # its form
        (2, "listeners"),  # the document
        (3, "routes[0].upstream"),  # across fields
        (3, "routes[0].headers.A"),  # a reference
        (4, "admin.address"),
    ]


@pytest.mark.parametrize("name", ["absent.yaml", ".", "a\0b"])
def test_a_file_that_cannot_be_read_is_a_problem(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / name, {})


def _load_or_refuse(file: Path) -> None:
    """Load a file; anything but ``ConfigError`` with problems is a defect."""
    problems = None
    try:
        load(file, {"A": "1"})
    except ConfigError as error:
        problems = error.problems
    assert problems is None or problems


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_configurations_are_loaded_or_refused(sandbox: Path, data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(CORPUS)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(content) - 1)))
        length = data.draw(st.integers(0, 12))
        content[at : at + length] = data.draw(st.binary(max_size=6) | st.sampled_from([b"${A}", b": ", b"\n- ", b"[]"]))
    file = sandbox / "bartizan.yaml"
    file.write_bytes(content)
    _load_or_refuse(file)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab1/*{}.:%$", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["name", "address", "paths", "hosts", "upstream", "nodes", "split", "tls", "rewrite", "guards", "windows"]
    ), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    data=st.dictionaries(st.sampled_from(["listeners", "upstreams", "routes", "guards", "storage", "admin"]), _VALUES)
)
def test_arbitrary_structures_are_loaded_or_refused(data: dict[str, object], tmp_path: Path) -> None:
    file = tmp_path / "bartizan.yaml"
    file.write_text(json.dumps(data))  # JSON is YAML
    _load_or_refuse(file)


def test_ten_thousand_routes_load_in_seconds(load_text: Callable[..., LoadedConfig]) -> None:
    routes = "".join(f"  - {{name: r{n}, paths: ['/r{n}/*'], upstream: a}}\n" for n in range(10_000))
    began = time.process_time()
    loaded = load_text(MINIMAL + "upstreams: [{name: a, nodes: [{address: 'a:1'}]}]\nroutes:\n" + routes)
    assert len(loaded.config.routes) == 10_000
    assert time.process_time() - began < 30  # 1.6 s on the machine it was written on; this is to notice quadratic work
