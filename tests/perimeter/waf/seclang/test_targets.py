"""The variables of a rule, with selectors, exclusions and counts."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.seclang.model import Selector, Target
from bartizan.perimeter.waf.seclang.names import COLLECTIONS, SCALARS
from bartizan.perimeter.waf.seclang.targets import TargetError, parse_target, parse_targets


def shown(text: str) -> tuple[list[str], list[str]]:
    """Return what is looked at and what is left out, each as it is written."""
    included, excluded = parse_targets(text.encode())
    return [str(target) for target in included], [str(target) for target in excluded]


@pytest.mark.parametrize(
    ("text", "included", "excluded"),
    [
        ("ARGS", ["ARGS"], []),
        ("args", ["ARGS"], []),
        ("ARGS|ARGS_NAMES", ["ARGS", "ARGS_NAMES"], []),
        ("ARGS,ARGS_NAMES", ["ARGS", "ARGS_NAMES"], []),
        ("ARGS | ARGS_NAMES", ["ARGS", "ARGS_NAMES"], []),
        ("ARGS|!ARGS:Foo|!ARGS:/^__/", ["ARGS"], ["ARGS:foo", "ARGS:/^__/"]),
        ("&ARGS:a|&REQUEST_HEADERS:Host", ["&ARGS:a", "&REQUEST_HEADERS:host"], []),
        ("ARGS.a|TX.0", ["ARGS:a", "TX:0"], []),
        ("XML:/*|XML://@*", ["XML:/*", "XML://@*"], []),
        ("XML:/a[@b='c|d,e']/f|ARGS", ["XML:/a[@b='c|d,e']/f", "ARGS"], []),
        ("ARGS:/a|b/|ARGS:c", ["ARGS:/a|b/", "ARGS:c"], []),
        ("ARGS:/a{1,2}/,ARGS:c", ["ARGS:/a{1,2}/", "ARGS:c"], []),
        (r"ARGS:/a\/b/|ARGS", [r"ARGS:/a\/b/", "ARGS"], []),
        ("ARGS:'/a b|c/'|ARGS", ["ARGS:/a b|c/", "ARGS"], []),
        ("ARGS:'a|b'|ARGS", ["ARGS:'a|b'", "ARGS"], []),
        ("ARGS:'it\\'s'", ["ARGS:it's"], []),
        ("ARGS:a[0].b", ["ARGS:a[0].b"], []),
        ("ARGS:/a", ["ARGS:'/a'"], []),
        ("ARGS:/a/b|ARGS", ["ARGS:'/a/b'", "ARGS"], []),
        ("STATUS", ["RESPONSE_STATUS"], []),
        (
            r"ARGS_NAMES|!ARGS_NAMES:/^[\w]+\[[\w\-]+\]\[[\w\-]*?\]$/",
            ["ARGS_NAMES"],
            [r"ARGS_NAMES:/^[\w]+\[[\w\-]+\]\[[\w\-]*?\]$/"],
        ),
        (r"REQUEST_COOKIES:/\x22?\x24Version/", [r"REQUEST_COOKIES:/\x22?\x24Version/"], []),
        ("&MULTIPART_PART_HEADERS:_charset_", ["&MULTIPART_PART_HEADERS:_charset_"], []),
    ],
)
def test_targets_are_read(text: str, included: list[str], excluded: list[str]) -> None:
    assert shown(text) == (included, excluded)


def test_selectors_are_names_patterns_or_xpaths() -> None:
    assert parse_target(b"ARGS:A").selector == Selector("key", b"a")
    assert parse_target(b"ARGS:/A/").selector == Selector("regex", b"A")
    assert parse_target(b"XML:/A/B").selector == Selector("xpath", b"/A/B")
    assert parse_target(b"ARGS").selector is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a variable is missing"),
        ("ARGS|", "a variable is missing"),
        ("|ARGS", "a variable is missing"),
        ("ARGS||ARGS", "a variable is missing"),
        ("FOO", "FOO is no variable"),
        ("ARGS ARGS", "ARGS ARGS is no variable"),
        ("!", "(nothing) is no variable"),
        ("ARGS:", "ARGS: has nothing behind the colon"),
        ("REMOTE_ADDR:x", "REMOTE_ADDR has no members"),
        ("ARGS:'x", "a single quote is opened and never closed"),
    ],
)
def test_targets_that_cannot_be_read_tell_why(text: str, message: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse_targets(text.encode())
    assert message in str(caught.value)


@given(st.binary(max_size=80) | st.text("ARGSXML|,:/'!&.\\ a[](", max_size=60).map(str.encode))
def test_any_text_is_read_or_refused(text: bytes) -> None:
    with contextlib.suppress(TargetError):
        parse_targets(text)


_KEYS = st.binary(min_size=1, max_size=12).filter(lambda key: b"\\" not in key and key == key.strip().lower())
_SELECTORS = (
    st.none()
    | _KEYS.filter(lambda key: not (len(key) > 1 and key[:1] == key[-1:] == b"/")).map(lambda key: Selector("key", key))
    | st.text("ab|,.*+ []", min_size=1, max_size=12).map(lambda text: Selector("regex", text.encode()))
)
_TARGETS = st.builds(Target, st.sampled_from(sorted(COLLECTIONS - {"XML"})), _SELECTORS, st.booleans()) | st.builds(
    Target, st.sampled_from(sorted(SCALARS)), st.none(), st.booleans()
)


@given(st.lists(_TARGETS, min_size=1, max_size=4), st.sampled_from("|,"))
def test_targets_written_are_read_as_they_were(targets: list[Target], separator: str) -> None:
    text = separator.join(str(target) for target in targets).encode("latin-1")
    assert parse_targets(text) == (tuple(targets), ())
