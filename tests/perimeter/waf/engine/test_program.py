from __future__ import annotations

from bartizan.perimeter.waf.engine import Program
from bartizan.perimeter.waf.engine.program import REMEMBERED
from bartizan.perimeter.waf.seclang import Settings


def _program() -> Program:
    program = Program((), (), Settings())
    program.watch({b"a": 1, b"ab": 2}, [(lambda name: name.startswith(b"a"), 4), (lambda name: name.endswith(b"b"), 8)])
    return program


def test_rules_that_read_a_variable_are_known_by_name_and_by_pattern() -> None:
    program = _program()
    for _ in range(2):
        assert [program.rules_that_read(name) for name in (b"a", b"ab", b"b", b"c")] == [5, 14, 8, 0]


def test_names_without_number_take_no_memory_without_end() -> None:
    program = _program()
    for number in range(REMEMBERED + 9):
        assert program.rules_that_read(b"a%d" % number) == 4
    assert program.rules_that_read(b"a" * 10_000 + b"b") == 12


def test_what_was_known_of_other_readers_is_forgotten() -> None:
    program = _program()
    assert program.rules_that_read(b"a") == 5
    program.watch({b"a": 16}, ())
    assert program.rules_that_read(b"a") == 16
