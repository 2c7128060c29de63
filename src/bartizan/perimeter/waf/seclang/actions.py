"""The actions part of a rule: ``id:1,phase:2,block,msg:'…',setvar:'tx.score=+%{tx.critical}'``."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["ActionError", "RawAction", "split_actions"]

_NAME = re.compile(rb"[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*")
_END = re.compile(rb"[ \t]*(,|\Z)")
_SELECTOR = re.compile(rb"[^,;']*;[ \t]*[!&]?(?!XML:)[A-Z_]+:(?=([/']))", re.IGNORECASE)
"""Of ``ctl:ruleRemoveTargetBy…``, up to a selector that may hold commas: a pattern, or a name in quotes."""


class ActionError(ValueError):
    """The actions part cannot be read."""


@dataclass(frozen=True, slots=True)
class RawAction:
    """An action as written: ``name`` in lower case, and what is behind the colon, without its quotes."""

    name: str
    value: bytes | None


def split_actions(text: bytes) -> list[RawAction]:
    """Split at commas outside single quotes. Raises ``ActionError``."""
    actions: list[RawAction] = []
    at, end = 0, len(text)
    comma = False
    while at < end or comma:
        found = _NAME.match(text, at)
        if found is None:
            if not text[at:].strip() and not comma:
                break
            raise ActionError(f"an action was expected at {_excerpt(text, at)}")
        name = found[1].decode("ascii").lower()
        at = found.end()
        value: bytes | None = None
        if text[at : at + 1] == b":":
            value, at = _value(text, at + 1, name)
        closing = _END.match(text, at)
        if closing is None:
            raise ActionError(f"a comma was expected at {_excerpt(text, at)}")
        comma = closing[1] == b","
        at = closing.end()
        actions.append(RawAction(name, value))
    return actions


def _value(text: bytes, at: int, name: str) -> tuple[bytes, int]:
    begun = at
    while text[begun : begun + 1] in (b" ", b"\t"):
        begun += 1
    if text[begun : begun + 1] != b"'":
        comma = text.find(b",", _selected(text, at) if name == "ctl" else at)
        end = len(text) if comma < 0 else comma
        return text[at:end].strip(b" \t"), end
    closing = _unescaped(text, b"'", begun + 1)
    if closing < 0:
        raise ActionError(f"a single quote is opened and never closed at {_excerpt(text, begun)}")
    return text[begun + 1 : closing].replace(b"\\'", b"'"), closing + 1


def _selected(text: bytes, at: int) -> int:
    """Return where to look for the comma after a ``ctl``: behind the pattern or quotes of its selector."""
    found = _SELECTOR.match(text, at)
    if found is None:
        return at
    closing = found.end()
    while (closing := _unescaped(text, found[1], closing + 1)) >= 0:
        if _END.match(text, closing + 1) is not None:
            return closing + 1
    return at


def _unescaped(text: bytes, quote: bytes, at: int) -> int:
    at = text.find(quote, at)
    while at > 0 and text[at - 1] == ord("\\"):
        at = text.find(quote, at + 1)
    return at


def _excerpt(text: bytes, at: int) -> str:
    piece = text[at : at + 30].decode("latin-1")
    return repr(piece) if piece else "the end"
