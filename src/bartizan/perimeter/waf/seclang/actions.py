"""The actions part of a rule: ``id:1,phase:2,block,msg:'…',setvar:'tx.score=+%{tx.critical}'``."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["ActionError", "RawAction", "split_actions"]

_NAME = re.compile(rb"[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*")
_END = re.compile(rb"[ \t]*(,|\Z)")


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
    while at < end:
        found = _NAME.match(text, at)
        if found is None:
            raise ActionError(f"an action was expected at {_excerpt(text, at)}")
        name = found[1].decode("ascii").lower()
        at = found.end()
        value: bytes | None = None
        if text[at : at + 1] == b":":
            value, at = _value(text, at + 1)
        closing = _END.match(text, at)
        if closing is None:
            raise ActionError(f"a comma was expected at {_excerpt(text, at)}")
        at = closing.end()
        actions.append(RawAction(name, value))
    return actions


def _value(text: bytes, at: int) -> tuple[bytes, int]:
    begun = at
    while text[begun : begun + 1] in (b" ", b"\t"):
        begun += 1
    if text[begun : begun + 1] != b"'":
        comma = text.find(b",", at)
        end = len(text) if comma < 0 else comma
        return text[at:end].strip(), end
    closing = text.find(b"'", begun + 1)
    while closing > 0 and text[closing - 1] == ord("\\"):
        closing = text.find(b"'", closing + 1)
    if closing < 0:
        raise ActionError(f"a single quote is opened and never closed at {_excerpt(text, begun)}")
    return text[begun + 1 : closing].replace(b"\\'", b"'"), closing + 1


def _excerpt(text: bytes, at: int) -> str:
    piece = text[at : at + 30].decode("latin-1")
    return repr(piece) if piece else "the end"
