from __future__ import annotations

import hashlib
import multiprocessing
import os
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import hyperscan
import pytest
from tests.perimeter.waf.compiler.attacks import VALUES, mutated

from bartizan.perimeter.waf.compiler.atoms import Pattern
from bartizan.perimeter.waf.compiler.databases import FLAGS, MAGIC, DatabaseCache, Shared, available
from bartizan.perimeter.waf.load import RuleSet
from bartizan.perimeter.waf.operators.pcre import gate_in_either_case, translate
from bartizan.perimeter.waf.operators.regex import compile_rx
from bartizan.perimeter.waf.seclang import Rule

SETS = [[Pattern(b"a+b", caseless=False), Pattern(b"SELECT", caseless=True)], [Pattern(b"^x", caseless=False)]]
UNBOUNDED = Pattern(b"(?:a[^b]{0,300}){2,90}b", caseless=False)  # too large, even roughly
ROUGH = Pattern(rb"(a+)\1x", caseless=False)  # a back-reference
BROKEN = Pattern(b"(", caseless=False)


def _compiled(cache: DatabaseCache) -> Callable[[bytes], list[Sequence[int]]]:
    scans = [scan for scan, _ in cache.compile(SETS)]
    return lambda text: [sorted(scan(text)) for scan in scans]


def _counting(counted: list[int]) -> Callable[[int, int], None]:
    return lambda done, _: counted.append(done)


def test_scans_tell_the_patterns_that_match() -> None:
    scan = _compiled(DatabaseCache(None))
    assert scan(b"xaab select") == [[0, 1], [0]]
    assert scan(b"ba") == [[], []]
    assert scan(b"") == [[], []]


def test_what_was_compiled_once_is_only_loaded_again(tmp_path: Path) -> None:
    counted: list[int] = []
    _compiled(DatabaseCache(tmp_path, _counting(counted)))
    assert counted == [1, 2]
    scan = _compiled(DatabaseCache(tmp_path, _counting(counted)))
    assert counted == [1, 2]
    assert scan(b"xaab select") == [[0, 1], [0]]


def test_other_content_is_another_database(tmp_path: Path) -> None:
    DatabaseCache(tmp_path).compile(SETS)
    counted: list[int] = []
    changed = [[Pattern(b"a+b", caseless=True), SETS[0][1]], [SETS[0][0]], [*reversed(SETS[0])]]
    DatabaseCache(tmp_path, _counting(counted)).compile(changed)
    assert counted == [1, 2, 3]
    assert len([*tmp_path.iterdir()]) == 5


def test_rule_sets_of_a_process_share_databases_while_one_of_them_is_there() -> None:
    shared, counted = Shared(), []  # type: ignore[var-annotated]
    kept = DatabaseCache(None, _counting(counted), shared).compile(SETS)
    again = DatabaseCache(None, _counting(counted), shared).compile(SETS)
    assert counted == [1, 2]
    assert [compiled for _, compiled in kept] == [compiled for _, compiled in again]
    del kept, again
    assert len(shared) == 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-9] + bytes((content[-9] ^ 1,)) + content[-8:],
        lambda content: b"another program's file",
        lambda content: _signed(b"\x93\x90\x90"),
        lambda content: _signed(b"\x93\x90\x90\xc4\x04spam"),
        lambda content: content.replace(MAGIC, b"bartizan-hs-1\n"),
    ],
)
def test_a_damaged_or_foreign_file_is_ignored_and_written_anew(
    damage: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    DatabaseCache(tmp_path).compile(SETS)
    good = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for path, content in good.items():
        path.write_bytes(damage(content))
    counted: list[int] = []
    scan = _compiled(DatabaseCache(tmp_path, _counting(counted)))
    assert counted == [1, 2]
    assert scan(b"xaab select") == [[0, 1], [0]]
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == good


def _signed(body: bytes) -> bytes:
    return MAGIC + hashlib.sha256(body).digest() + body


def test_a_place_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    scan = _compiled(DatabaseCache(tmp_path / "file" / "databases"))
    assert scan(b"xaab") == [[0], [0]]


def test_the_cache_is_for_its_owner_only(tmp_path: Path) -> None:
    DatabaseCache(tmp_path / "a" / "databases").compile(SETS)
    directory = tmp_path / "a" / "databases"
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o077 for path in directory.iterdir()} == {0}


def _compile_there(directory: str) -> list[Sequence[int]]:
    return _compiled(DatabaseCache(Path(directory)))(b"xaab select")


def test_processes_that_compile_the_same_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool:
        found = [*pool.map(_compile_there, [str(tmp_path)] * 6)]
    assert found == [[[0, 1], [0]]] * 6
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".hsdb"] * 2


def test_patterns_that_cannot_be_taken_are_named_and_the_rest_is_scanned(tmp_path: Path) -> None:
    patterns = [SETS[0][0], BROKEN, ROUGH, SETS[0][1]]
    for _ in range(2):  # compiled, and loaded
        ((scan, compiled),) = DatabaseCache(tmp_path).compile([patterns])
        assert compiled.refused == (1,)
        assert compiled.rough == (2,)
        assert sorted(scan(b"aab select")) in ([0, 3], [0, 2, 3])
        assert 2 in scan(b"aax")


def test_a_set_of_nothing_that_can_be_taken_finds_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        ((scan, compiled),) = DatabaseCache(tmp_path).compile([[BROKEN]])
        assert compiled.refused == (0,)
        assert [*scan(b"(")] == []


def test_this_processor_has_what_hyperscan_needs() -> None:
    assert available()


# that a scan misses nothing


@pytest.mark.parametrize("position", [0, 4, 40])
def test_the_installed_hyperscan_does_not_miss_what_vectorscan_5_4_12_misses(position: int) -> None:
    text = b"." * position + b"pay=@ension]=MmcDirectmail[@vendor]=(SELECT"
    database = hyperscan.Database()
    database.compile(expressions=[rb"@.+=\s*\(\s*SELECT"], ids=[0], flags=[FLAGS])
    found: list[int] = []
    database.scan(text, lambda number, *_: found.append(number))
    assert found == [0]


def _core_patterns(rules: RuleSet) -> list[bytes]:
    found = {
        link.operation.argument.literal
        for rule in rules.book.entries
        if isinstance(rule, Rule)
        for link in rule.links
        if link.operation is not None and link.operation.name == "rx" and link.operation.argument.literal
    }
    return sorted(pattern for pattern in found if pattern is not None and not translate(pattern).empty)


def _finding(arguments: Sequence[bytes], expressions: Sequence[bytes]) -> Callable[[bytes], set[bytes]]:
    """Return what tells the arguments whose expression matches; small databases compile faster than a large one."""
    starts = range(0, len(expressions), 24)
    sets = [[Pattern(each, caseless=False) for each in expressions[start : start + 24]] for start in starts]
    compiled = DatabaseCache(None).compile(sets)
    scans = [scan for scan, _ in compiled]
    assert not any(outcome.refused for _, outcome in compiled)
    return lambda text: {
        arguments[start + number] for start, scan in zip(starts, scans, strict=True) for number in scan(text)
    }


def test_scans_find_all_that_the_patterns_of_the_core_rule_set_match(plain_crs: RuleSet) -> None:
    arguments = _core_patterns(plain_crs)
    find = _finding(arguments, [translate(argument).hyperscan for argument in arguments])
    find_either = _finding(arguments, [gate_in_either_case(argument) for argument in arguments])
    operators = [(argument, compile_rx(argument)) for argument in arguments]
    chance = random.Random(int(os.environ.get("BARTIZAN_SEED", "1")))
    matches = 0
    for _ in range(2000):
        text = mutated(chance.choice(VALUES), chance)
        expected = {argument for argument, operator in operators if operator.test(text)}
        matches += len(expected)
        assert expected <= find(text), (expected - find(text), text)
        assert expected <= find_either(text.swapcase()), (expected - find_either(text.swapcase()), text)
    assert matches > 2000
