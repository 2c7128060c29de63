"""The form of what is kept of people and groups, names to log in with aside (``names.py``)."""

from __future__ import annotations

import unicodedata

__all__ = ["MAX_GROUP", "MAX_TEXT", "is_email", "is_line", "normalised_group"]

MAX_GROUP = 128  # characters
MAX_TEXT = 256
MAX_EMAIL = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets
_MAX_LOCAL = 64


def is_line(text: str) -> bool:
    """Tell whether a text is one line that can be seen: no control characters, none that change the direction."""
    return len(text) <= MAX_TEXT and text.isprintable()


def is_email(text: str) -> bool:
    """Tell whether a text can be an address for mail (``local@domain``); whether there is such a one is not known."""
    local, at, domain = text.rpartition("@")
    return (
        0 < len(local) <= _MAX_LOCAL
        and bool(at and domain)
        and len(text) <= MAX_EMAIL
        and text.isprintable()
        and not any(letter.isspace() or letter in '@<>()[],;:\\"' for letter in local + domain)
    )


def normalised_group(text: str) -> str:
    """Return a group's name as the records have it: NFC, without spaces around it; empty for what can be no name."""
    if len(text) > MAX_GROUP:
        return ""
    name = unicodedata.normalize("NFC", text).strip()
    return name if len(name) <= MAX_GROUP and name.isprintable() else ""
