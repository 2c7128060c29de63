"""Reading the file that ``SecUnicodeMapFile`` names: which byte stands for which Unicode character."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bartizan.errors import BartizanError

__all__ = ["UnicodeMapError", "read_unicode_map"]

_FULL_STOPS = dict.fromkeys((0x002E, 0x3002, 0xFF0E, 0xFF61), 0x2E)
"""What RFC 3490, 3.1 has read as a full stop holds in every code page that does not say otherwise."""

_MAPPING = re.compile(rb"(?:0[xX])?([0-9A-Fa-f]+):(?:0[xX])?([0-9A-Fa-f]+)")


class UnicodeMapError(BartizanError):
    """A Unicode map cannot be read; the message says why and what to do."""


def read_unicode_map(text: bytes, code_page: int) -> Mapping[int, int]:
    """Return the bytes (0 to 255) of one code page by code point (0 to 65535).

    Args:
        text: the file: for each code page its number, a remark, and ``hhhh:hh`` pairs, all separated by white space.
        code_page: the number of the code page, such as 20127 for ASCII.

    Raises:
        UnicodeMapError: the file has no such code page, or it has no pairs.
    """
    words = iter(text.split())
    number = b"%d" % code_page
    if number not in words:  # moves to behind the number
        raise UnicodeMapError(f"code page {code_page} is not in the Unicode map; name one that the file has")
    mapping = dict(_FULL_STOPS)
    found = False
    for word in words:
        pair = _MAPPING.match(word)
        if pair is not None:
            found = True
            code = int(pair[1], 16)
            if code <= 0xFFFF:
                mapping[code] = int(pair[2], 16) & 0xFF
        elif found:
            break
    if not found:
        raise UnicodeMapError(f"code page {code_page} is empty in the Unicode map; name another one")
    return mapping
