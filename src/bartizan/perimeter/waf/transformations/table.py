"""All transformations by name, and which bytes they need to change a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import ascii_lowercase, ascii_uppercase

from bartizan.perimeter.waf.transformations.characters import (
    EVEN,
    ODD,
    lowercase,
    parity_even_7bit,
    parity_odd_7bit,
    parity_zero_7bit,
    remove_nulls,
    replace_nulls,
    uppercase,
)
from bartizan.perimeter.waf.transformations.commands import cmd_line
from bartizan.perimeter.waf.transformations.comments import remove_comments, remove_comments_char, replace_comments
from bartizan.perimeter.waf.transformations.digests import length, md5, sha1
from bartizan.perimeter.waf.transformations.encodings import (
    base64_decode,
    base64_decode_ext,
    base64_encode,
    hex_decode,
    hex_encode,
    sql_hex_decode,
    utf8_to_unicode,
)
from bartizan.perimeter.waf.transformations.html import html_entity_decode
from bartizan.perimeter.waf.transformations.paths import normalise_path, normalise_path_win
from bartizan.perimeter.waf.transformations.scripts import css_decode, escape_seq_decode, js_decode
from bartizan.perimeter.waf.transformations.urls import url_decode, url_decode_uni, url_encode
from bartizan.perimeter.waf.transformations.whitespace import (
    compress_whitespace,
    remove_whitespace,
    trim,
    trim_left,
    trim_right,
)

__all__ = ["CHANGES", "TRANSFORMATIONS", "Transformation"]

Transformation = Callable[[bytes], bytes]
"""Takes a text and returns what becomes of it: the same object where nothing changes."""


def none(text: bytes) -> bytes:
    """Return the text: ``t:none`` in a rule drops the transformations before it, and does nothing itself."""
    return text


TRANSFORMATIONS: Mapping[str, Transformation] = {
    "base64decode": base64_decode,
    "base64decodeext": base64_decode_ext,
    "base64encode": base64_encode,
    "cmdline": cmd_line,
    "compresswhitespace": compress_whitespace,
    "cssdecode": css_decode,
    "escapeseqdecode": escape_seq_decode,
    "hexdecode": hex_decode,
    "hexencode": hex_encode,
    "htmlentitydecode": html_entity_decode,
    "jsdecode": js_decode,
    "length": length,
    "lowercase": lowercase,
    "md5": md5,
    "none": none,
    "normalisepath": normalise_path,
    "normalisepathwin": normalise_path_win,
    "normalizepath": normalise_path,
    "normalizepathwin": normalise_path_win,
    "parityeven7bit": parity_even_7bit,
    "parityodd7bit": parity_odd_7bit,
    "parityzero7bit": parity_zero_7bit,
    "removecomments": remove_comments,
    "removecommentschar": remove_comments_char,
    "removenulls": remove_nulls,
    "removewhitespace": remove_whitespace,
    "replacecomments": replace_comments,
    "replacenulls": replace_nulls,
    "sha1": sha1,
    "sqlhexdecode": sql_hex_decode,
    "trim": trim,
    "trimleft": trim_left,
    "trimright": trim_right,
    "uppercase": uppercase,
    "urldecode": url_decode,
    "urldecodeuni": url_decode_uni(None),
    "urlencode": url_encode,
    "utf8tounicode": utf8_to_unicode,
}
"""The transformations of the ModSecurity reference manual by their names in small letters."""

_SPACE = frozenset(b" \t\n\v\f\r")
_UPPER = frozenset(ascii_uppercase.encode())
_LOWER = frozenset(ascii_lowercase.encode())
_NOT_ASCII = frozenset(range(0x80, 0x100))

CHANGES: Mapping[str, frozenset[int] | None] = {
    "base64decode": None,
    "base64decodeext": None,
    "base64encode": None,
    "cmdline": _UPPER.union(b"\"'\\^ ,;\t\r\n"),
    "compresswhitespace": _SPACE,
    "cssdecode": frozenset(b"\\"),
    "escapeseqdecode": frozenset(b"\\"),
    "hexdecode": None,
    "hexencode": None,
    "htmlentitydecode": frozenset(b"&"),
    "jsdecode": frozenset(b"\\"),
    "length": None,
    "lowercase": _UPPER,
    "md5": None,
    "none": frozenset(),
    "normalisepath": frozenset(b"/."),
    "normalisepathwin": frozenset(b"/.\\"),
    "normalizepath": frozenset(b"/."),
    "normalizepathwin": frozenset(b"/.\\"),
    "parityeven7bit": frozenset(byte for byte in range(256) if EVEN[byte] != byte),
    "parityodd7bit": frozenset(byte for byte in range(256) if ODD[byte] != byte),
    "parityzero7bit": _NOT_ASCII,
    "removecomments": frozenset(b"*-#"),  # each of /*, <!-- and -- has one of the first two
    "removecommentschar": frozenset(b"*-#"),
    "removenulls": frozenset((0,)),
    "removewhitespace": _SPACE | {0xC2, 0xA0},
    "replacecomments": frozenset(b"*"),
    "replacenulls": frozenset((0,)),
    "sha1": None,
    "sqlhexdecode": frozenset(b"xX"),  # rarer than 0
    "trim": _SPACE,
    "trimleft": _SPACE,
    "trimright": _SPACE,
    "uppercase": _LOWER,
    "urldecode": frozenset(b"%+"),
    "urldecodeuni": frozenset(b"%+"),
    "urlencode": frozenset(range(256)) - _UPPER - _LOWER - frozenset(b"0123456789*"),
    "utf8tounicode": _NOT_ASCII | {0},
}
"""The bytes without which a transformation changes no text (there may be more of them than need be); None: any text."""
