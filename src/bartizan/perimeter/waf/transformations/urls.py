"""Transformations of URL-encoded text: ``urlDecode``, ``urlDecodeUni`` and ``urlEncode``."""

from __future__ import annotations

import re
from codecs import latin_1_encode, unicode_escape_decode
from collections.abc import Callable, Mapping
from string import ascii_letters

__all__ = ["url_decode", "url_decode_uni", "url_encode"]

_PERCENT, _PLUS, _BACKSLASH = b"%+\\"
_STRAY = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_PERCENT_U = re.compile(rb"%[uU]([0-9A-Fa-f]{4})")
_SPECIAL = re.compile(rb"[^0-9A-Za-z*]")
_ENCODED = tuple(b"%%%02x" % byte for byte in range(256))
_PLAIN = frozenset(ascii_letters.encode() + b"0123456789*")
_FORM = tuple(b"+" if byte == 0x20 else b"%c" % byte if byte in _PLAIN else _ENCODED[byte] for byte in range(256))


def url_decode(text: bytes) -> bytes:
    """Return the text with ``%HH`` and ``+`` decoded (RFC 3986, 2.1; HTML forms); what is no encoding stays."""
    if _PLUS in text:
        text = text.replace(b"+", b" ")
    return _percent_decoded(text) if _PERCENT in text else text


def _percent_decoded(text: bytes) -> bytes:
    r"""Decode all ``%HH`` at once by having Python read them as ``\xHH``; no loop over them is as fast."""
    escaped = text.replace(b"\\", rb"\\") if _BACKSLASH in text else text
    try:
        return latin_1_encode(unicode_escape_decode(escaped.replace(b"%", rb"\x"))[0])[0]
    except UnicodeDecodeError:  # there is a % that encodes nothing: have it encode itself
        escaped = _STRAY.sub(b"%25", escaped)
    decoded = latin_1_encode(unicode_escape_decode(escaped.replace(b"%", rb"\x"))[0])[0]
    return text if decoded == text else decoded


def url_decode_uni(unicode_map: Mapping[int, int] | None) -> Callable[[bytes], bytes]:
    """Return the transformation ``urlDecodeUni`` for a Unicode map.

    It decodes as ``urlDecode`` does, and ``%uHHHH`` of Microsoft IIS to one byte: what the map says, otherwise the
    ASCII character of a full-width form (U+FF01 to U+FF5E), otherwise the lower eight bits.

    Args:
        unicode_map: bytes by code point, as :func:`~.unicode_map.read_unicode_map` returns them; None: no map.
    """
    bytes_of = unicode_map or {}

    def percent_encoded(match: re.Match[bytes]) -> bytes:
        code = int(match[1], 16)
        byte = bytes_of.get(code)
        if byte is None:
            byte = code + 0x20 if 0xFF00 < code < 0xFF5F else code
        return _ENCODED[byte & 0xFF]

    def decode(text: bytes) -> bytes:
        if _PLUS in text:
            text = text.replace(b"+", b" ")
        if _PERCENT not in text:
            return text
        if text.find(b"%u") >= 0 or text.find(b"%U") >= 0:
            # The % that replaces a %u meets the same neighbours on both sides, so no other encoding comes or goes.
            text = _PERCENT_U.sub(percent_encoded, text)
        return _percent_decoded(text)

    return decode


def url_encode(text: bytes) -> bytes:
    """Return the text with all but ASCII letters, digits and ``*`` as ``%hh``, spaces as ``+``."""
    return text if _SPECIAL.search(text) is None else b"".join(map(_FORM.__getitem__, text))
