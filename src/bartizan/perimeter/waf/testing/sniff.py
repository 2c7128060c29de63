"""What a body is whose sender does not say it, by how it begins.

The suites' backend is written in Go, whose HTTP server finds this out for every response without a Content-Type
(https://mimesniff.spec.whatwg.org/, sections 7.1 and 7.2). Whether rules look at a response depends on it.
"""

from __future__ import annotations

__all__ = ["media_type"]

_BEGINNING = 512  # bytes that are looked at
_BLANK = b"\t\n\x0c\r "
_TAGS = (
    *(b"<!DOCTYPE HTML", b"<HTML", b"<HEAD", b"<SCRIPT", b"<IFRAME", b"<H1", b"<DIV", b"<FONT", b"<TABLE", b"<A"),
    *(b"<STYLE", b"<TITLE", b"<B", b"<BODY", b"<BR", b"<P", b"<!--"),
)
_MAGIC = (
    (b"%PDF-", b"application/pdf"),
    (b"%!PS-Adobe-", b"application/postscript"),
    (b"\xfe\xff", b"text/plain; charset=utf-16be"),
    (b"\xff\xfe", b"text/plain; charset=utf-16le"),
    (b"\xef\xbb\xbf", b"text/plain; charset=utf-8"),
    (b"GIF87a", b"image/gif"),
    (b"GIF89a", b"image/gif"),
    (b"\x89PNG\r\n\x1a\n", b"image/png"),
    (b"\xff\xd8\xff", b"image/jpeg"),
    (b"PK\x03\x04", b"application/zip"),
    (b"\x1f\x8b\x08", b"application/x-gzip"),
)
_BINARY = bytes(byte for byte in range(0x20) if byte not in b"\t\n\x0c\r\x1b")


def media_type(body: bytes) -> bytes:
    """Return a value for Content-Type."""
    beginning = body[:_BEGINNING]
    text = beginning.lstrip(_BLANK)
    if any(_is_tag(text, tag) for tag in _TAGS):
        return b"text/html; charset=utf-8"
    if text.startswith(b"<?xml"):
        return b"text/xml; charset=utf-8"
    for magic, name in _MAGIC:
        if beginning.startswith(magic):
            return name
    if len(beginning.translate(None, _BINARY)) < len(beginning):
        return b"application/octet-stream"
    return b"text/plain; charset=utf-8"


def _is_tag(text: bytes, tag: bytes) -> bool:
    return text[: len(tag)].upper() == tag and text[len(tag) : len(tag) + 1] in (b" ", b">")
