from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.config.document import MAX_DEPTH, Document, format_path, read_document
from bartizan.errors import ConfigError

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs", "S")), max_size=20),
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz -", max_size=5), inner, max_size=4),
    max_leaves=20,
)


def read(text: str | bytes) -> Document:
    return read_document("f.yaml", text if isinstance(text, bytes) else text.encode())


def message(text: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return str(caught.value)


def test_places_of_values_and_names() -> None:
    document = read("a:\n  - b: 1\n    c: [x, yy]\n")
    assert document.data == {"a": [{"b": 1, "c": ["x", "yy"]}]}
    assert document.place(("a",)) == (2, 3)
    assert document.place(("a",), name=True) == (1, 1)
    assert document.place(("a", 0, "c", 1)) == (3, 12)
    assert document.place(("a", 0, "c"), name=True) == (3, 5)


def test_the_place_of_what_is_missing_is_its_nearest_parents() -> None:
    document = read("a:\n  b: {c: 1}\n")
    assert document.place(("a", "b", "z", 3, "y")) == document.place(("a", "b")) == (2, 6)
    assert document.place(("q",), name=True) == (1, 1)


def test_a_byte_order_mark_is_skipped() -> None:
    assert read(b"\xef\xbb\xbfa: 1").data == {"a": 1}


def test_columns_count_characters() -> None:
    assert read("{ü: x, b: y}").place(("b",)) == (1, 11)


def test_aliases_share_data_and_places() -> None:
    document = read("a: &x {k: [1, 2]}\nb: *x\nc: &s text\nd: *s\n")
    assert document.data == {"a": {"k": [1, 2]}, "b": {"k": [1, 2]}, "c": "text", "d": "text"}
    assert document.place(("b", "k", 1)) == document.place(("a", "k", 1))


@pytest.mark.parametrize("depth", [8, 30])
def test_alias_bombs_are_refused(depth: int) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, depth)]
    assert "aliases that expand to more than 100000 values" in message("\n".join(lines))


def test_aliases_cannot_deepen_beyond_the_limit() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, MAX_DEPTH + 1))]
    assert f"deeper than {MAX_DEPTH} levels" in message("\n".join(lines))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[" * (MAX_DEPTH + 1), f"deeper than {MAX_DEPTH} levels"),
        ("a: &a [*a]", "which it is itself part of"),
        ("a: *b", "which has no anchor above"),
        ("x: &a 1\n*a : 2", "an alias as the name"),
        ("? [a]\n: 1", "a list or fields as the name"),
        (b"a: \xff", "1:4: (file): is not UTF-8"),
        ("a: 1\nb: \x00", "2:4: (file): has the control character U+0000"),
        ("a: x\u2028y", "has the control character U+2028"),
        (b"\xfe\xff\x00a", "is not UTF-8"),
        (b"a: " + b"x" * 2**24, "is larger than 16 MiB"),
        ("", "is empty"),
        ("~", "is empty"),
        ("%YAML 3.0\n---\na: 1", "is not YAML"),
        ('a: "x', "a quote is not closed"),
        ("a:\n\tb: 1", "2:1: (file): is not YAML: a tab"),
    ],
)
def test_what_cannot_be_read_is_told(text: str | bytes, told: str) -> None:
    assert told in message(text)


def test_problems_that_do_not_stop_the_reading_are_collected() -> None:
    document = read("a: 1\na: 2\n1: x\nb: !!python/object:os.system x\nc: !!str 5\nd: !!int x\n")
    assert document.data == {"a": 1, "b": "x", "c": "5", "d": "x"}
    assert [(problem.line, problem.field) for problem in document.problems] == [(2, "a"), (3, "1"), (4, "b"), (6, "d")]


def test_unusual_names_are_quoted_in_paths() -> None:
    assert format_path(()) == "(file)"
    assert format_path(("routes", 2, "paths", 0)) == "routes[2].paths[0]"
    assert format_path(("headers", "a\nb", "X-Y")) == "headers['a\\nb'].X-Y"


def _yaml(data: object) -> str:
    """Write data in flow style with everything quoted that could be something else."""
    if isinstance(data, dict):
        return "{" + ", ".join(f"{_yaml(key)}: {_yaml(value)}" for key, value in data.items()) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(map(_yaml, data)) + "]"
    if isinstance(data, str):
        return "'" + data.replace("'", "''") + "'"
    return {None: "null", True: "true", False: "false"}.get(data, str(data))  # type: ignore[call-overload,no-any-return]


@given(DATA.filter(lambda data: data is not None))
def test_what_is_written_is_what_is_read(data: object) -> None:
    assert read(_yaml(data)).data == data


@given(st.binary(max_size=200) | st.text("ab:-[]{}&*!|>'\"#%@`\n \t?,1", max_size=60).map(str.encode))
def test_arbitrary_bytes_are_read_or_refused(content: bytes) -> None:
    document: Document | None
    try:
        document = read_document("f.yaml", content)
    except ConfigError as error:
        document, problems = None, error.problems
    else:
        problems = list(document.problems)
    assert document is not None or problems
    assert all(problem.line >= 1 for problem in problems)
