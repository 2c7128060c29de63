"""Texts with macros."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.seclang.template import (
    Macro,
    Template,
    TemplateError,
    parse_pattern,
    parse_template,
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (b"", ()),
        (b"x", (b"x",)),
        (b"%{tx.a}", (Macro("TX", b"a"),)),
        (b"a %{TX.A} b", (b"a ", Macro("TX", b"a"), b" b")),
        (b"%{MATCHED_VAR}%{matched_var_name}", (Macro("MATCHED_VAR"), Macro("MATCHED_VAR_NAME"))),
        (b"%{REQUEST_HEADERS.User-Agent}", (Macro("REQUEST_HEADERS", b"user-agent"),)),
        (b"%{args:x}", (Macro("ARGS", b"x"),)),
        (b"%{tx.a.b}", (Macro("TX", b"a.b"),)),
        (b"%{ tx.a }", (Macro("TX", b"a"),)),
        (b"%%{tx.a}%", (b"%", Macro("TX", b"a"), b"%")),
    ],
)
def test_macros_name_a_variable_and_a_member(text: bytes, parts: tuple[bytes | Macro, ...]) -> None:
    assert parse_template(text).parts == parts
    assert parse_pattern(text).parts == parts


@pytest.mark.parametrize("text", [b"%{}", b"%{ }", b"%{", b"%{tx.a", b"%{2}", b"100%% {a}", b"%{tx.}", b"a%{.x}"])
def test_what_names_nothing_is_text(text: bytes) -> None:
    assert parse_template(text).literal == text
    assert parse_pattern(text).literal == text


@pytest.mark.parametrize("text", [b"%{foo}", b"a %{foo.bar} b", b"%{HTTP_HOST}"])
def test_an_unknown_variable_is_refused_but_is_text_in_a_pattern(text: bytes) -> None:
    with pytest.raises(TemplateError, match=r"names no variable"):
        parse_template(text)
    assert parse_pattern(text).literal == text


def test_a_template_tells_its_macros_and_whether_it_is_literal() -> None:
    template = parse_template(b"a%{tx.b}c%{REMOTE_ADDR}")
    assert template.macros == (Macro("TX", b"b"), Macro("REMOTE_ADDR"))
    assert template.literal is None
    assert str(template) == "a%{TX.b}c%{REMOTE_ADDR}"
    assert Template(()).literal == b""


@given(st.binary(max_size=60) | st.text("%{}tx.a ", max_size=40).map(str.encode))
def test_any_text_is_read_or_refused_and_keeps_what_is_no_macro(text: bytes) -> None:
    assert b"".join(part for part in parse_pattern(text).parts if isinstance(part, bytes)) == text or b"%{" in text
    with contextlib.suppress(TemplateError):
        parse_template(text)


@given(
    st.lists(
        st.binary(min_size=1, max_size=8).filter(lambda part: not {*part} & {*b"%{}"}) | st.just(Macro("TX", b"a"))
    )
)
def test_templates_written_are_read_as_they_were(parts: list[bytes | Macro]) -> None:
    text = str(Template(tuple(parts))).encode("latin-1")
    again = parse_template(text)
    assert str(again).encode("latin-1") == text
    assert again.macros == tuple(part for part in parts if isinstance(part, Macro))
