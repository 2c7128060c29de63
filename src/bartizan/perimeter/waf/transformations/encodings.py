"""Transformations between bytes and their spellings: base 16, base 64 (RFC 4648) and UTF-8."""

from __future__ import annotations

import re
from binascii import Error as BinasciiError
from binascii import a2b_base64, b2a_base64, hexlify, unhexlify
from itertools import accumulate

__all__ = [
    "base64_decode",
    "base64_decode_ext",
    "base64_encode",
    "hex_decode",
    "hex_encode",
    "sql_hex_decode",
    "utf8_to_unicode",
]

_LINE_FEED, _ZERO, _BACKSLASH = b"\n0\\"
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BASE64 = re.compile(rb"[0-9A-Za-z+/]*={0,2}")
_NOT_BASE64 = bytes(set(range(256)).difference(_ALPHABET + b"="))
_SQL_HEX = re.compile(rb"0[xX]((?:[0-9A-Fa-f]{2})+)")
_DIGIT = bytes(((byte & 0xDF) - 55 if byte >= 65 else byte - 48) & 0xFF for byte in range(256))
"""What the reference implementation takes each byte for as a hexadecimal digit, modulo 256."""


def base64_encode(text: bytes) -> bytes:
    """Return the text in base 64, with padding and without line ends."""
    return b2a_base64(text, newline=False)


def base64_decode(text: bytes) -> bytes:
    """Return what the text says in base 64 up to its first NUL byte, or the text itself where that is malformed.

    Lines may end in spaces, CR LF and LF. Padding is required, other characters are not accepted.
    """
    digits = text.partition(b"\0")[0]
    if _LINE_FEED in digits:
        *lines, last = digits.split(b"\n")
        digits = b"".join(line.removesuffix(b"\r").rstrip(b" ") for line in lines) + last
    digits = digits.rstrip(b" ")
    if len(digits) % 4 or _BASE64.fullmatch(digits) is None:
        return text
    return a2b_base64(digits)


def base64_decode_ext(text: bytes) -> bytes:
    """Return what the text says in base 64, skipping all other characters; padding may be missing.

    Nothing is returned where padding follows the first of four digits, which cannot be. A digit that is left over at
    the end is skipped (the reference implementation returns nothing where it is a 9, which it takes for padding).
    """
    digits = text.translate(None, _NOT_BASE64)
    if b"=" in digits:
        parts = digits.split(b"=")
        if any(count % 4 == 1 for count in accumulate(map(len, parts[:-1]))):
            return b""
        digits = b"".join(parts)
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    return a2b_base64(digits + b"=" * (-len(digits) % 4))


def hex_encode(text: bytes) -> bytes:
    """Return two small hexadecimal digits for each byte."""
    return hexlify(text)


def hex_decode(text: bytes) -> bytes:
    """Return one byte for each two hexadecimal digits; an odd one at the end goes.

    What is no digit counts as the number that the reference implementation's arithmetic makes of it.
    """
    if len(text) % 2:
        text = text[:-1]
    try:
        return unhexlify(text)
    except BinasciiError:
        values = text.translate(_DIGIT)
        return bytes([high * 16 + low & 0xFF for high, low in zip(values[::2], values[1::2], strict=True)])


def sql_hex_decode(text: bytes) -> bytes:
    """Return the text with hexadecimal numbers of SQL (``0x414243``) as the characters that they stand for."""
    if _ZERO not in text or (text.find(b"0x") < 0 and text.find(b"0X") < 0):
        return text
    return _SQL_HEX.sub(lambda match: unhexlify(match[1]), text)


_SEQUENCE = re.compile(rb"([\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf7][\x80-\xbf]{3})|([\xc0-\xf7])")
_LEAD_BITS = {2: 0x1F, 3: 0x0F, 4: 0x07}
_SHORTEST = {2: 0x80, 3: 0x800, 4: 0x10000}


def utf8_to_unicode(text: bytes) -> bytes:
    """Return the text with the characters that UTF-8 (RFC 3629) spells in several bytes as ``%uhhhh``, without NULs.

    The first byte of an overlong sequence, of a surrogate and of what lies beyond Unicode is kept beside it, so the
    anomaly stays visible; a first byte without the others goes, a later one without a first stays. As in the reference
    implementation, a NUL at the end stays, too.
    """
    spelled = text if text.isascii() else _spelled(text)
    if 0 in spelled:
        last = b"\0" if text[-1] == 0 else b""
        spelled = spelled.replace(b"\0", b"") + last
    return text if spelled == text else spelled


def _spelled(text: bytes) -> bytes:
    r"""Spell all characters at once by having Python write them as ``\xhh``, ``\uhhhh`` or ``\U00hhhhhh``."""
    if 0 in text:
        return _SEQUENCE.sub(_character, text)
    try:
        characters = (text.replace(b"\\", b"\0") if _BACKSLASH in text else text).decode()
    except UnicodeDecodeError:
        return _SEQUENCE.sub(_character, text)
    spelled = characters.encode("ascii", "backslashreplace").replace(b"\\u", b"%u")
    if _BACKSLASH in spelled:
        spelled = spelled.replace(b"\\x", b"%u00").replace(b"\\U000", b"%u").replace(b"\\U00", b"%u")
    return spelled.replace(b"\0", b"\\") if _BACKSLASH in text else spelled


def _character(match: re.Match[bytes]) -> bytes:
    sequence = match[1]
    if sequence is None:
        return match[2] if match[2] >= b"\xf5" else b""
    size = len(sequence)
    code = sequence[0] & _LEAD_BITS[size]
    for byte in sequence[1:]:
        code = code << 6 | byte & 0x3F
    lead = sequence[:1]
    before = lead if lead >= b"\xf5" else b""
    after = lead * ((0xD800 <= code <= 0xDFFF) + (code < _SHORTEST[size]))
    return b"%s%%u%04x%s" % (before, code, after)
