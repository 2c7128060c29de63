from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.bodies.xpath import XPathError, compile_xpath


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        (b"/*", 1),
        (b"//@*", 1),
        (b"//b[1]/text()", 1),
        (b"/a/b[@c='//' and position()<3]", 1),
        (b"//a|/b[@c='|']|//@*", 3),
        (b"/a/../b", 1),
    ],
)
def test_linear_expressions_are_compiled(expression: bytes, parts: int) -> None:
    assert len(compile_xpath(expression)) == parts


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        (b"//a//b", "more than one descendant"),
        (b"/descendant::a/descendant-or-self::b", "more than one descendant"),
        (b"/a[//b]", "inside a predicate"),
        (b"/a[.//b]", "inside a predicate"),
        (b"/a[/b]", "absolute path"),
        (b"/a[1 = count(/b)]", "absolute path"),
        (b"//a/..", "parent or ancestor"),
        (b"/a/b[../c]", "parent or ancestor"),
        (b"//a/ancestor::b", "parent or ancestor"),
        (b"/a/b/following-sibling::b", "sibling"),
        (b"/a/preceding :: b", "sibling"),
        (b"/a[b|c]", "union"),
        (b"/a[$b]", "variable"),
    ],
)
def test_what_may_take_quadratic_time_is_refused(expression: bytes, fault: str) -> None:
    with pytest.raises(XPathError, match=fault):
        compile_xpath(expression)


@pytest.mark.parametrize("expression", [b"", b"//a[", b"/soap:a", b"nofunction()", b"\xff", b"re:test('a','b')", b"|"])
def test_what_is_no_xpath_is_refused(expression: bytes) -> None:
    with pytest.raises(XPathError):
        compile_xpath(expression)


def test_prefixes_come_from_the_rule() -> None:
    assert compile_xpath(b"/soap:a", (("soap", "http://s/"),))


@given(
    st.lists(
        st.sampled_from(["/", "//", "a", "*", "@", "[", "]", "(", ")", "|", "'", '"', "..", "::", "text()", "=", "1"])
    ).map("".join)
)
def test_nothing_else_is_raised(expression: str) -> None:
    with suppress(XPathError):
        compile_xpath(expression.encode())
