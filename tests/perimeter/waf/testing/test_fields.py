from pathlib import Path

import pytest

from bartizan.errors import ConfigError, Problem
from bartizan.perimeter.waf.testing.fields import Fields, read_fields


def fields(tmp_path: Path, text: str) -> tuple[Fields, list[Problem]]:
    file = tmp_path / "t.yaml"
    file.write_bytes(text.encode())
    problems: list[Problem] = []
    found = read_fields(file, problems)
    assert found is not None
    return found, problems


def test_scalars_keep_what_was_written(tmp_path: Path) -> None:
    found, problems = fields(tmp_path, 'a: 0010\nb: yes\nc: "\\r\\n\\0"\nd: ~\n')
    assert [found.text(name) for name in "abcd"] == ["0010", "yes", "\r\n\0", ""]
    assert (found.text("e", "none"), problems) == ("none", [])


def test_numbers_come_alone_and_in_lists(tmp_path: Path) -> None:
    found, problems = fields(tmp_path, "a: 200\nb: [403, 400]\nc: [1, x]\n")
    assert (found.numbers("a"), found.numbers("b"), found.numbers("c"), found.numbers("d")) == (
        (200,), (403, 400), (1,), (),
    )  # fmt: skip
    assert [(problem.line, problem.column, problem.field) for problem in problems] == [(3, 8, "c")]


def test_every_problem_names_its_place_and_field(tmp_path: Path) -> None:
    found, problems = fields(
        tmp_path, "tests:\n  - desc: [1]\n    odd: 1\n    on: maybe\n    desc: 2\n  - x\nhead: 1\n"
    )
    [test] = found.mappings("tests")
    test.text("desc")
    test.flag("on")
    test.only(["desc", "on"])
    found.mapping("head")
    test.wrong("", "is bad")
    told = [(problem.line, problem.field, problem.message.split(" ", 2)[:2]) for problem in problems]
    assert told == [
        (5, "tests[0].desc", ["is", "set"]),
        (6, "tests[1]", ["has", "no"]),
        (2, "tests[0].desc", ["is", "no"]),
        (4, "tests[0].on", ["is", "neither"]),
        (3, "tests[0].odd", ["is", "no"]),
        (7, "head", ["has", "no"]),
        (2, "tests[0]", ["is", "bad"]),
    ]


def test_pairs_keep_their_order(tmp_path: Path) -> None:
    found, _ = fields(tmp_path, "headers: {b: 1, a: '2'}\n")
    assert found.pairs("headers") == (("b", "1"), ("a", "2"))


def test_a_file_of_comments_is_none(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("# nothing yet\n")
    assert read_fields(tmp_path / "t.yaml", []) is None


@pytest.mark.parametrize(("text", "line"), [("a: [", 2), ("- a\n", 1), ("a: b: c\n", 1), ("\x01", 0)])
def test_what_is_no_mapping_of_yaml_is_refused_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "t.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_fields(tmp_path / "t.yaml", [])
    assert caught.value.problems[0].line in {line, line - 1}


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_fields(tmp_path / "none.yaml", [])
