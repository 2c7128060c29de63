"""The transformations of libmodsecurity, driven through a rule: what ours have to do, byte for byte."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote_from_bytes

from hypothesis import given
from hypothesis import strategies as st
from libmodsecurity import ModSecurity, RuleMessage, RulesSet, Transaction

from bartizan.perimeter.waf.transformations import TRANSFORMATIONS

# Log data is neither cut nor escaped in what the callback gets, but it ends at a NUL byte: hence hexEncode.
_RULES = """
SecRuleEngine DetectionOnly
SecRequestBodyAccess On
SecRequestBodyLimit 134217728
SecRequestBodyNoFilesLimit 134217728
{more}
SecRule ARGS:x "@unconditionalMatch" \
    "id:1,phase:2,pass,log,msg:'x',t:none,t:{name},t:hexEncode,logdata:'%{{MATCHED_VAR}}'"
"""

_SKIPPED_BACKSLASH = re.compile(rb"(?:[/\\]{2,}|\.[/\\]+)\\")
_BASE64_DIGIT = re.compile(rb"[0-9A-Za-z+/]")


class Difference(NamedTuple):
    """Where a transformation differs from the reference's on purpose."""

    concerns: Callable[[bytes], bool]
    """Tells whether a text may be concerned."""

    because: str


_BACKSLASHES = Difference(
    lambda text: _SKIPPED_BACKSLASH.search(text) is not None,
    "It turns a backslash where it stands at the byte that is read or at the next one. Of three and more slashes in a "
    "row it skips to the last without turning it, and so of two behind a dot. The reference manual says that all are "
    "turned, and a path shall not come through behind some more backslashes.",
)
DIFFERENCES = {
    "normalisePathWin": _BACKSLASHES,
    "normalizePathWin": _BACKSLASHES,
    "base64DecodeExt": Difference(
        lambda text: text[-1:] == b"9" and len(_BASE64_DIGIT.findall(text)) % 4 == 1,
        "It takes a 9 at the end for padding, since it compares the value of the digit (61) with the character = (code "
        "61), and returns nothing for what is not padded right. The reference manual says that this transformation "
        "forgives; decoders ignore a digit in excess, so one 9 would hide all of a text.",
    ),
}
"""All differences on purpose, by transformation."""

_messages: list[RuleMessage] = []


@functools.cache
def _engine() -> ModSecurity:
    engine = ModSecurity()
    engine.set_rule_message_callback(_messages.append)
    return engine


@functools.cache
def _rules(name: str, unicode_map: Path | None, code_page: int) -> RulesSet:
    rules = RulesSet()
    more = "" if unicode_map is None else f"SecUnicodeMapFile {unicode_map} {code_page}"
    assert rules.load(_RULES.format(name=name, more=more)) == 1, rules.get_parser_error()
    return rules


def reference(name: str, text: bytes, unicode_map: Path | None = None, code_page: int = 0) -> bytes:
    """Return what libmodsecurity makes of a text."""
    transaction = Transaction(_engine(), _rules(name, unicode_map, code_page))
    transaction.process_connection("127.0.0.1", 1, "127.0.0.1", 80)
    transaction.process_uri("/", "POST", "1.1")
    transaction.add_request_header("Content-Type", "application/x-www-form-urlencoded")
    transaction.process_request_headers()
    transaction.append_request_body(b"x=" + quote_from_bytes(text).encode())
    _messages.clear()
    transaction.process_request_body()
    (message,) = _messages
    return bytes.fromhex(message.data)


def texts(pieces: Iterable[bytes | int], size: int = 24) -> st.SearchStrategy[bytes]:
    """Return the strategy for texts of these pieces, now and then with any other bytes between them."""
    known = [piece if isinstance(piece, bytes) else bytes((piece,)) for piece in pieces]
    piece = st.one_of(st.sampled_from(known), st.sampled_from(known), st.sampled_from(known), st.binary(max_size=3))
    return st.lists(piece, max_size=size).map(b"".join)


def check(name: str, text: bytes) -> None:
    """Compare one transformation with the reference's, on one text."""
    ours = TRANSFORMATIONS[name.lower()](text)
    assert ours == reference(name, text), text
    if ours == text:
        assert ours is text, text


def agrees(name: str, pieces: Iterable[bytes | int]) -> None:
    """Compare one transformation with the reference's on many texts of these pieces, but for the known differences."""
    difference = DIFFERENCES.get(name)

    @given(texts(pieces).filter(lambda text: difference is None or not difference.concerns(text)))
    def compare(text: bytes) -> None:
        check(name, text)

    compare()
