"""The Cookie field: REQUEST_COOKIES.

Format 0 (SecCookieFormat, "Netscape") is read as libmodsecurity 3.0.15 reads it: split at ``;`` and at the first
``=``, white space before a name and after the last value removed, nothing decoded, nameless pairs left out. Format 1 is
RFC 2109 (section 4.3.4): ``,`` separates too, values may be quoted strings, and ``$Path`` after a cookie ``a`` is its
attribute and is named ``$a_Path``. libmodsecurity does not know format 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["parse_cookies"]

_PAIR = re.compile(rb'([^=;,]*+)(?:=[ \t]*+(?:"([^"\\]*+(?:\\.[^"\\]*+)*)"[^;,]*+|([^;,]*+)))?(?:[;,]|\Z)', re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


def parse_cookies(values: Sequence[bytes], version: int = 0) -> list[tuple[bytes, bytes]]:
    """Return the cookies of all Cookie fields (their ``values``) as (name, value), in order, duplicates kept."""
    read = _quoted if version == 1 else _plain
    cookies: list[tuple[bytes, bytes]] = []
    for value in values:
        read(value, cookies)
    return cookies


def _plain(value: bytes, cookies: list[tuple[bytes, bytes]]) -> None:
    if value[-1:] == b";":
        value = value[:-1]
    for pair in value.rstrip().split(b";"):
        name, _, text = pair.partition(b"=")
        name = name.lstrip()
        if name:
            cookies.append((name, text))


def _quoted(value: bytes, cookies: list[tuple[bytes, bytes]]) -> None:
    owner = b""
    for written, quoted, plain in _PAIR.findall(value):
        name = written.strip()
        if not name:
            continue
        text = _ESCAPED.sub(rb"\1", quoted) if b"\\" in quoted else quoted or plain.strip()
        if name[:1] != b"$":
            owner = name
            cookies.append((name, text))
        else:
            cookies.append((b"$" + owner + b"_" + name[1:] if owner else name, text))
