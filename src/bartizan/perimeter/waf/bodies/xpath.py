"""XPath 1.0 expressions of rules (``XML:/*``, ``XML://@*``), compiled once, and only those that take linear time.

libxml2 keeps node sets free of duplicates by comparing each with each, so nested descendant steps, unions and steps
back up the tree take time that grows with the square of the document (``//a//a`` on 20,000 nested elements: 13
seconds). Unions are evaluated here one by one; the rest is refused when the rule is loaded.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lxml import etree

from bartizan.errors import BartizanError

__all__ = ["XPathError", "compile_xpath"]

_LITERAL = re.compile(r"\"[^\"]*\"|'[^']*'")
_DOWN = re.compile(r"//|\bdescendant\b")
_UP = re.compile(r"\.\.|\b(?:parent|ancestor)(?:-or-self)?\s*::")
_ASIDE = re.compile(r"\b(?:following|preceding)(?:-sibling)?\s*::")
_INNER_ABSOLUTE = re.compile(r"(?:[\[(,=<>+|]|\b(?:and|or|div|mod)\s|-\s)\s*/")
_PROBE = etree.XML("<probe/>")


class XPathError(BartizanError):
    """An XPath expression cannot be compiled, or would not take linear time; the message says which part."""


@lru_cache(maxsize=1024)
def compile_xpath(expression: bytes, namespaces: tuple[tuple[str, str], ...] = ()) -> tuple[etree.XPath, ...]:
    """Compile ``expression``; the values are those of all expressions that are returned, one after the other.

    ``namespaces`` are prefix and URI of each ``xmlns:`` action of the rule.

    Raises:
        XPathError: it is not XPath 1.0, uses a prefix or function that is not known, or is refused (see the module).
    """
    try:
        text = expression.decode()
    except UnicodeDecodeError:
        raise XPathError(f"XPath expression {expression!r} is not UTF-8") from None
    compiled = []
    for part in _alternatives(text):
        _check(part)
        try:
            path = etree.XPath(part, namespaces=dict(namespaces), regexp=False, smart_strings=False)
            path(_PROBE)
        except etree.XPathError as error:
            raise XPathError(f"XPath expression {text!r}: {error}") from None
        compiled.append(path)
    return tuple(compiled)


def _mask(text: str) -> str:
    """Return ``text`` with the inside of its string literals blanked, at the same positions."""
    return _LITERAL.sub(lambda match: "'" + " " * (len(match[0]) - 2) + "'", text)


def _alternatives(text: str) -> list[str]:
    """Split ``text`` at the ``|`` that stand outside of brackets, parentheses and literals."""
    parts = []
    depth = begun = 0
    for place, character in enumerate(_mask(text)):
        if character in "[(":
            depth += 1
        elif character in "])":
            depth -= 1
        elif character == "|" and depth == 0:
            parts.append(text[begun:place])
            begun = place + 1
    return [*parts, text[begun:]]


def _check(text: str) -> None:
    masked = _mask(text)
    predicates = "[".join(masked.split("[")[1:])
    for fault, found in (
        ("more than one descendant step (//)", len(_DOWN.findall(masked)) > 1),
        ("a descendant step inside a predicate", _DOWN.search(predicates)),
        ("a sibling, following or preceding axis", _ASIDE.search(masked)),
        ("a parent or ancestor step after a descendant step", _DOWN.search(masked) and _UP.search(masked)),
        ("a parent or ancestor step inside a predicate", _UP.search(predicates)),
        ("an absolute path inside a predicate", _INNER_ABSOLUTE.search("[" + predicates) if predicates else None),
        ("a union inside of it", "|" in masked),
        ("a variable", "$" in masked),
    ):
        if found:
            raise XPathError(
                f"XPath expression {text!r} has {fault}, which is not supported: it may take quadratic time"
            )
