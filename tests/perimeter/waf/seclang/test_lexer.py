"""Lines, words, quotes and comments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.seclang.lexer import Directive, LexicalError, directives


def words(text: bytes) -> list[tuple[str, ...]]:
    """Return name and arguments of each directive; errors are raised."""
    found = []
    for item in directives(text):
        if isinstance(item, LexicalError):
            raise item
        found.append((item.name, *(argument.decode("latin-1") for argument in item.arguments)))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"SecRuleEngine On", [("SecRuleEngine", "On")]),
        (b"  SecRuleEngine \t On  \n", [("SecRuleEngine", "On")]),
        (b"A 1\nB 2\n\n\nC 3", [("A", "1"), ("B", "2"), ("C", "3")]),
        (b'A "x y" z', [("A", "x y", "z")]),
        (b'A ""', [("A", "")]),
        (b'A "x""y"', [("A", "x", "y")]),
        (b"A 'x y' z", [("A", "x y", "z")]),
        (b"A 'it\\'s'", [("A", "it's")]),
        (b"A x'y'z", [("A", "x'y'z")]),
        (b'A x"y"z', [("A", 'x"y"z')]),
    ],
)
def test_words_are_parted_by_white_space_outside_quotes(text: bytes, expected: list[tuple[str, ...]]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'A "x\\"y"', 'x\\"y'),
        (b'A "x\\\\"', "x\\\\"),
        (b'A "x\\\\\\"y"', 'x\\\\\\"y'),
        (b'A "\\d+\\"\\\\"', '\\d+\\"\\\\'),
    ],
)
def test_a_quote_after_an_odd_number_of_backslashes_does_not_end_an_argument(text: bytes, expected: str) -> None:
    assert words(text) == [("A", expected)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"A x \\\n  y", ("A", "x", "y")),
        (b"A x\\\ny", ("A", "xy")),
        (b"A \\\n\\\n x", ("A", "x")),
        (b'A "x \\\n  y"', ("A", "x   y")),
        (b"A x \\\r\n  y\r\n", ("A", "x", "y")),
        (b"A x \\", ("A", "x")),
        (b"A x \\\n", ("A", "x")),
    ],
)
def test_a_backslash_at_the_end_of_a_line_joins_the_next(text: bytes, line: tuple[str, ...]) -> None:
    assert words(text) == [line]


def test_a_directive_has_the_line_in_which_it_begins() -> None:
    text = b"# c\n\nA 1 \\\n 2 \\\n 3\nB\n"
    assert list(directives(text)) == [Directive("A", (b"1", b"2", b"3"), 3), Directive("B", (), 6)]


@pytest.mark.parametrize(
    "text",
    [
        b"# A x",
        b"   # A x",
        b"#",
        b"# goes not on \\",
        b"",
        b"\n\r\n \t \n",
        b"\x0b\x0c",
    ],
)
def test_comments_and_empty_lines_are_nothing(text: bytes) -> None:
    assert words(text) == []


def test_the_line_after_a_comment_that_ends_in_a_backslash_counts() -> None:
    assert words(b"# x \\\nA 1") == [("A", "1")]


@pytest.mark.parametrize("text", [b"A 1 # x", b'A "1" # "x', b'A "1"# x', b"A 1 #"])
def test_what_follows_the_arguments_after_a_number_sign_is_a_comment(text: bytes) -> None:
    assert words(text) == [("A", "1")]


def test_a_number_sign_as_the_first_argument_is_none() -> None:
    assert words(b"SecArgumentSeparator #") == [("SecArgumentSeparator", "#")]
    assert words(b'A "1" "#2" 3#4') == [("A", "1", "#2", "3#4")]


@pytest.mark.parametrize(
    ("directive", "before"),
    [("SecAction", ""), ("SecRule", 'ARGS "@rx a" '), ("SecDefaultAction", ""), ("SecRuleUpdateActionById", "1 ")],
)
def test_double_quotes_may_stand_within_single_ones_in_actions(directive: str, before: str) -> None:
    text = f'{directive} {before}"id:1,msg:\'say "x y" now\',pass"'.encode()
    assert words(text)[0][-1] == "id:1,msg:'say \"x y\" now',pass"


def test_a_single_quote_that_is_never_closed_leaves_double_quotes_their_meaning() -> None:
    assert words(b'SecAction "id:1,msg:\'x"') == [("SecAction", "id:1,msg:'x")]


def test_files_of_windows_and_byte_order_marks_are_read_like_others() -> None:
    plain = b'A "x" \\\n y\nB 1\n'
    assert words(b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n")) == words(plain)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'A "x', "a double quote is opened and never closed"),
        (b'A "x\\"', "a double quote is opened and never closed"),
        (b"A 'x", "a single quote is opened and never closed"),
        (b'A "x"y', "a quote is closed and 'y' follows"),
        (b"A x \\ \nB 1", "a backslash has to be the last character of its line"),
    ],
)
def test_a_line_that_cannot_be_read_tells_why_and_the_rest_is_read(text: bytes, message: str) -> None:
    error, *others = directives(text + b"\nZ 1\n")
    assert isinstance(error, LexicalError)
    assert (error.line, error.directive) == (1, "A")
    assert message in str(error)
    assert others[-1] == Directive("Z", (b"1",), text.count(b"\n") + 2)


@given(st.binary(max_size=200) | st.text("\"'\\#\n\r \tAa1:,", max_size=60).map(str.encode))
def test_any_text_gives_directives_and_errors_in_the_order_of_its_lines(text: bytes) -> None:
    found = list(directives(text))
    assert [item.line for item in found] == sorted({item.line for item in found})
    assert all(item.line <= text.count(b"\n") + 1 for item in found)


@given(st.lists(st.text("abc \t|:@!,;()[]^$.*'", max_size=12), max_size=4), st.booleans())
def test_quoted_words_come_back_as_they_were(arguments: list[str], windows: bool) -> None:
    end = "\r\n" if windows else "\n"
    text = "A " + f" \\{end}".join(f'"{argument}"' for argument in arguments) + end
    assert words(text.encode()) == [("A", *arguments)]
