"""The transformation of HTML text: ``htmlEntityDecode``."""

from __future__ import annotations

import re

__all__ = ["html_entity_decode"]

_AMPERSAND = ord("&")
_ENTITY = re.compile(
    rb"&(?:#[xX]([0-9A-Fa-f]+)|#([0-9]+)|((?i:quot|amp|lt|gt|nbsp))[0-9A-Za-z]*);?",
)
_NAMES = {b"quot": b'"', b"amp": b"&", b"lt": b"<", b"gt": b">", b"nbsp": b"\xa0"}
_BASES = {1: 16, 2: 10}
_LONG_MAX = (1 << 63) - 1


def html_entity_decode(text: bytes) -> bytes:
    """Return the text with character references decoded to one byte each; the semicolon may be missing.

    Known are ``&#xhh;``, ``&#dd;`` (their lower eight bits; numbers beyond 63 bits count as the largest of them),
    ``&quot;``, ``&amp;``, ``&lt;``, ``&gt;`` and ``&nbsp;`` in any case. As in the reference implementation, a longer
    word that starts with one of these names counts as that name: ``&gtm=1`` gives ``>=1``.
    """
    return _ENTITY.sub(_decoded, text) if _AMPERSAND in text else text


def _decoded(match: re.Match[bytes]) -> bytes:
    kind = match.lastindex
    if kind == 3:
        return _NAMES[match[3].lower()]
    digits = match[1] or match[2]
    if len(digits) > 15:
        digits = digits.lstrip(b"0")[:20] or b"0"  # 20 digits are beyond 63 bits in either base
    return b"%c" % (min(int(digits, _BASES[kind]), _LONG_MAX) & 0xFF)  # type: ignore[index]
