"""Expanding macros: a template becomes a function of the transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bartizan.perimeter.waf.engine.variables import READERS, Pairs
from bartizan.perimeter.waf.seclang.template import Macro, Template

if TYPE_CHECKING:
    from bartizan.perimeter.waf.engine.transaction import Transaction

__all__ = ["Expansion", "expansion"]

Expansion = Callable[["Transaction"], bytes]


def expansion(template: Template) -> Expansion:
    """Return the function that expands ``template``; macros of unknown variables stay as they are written.

    Of several members with the name that a macro asks for, it is the last one, as in libmodsecurity; a macro without a
    name is the first of all.
    """
    literal = template.literal
    if literal is not None:
        return lambda _: literal
    parts = [_constant(part) if isinstance(part, bytes) else _macro(part) for part in template.parts]
    if len(parts) == 1:
        return parts[0]
    return lambda transaction: b"".join([part(transaction) for part in parts])


def _constant(text: bytes) -> Expansion:
    return lambda _: text


def _macro(macro: Macro) -> Expansion:
    key = macro.key
    if macro.variable == "TX" and key is not None:
        return lambda transaction: transaction.tx.get(key, b"")
    reader = READERS.get(macro.variable)
    if reader is None:
        return _constant(str(macro).encode("latin-1"))
    if macro.variable == "REQUEST_HEADERS" and key is not None:
        return lambda transaction: transaction.headers[key][-1][1] if key in transaction.headers else b""
    if key is not None:
        return lambda transaction: _last(reader(transaction), key)
    return lambda transaction: next((v for _, v in reader(transaction)), b"")


def _last(pairs: Pairs, key: bytes) -> bytes:
    found = b""
    for name, value in pairs:
        if name.lower() == key:
            found = value
    return found
