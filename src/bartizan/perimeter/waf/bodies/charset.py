"""Character sets: what a text claims to be, and whether its UTF-8 is what RFC 3629 allows."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["MediaType", "Utf8Fault", "charset_of", "invalid_utf8", "is_disguise", "parse_media_type"]

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_TYPE = re.compile(rb"[ \t]*+(" + _TOKEN + rb")/(" + _TOKEN + rb")[ \t]*+")
_QUOTABLE = rb"[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]*+"
_QUOTED = rb'"(' + _QUOTABLE + rb"(?:\\[\t \x21-\x7e\x80-\xff]" + _QUOTABLE + rb')*)"'
_PARAMETER = re.compile(rb";[ \t]*+(?:(" + _TOKEN + rb")=(?:(" + _TOKEN + rb")|" + _QUOTED + rb"))?[ \t]*+")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_LOOSE_CHARSET = re.compile(rb"charset[\s\0]*+=[\s\0]*+[\"']?+[\s\0]*+([^\s\0\"';,]++)", re.IGNORECASE)
_OVERLONG = re.compile(rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f][\x80-\xbf]|\xf0[\x80-\x8f][\x80-\xbf]{2}")
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")

_PLAIN_LETTERS = re.compile(rb"[^a-z0-9]+")
_HARMLESS = re.compile(
    rb"(?:cs)?(?:utf8(?:mb[34])?|(?:us)?ascii|iso646us|(?:iso)?8859\d{1,2}|latin\d{1,2}|l\d|windows125\d|cp125\d|koi8[ru])"
)


class MediaType(NamedTuple):
    """A media type (RFC 9110, section 8.3.1): type and subtype in lower case, parameters by name in lower case."""

    essence: bytes
    parameters: dict[bytes, bytes]


class Utf8Fault(NamedTuple):
    """Where UTF-8 goes wrong (``offset`` in bytes) and whether overlong forms or surrogates are in the text."""

    offset: int
    overlong: bool
    surrogate: bool


def parse_media_type(value: bytes) -> MediaType | None:
    """Read a Content-Type value strictly; None when it is not one, or when a parameter stands twice in it."""
    head = _TYPE.match(value)
    if head is None:
        return None
    parameters: dict[bytes, bytes] = {}
    position = head.end()
    while position < len(value):
        match = _PARAMETER.match(value, position)
        if match is None:
            return None
        position = match.end()
        name, token, quoted = match.groups()
        if name is None:
            continue
        name = name.lower()
        if name in parameters:
            return None
        parameters[name] = token if quoted is None else _ESCAPED.sub(rb"\1", quoted)
    return MediaType((head[1] + b"/" + head[2]).lower(), parameters)


def charset_of(content_type: bytes) -> bytes:
    """Return the charset that a Content-Type value names, in lower case; ``b""`` when it names none.

    Lenient where the value is malformed: a backend may be so too, and a charset that goes unseen is a disguise.
    """
    if b"=" not in content_type:
        return b""
    media_type = parse_media_type(content_type)
    if media_type is not None:
        return media_type.parameters.get(b"charset", b"").strip().lower()
    match = _LOOSE_CHARSET.search(content_type)
    return b"" if match is None else match[1].lower()


def is_disguise(charset: bytes) -> bool:
    """Tell whether bytes in ``charset`` may mean other text than they show as ASCII.

    UTF-7, UTF-16, UTF-32, EBCDIC (ibm037 and its kin), ISO-2022 and the like do; so does every name that is not known
    to be an extension of ASCII in which all bytes of ASCII stand for themselves.
    """
    if not charset or charset == b"utf-8":
        return False
    return _HARMLESS.fullmatch(_PLAIN_LETTERS.sub(b"", charset.lower())) is None


def invalid_utf8(text: bytes) -> Utf8Fault | None:
    """Return what is wrong with ``text`` as UTF-8 (RFC 3629); None when nothing is."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return Utf8Fault(error.start, _OVERLONG.search(text) is not None, _SURROGATE.search(text) is not None)
    return None
