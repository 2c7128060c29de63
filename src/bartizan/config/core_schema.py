"""What a plain YAML scalar means: the core schema of YAML 1.2.2, section 10.3.2."""

from __future__ import annotations

import re

__all__ = ["Scalar", "UnknownTag", "resolve_scalar"]

Scalar = str | int | float | bool | None

_TAG = "tag:yaml.org,2002:"
_MAX_DIGITS = 40
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NUMBER_BEGINS = frozenset("+-.0123456789")


class UnknownTag(ValueError):
    """A scalar has a tag that is not of the core schema, or that its text does not fit."""


def resolve_scalar(text: str, tag: str | None = None, *, plain: bool = True) -> Scalar:
    """Return the value of a scalar; ``plain`` tells that it had neither quotes nor a tag.

    Numbers of more than 40 digits, and those that are not finite, stay text. Raises ``UnknownTag``.
    """
    if plain:
        return _plain(text)
    if tag in (None, "!", _TAG + "str"):
        return text
    value = _plain(text)
    if (tag, type(value)) in _TYPES:
        return value
    raise UnknownTag(tag)


_TYPES = {
    (_TAG + "null", type(None)),
    (_TAG + "bool", bool),
    (_TAG + "int", int),
    (_TAG + "float", float),
}


def _plain(text: str) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_BEGINS or len(text) > _MAX_DIGITS:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _OCTAL.fullmatch(text):
        return int(text, 0)
    return int(text, 0) if _HEXADECIMAL.fullmatch(text) else text
