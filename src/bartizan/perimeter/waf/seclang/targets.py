"""The variables part of a rule: ``ARGS|!ARGS:/^__/|&REQUEST_HEADERS:Host|XML:/*``."""

from __future__ import annotations

from bartizan.perimeter.waf.seclang.model import Selector, Target
from bartizan.perimeter.waf.seclang.names import is_collection, is_variable

__all__ = ["TargetError", "parse_target", "parse_targets"]

_SEPARATORS = b"|,"

_ALIASES = {"STATUS": "RESPONSE_STATUS"}
"""Names that ModSecurity v3 takes for others, beside those of its reference manual."""


class TargetError(ValueError):
    """The variables part cannot be read."""


def parse_targets(text: bytes) -> tuple[tuple[Target, ...], tuple[Target, ...]]:
    """Return what is looked at and what is excluded from it (``!``). Raises ``TargetError``."""
    targets: list[Target] = []
    excluded: list[Target] = []
    at = 0
    while at <= len(text):
        item, at = _item(text, at)
        if item.startswith(b"!"):
            excluded.append(parse_target(item[1:]))
        elif item:
            targets.append(parse_target(item))
        else:
            raise TargetError("a variable is missing: write names separated by |")
    return tuple(targets), tuple(excluded)


def parse_target(text: bytes) -> Target:
    """Read one variable with its selector. Raises ``TargetError``."""
    text = text.strip()
    count = text.startswith(b"&")
    name, colon, rest = text[count:].partition(b":")
    if not colon:
        name, dot, key = name.partition(b".")
        if dot:
            colon, rest = b":", key
    variable = name.decode("latin-1").upper()
    variable = _ALIASES.get(variable, variable)
    if not is_variable(variable):
        raise TargetError(f"{variable or '(nothing)'} is no variable: see the list in docs/waf-rules.md")
    if not colon:
        return Target(variable, None, count)
    if not is_collection(variable):
        raise TargetError(f"{variable} has no members: remove the part behind the colon")
    return Target(variable, _selector(variable, _unquoted(rest)), count)


def _item(text: bytes, at: int) -> tuple[bytes, int]:
    """Return one item, and where the next begins; separators within quotes or patterns do not count."""
    begun = at
    end = len(text)
    while at < end and text[at] not in _SEPARATORS:
        if text[at] == ord(":"):
            at = _end_of_selector(text, begun, at + 1)
            break
        at += 1
    return text[begun:at].strip(), at + 1


def _end_of_selector(text: bytes, begun: int, at: int) -> int:
    quote = text[at : at + 1]
    if quote == b"'":
        closing = text.find(b"'", at + 1)
        while closing > 0 and text[closing - 1] == ord("\\"):
            closing = text.find(b"'", closing + 1)
        if closing < 0:
            raise TargetError("a single quote is opened and never closed")
        at = closing + 1
    elif text[begun:at].lstrip(b" !&").upper() == b"XML:":
        return _end_of_xpath(text, at)
    elif quote == b"/":
        at = _end_of_pattern(text, at)
    separators = [found for found in (text.find(b"|", at), text.find(b",", at)) if found >= 0]
    return min(separators, default=len(text))


def _end_of_pattern(text: bytes, begun: int) -> int:
    """Return where a pattern ends; what is never closed is no pattern but a name that begins with a slash."""
    at = begun + 1
    while (at := text.find(b"/", at)) >= 0:
        if text[at - 1] != ord("\\") and text[at + 1 : at + 2] in (b"", b"|", b",", b" "):
            return at + 1
        at += 1
    return begun


def _end_of_xpath(text: bytes, at: int) -> int:
    """Return the next separator outside the brackets and quotes of an XPath."""
    depth = 0
    quote = 0
    for position in range(at, len(text)):
        byte = text[position]
        if quote:
            quote = 0 if byte == quote else quote
        elif byte in b"'\"":
            quote = byte
        elif byte in b"[(":
            depth += 1
        elif byte in b"])":
            depth -= 1
        elif byte in _SEPARATORS and depth <= 0:
            return position
    return len(text)


def _unquoted(text: bytes) -> bytes:
    if len(text) >= 2 and text.startswith(b"'") and text.endswith(b"'"):
        return text[1:-1].replace(b"\\'", b"'")
    return text


def _selector(variable: str, text: bytes) -> Selector:
    if not text:
        raise TargetError(f"{variable}: has nothing behind the colon")
    if variable == "XML":
        return Selector("xpath", text)
    if len(text) >= 2 and text.startswith(b"/") and text.endswith(b"/"):
        return Selector("regex", text[1:-1])
    return Selector("key", text.lower())
