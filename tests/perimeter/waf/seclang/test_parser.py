"""Whole files: includes, the Core Rule Set, and what people are told about mistakes."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.perimeter.waf.seclang.reading_support import CRS, problems, read

from bartizan.errors import SecLangError
from bartizan.perimeter.waf.operators import OPERATORS
from bartizan.perimeter.waf.seclang import Marker, Rule, RuleBook, Source, parse_files, parse_sources
from bartizan.perimeter.waf.transformations import TRANSFORMATIONS

GOLDEN = Path(__file__).parent / "golden" / "mistakes.txt"


def files(*paths: Path) -> RuleBook:
    """Read rule files."""
    return parse_files(paths, OPERATORS.keys(), TRANSFORMATIONS.keys())


def ids(book: RuleBook) -> list[int]:
    """Return the ids of the rules in order."""
    return [entry.id for entry in book.entries if isinstance(entry, Rule)]


def _told(mistake: str) -> str:
    lines = problems(mistake)
    assert lines, mistake
    return "\n".join(f"  {line}" for line in lines)


def test_mistakes_are_told_with_place_directive_and_what_was_expected() -> None:
    """The file has mistakes between dashes, each with what is said about it; UPDATE_GOLDEN=1 writes it anew."""
    mistakes = [part.partition("\n  t.conf:")[0].strip("\n") for part in GOLDEN.read_text().split("\n----\n")]
    assert len(mistakes) >= 40
    text = "\n----\n".join(f"{mistake}\n{_told(mistake)}" for mistake in mistakes) + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def test_all_problems_are_found_not_only_the_first() -> None:
    text = 'SecFoo\nSecRule ARGS "@rx a" "id:1"\nSecRule FOO "@rx a" "id:2"\nSecRuleEngine x\nSecAction "id:3'
    assert [line.partition(": ")[0] for line in problems(text)] == [
        "t.conf:1:1",
        "t.conf:3:1",
        "t.conf:4:1",
        "t.conf:5:1",
    ]


def test_at_most_a_hundred_problems_are_told() -> None:
    assert len(problems("SecFoo\n" * 1000)) == 100


def test_a_problem_names_the_file_that_has_it(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("Include b.conf\n")
    (tmp_path / "b.conf").write_text("\n\nSecFoo\n")
    with pytest.raises(SecLangError) as caught:
        files(tmp_path / "a.conf")
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.field) == (str(tmp_path / "b.conf"), 3, "SecFoo")


def test_includes_are_relative_to_their_file_and_globs_are_in_order(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "a.conf").write_text('SecAction "id:1"\nInclude rules/*.conf\nSecAction "id:9"')
    for number in (3, 2):
        (tmp_path / "rules" / f"{number}.conf").write_text(f'SecAction "id:{number}"\nInclude ../more.txt.{number}')
        (tmp_path / f"more.txt.{number}").write_text(f'SecAction "id:{number}0"')
    book = files(tmp_path / "a.conf")
    assert ids(book) == [1, 2, 20, 3, 30, 9]
    assert len(book.files) == 5
    assert book.directories[str(tmp_path / "rules" / "2.conf")] == tmp_path / "rules"


def test_an_include_may_be_absolute_and_its_directory_have_any_name(tmp_path: Path) -> None:
    odd = tmp_path / "a [b] *"
    odd.mkdir()
    (odd / "x.conf").write_text('SecAction "id:1"')
    (odd / "y.conf").write_text('Include "x.c*"')
    (tmp_path / "z.conf").write_text(f"Include {tmp_path}/a*/y.conf")
    assert ids(files(tmp_path / "z.conf")) == [1]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"a": "Include a"}, "includes itself"),
        ({"a": "Include b", "b": "Include *"}, "includes itself"),
        ({"a": "Include nofile"}, "there is no file"),
        ({"a": "Include nofile*.conf"}, "there is no file"),
        ({"a": "Include"}, "Include takes one path"),
        ({"a": "Include ."}, "cannot be read"),
        ({f"{number}": f"Include {number + 1}" for number in range(20)}, "more than 16 deep"),
    ],
)
def test_includes_that_cannot_be_followed_are_told(tmp_path: Path, texts: dict[str, str], message: str) -> None:
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(SecLangError) as caught:
        files(tmp_path / next(iter(texts)))
    assert message in str(caught.value)
    assert len(caught.value.problems) <= 2


def test_a_file_may_be_included_twice_if_not_by_itself(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("Include b\nInclude b")
    (tmp_path / "b").write_text("SecRuleEngine On")
    assert files(tmp_path / "a").settings.mode == "on"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SecLangError, match=r"nofile.conf cannot be read: No such file"):
        files(tmp_path / "nofile.conf")


def test_files_and_texts_are_one_rule_set(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_bytes(b'\xef\xbb\xbfSecAction "id:1"\r\nSecAction "id:2,\\\r\n  pass"')
    book = parse_sources(
        [tmp_path / "a.conf", Source("b", b'SecAction "id:3"', tmp_path)], OPERATORS.keys(), TRANSFORMATIONS.keys()
    )
    assert ids(book) == [1, 2, 3]
    assert book.files == (tmp_path / "a.conf",)


def test_the_core_rule_set_is_read_whole() -> None:
    book = files(*sorted((CRS / "rules").glob("*.conf")))
    assert len(ids(book)) == len(set(ids(book)))
    written = b"".join(path.read_bytes() for path in (CRS / "rules").glob("*.conf"))
    lines = [line.split()[0] for line in written.splitlines() if line.strip()]
    links = sum(len(entry.links) for entry in book.entries if isinstance(entry, Rule))
    assert links == lines.count(b"SecRule") + lines.count(b"SecAction")
    assert sum(isinstance(entry, Marker) for entry in book.entries) == lines.count(b"SecMarker")
    assert book.notices == ()


LANGUAGE_OF_CRS_4 = (GOLDEN.parent / "language-of-crs-4.conf").read_text()


def test_the_language_of_the_core_rule_set_4_is_read() -> None:
    book = read(LANGUAGE_OF_CRS_4)
    assert ids(book) == list(range(1, 22))
    assert book.notices == ()


@given(st.binary(max_size=200) | st.text("SecRule ARGS\"@rx a\\\n'id:1,=%{}#|!&;chain\r", max_size=120).map(str.encode))
def test_any_text_is_read_or_refused(text: bytes) -> None:
    with contextlib.suppress(SecLangError):
        read(text)


@given(
    st.lists(
        st.sampled_from(
            [line for line in LANGUAGE_OF_CRS_4.replace("\\\n", " ").splitlines() if line.strip()]
            + ["SecFoo", 'SecRule ARGS "@rx" "chain"', 'SecAction "id:5,chain"', "SecRuleRemoveById 1-9"]
        ),
        max_size=12,
    )
)
def test_directives_in_any_order_are_read_or_refused(lines: list[str]) -> None:
    with contextlib.suppress(SecLangError):
        read("\n".join(lines))
