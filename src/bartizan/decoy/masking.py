"""Bodies without the secrets that people put into them, before they are written down."""

from __future__ import annotations

import re

import re2

from bartizan.http.masking import MASK, is_secret, mask_query

__all__ = ["mask_body"]

_MASK = MASK.encode("ascii")
_NAME_LENGTH = 80  # bytes of a name that are looked at
_MEMBER = re2.compile(
    rb'("(?:[^"\\]|\\.){1,200}")(\s*:\s*)("(?:[^"\\]|(?s:\\.))*"?|\[[^\]\[{}]*\]?|[^\s,\[\]{}"]+)'
)  # a member of a JSON object whose value is a string (that may be cut), a flat list, a number or a word
_BOUNDARY = re.compile(r'boundary="?([^";,]{1,70})', re.IGNORECASE)
_DISPOSITION = re.compile(rb'name="([^"]{1,80})"', re.IGNORECASE)


def mask_body(body: bytes, media_type: str) -> bytes:
    """Return a body with ``***`` for the values of fields whose names say that they are secret.

    JSON, urlencoded and multipart forms are looked into, also where they are cut off; others stay as they are.
    """
    kind = media_type.partition(";")[0].strip().lower()
    if kind.endswith("json") or (not kind and body.lstrip()[:1] in (b"{", b"[")):
        return _json(body)
    if kind == "application/x-www-form-urlencoded":
        return mask_query(body.decode("latin-1")).encode("latin-1")
    if kind.startswith("multipart/"):
        return _multipart(body, media_type)
    return body


def _json(body: bytes) -> bytes:
    def masked(match: re.Match[bytes]) -> bytes:
        name, colon, value = match.group(1), match.group(2), match.group(3)
        if not is_secret(name[1:-1][:_NAME_LENGTH].decode("latin-1")) or value in (b"null", b"true", b"false"):
            return match.group(0)
        return b'%b%b"%b"' % (name, colon, _MASK)

    replaced: bytes = _MEMBER.sub(masked, body)
    return replaced


def _multipart(body: bytes, media_type: str) -> bytes:
    """Mask the parts of a form (RFC 7578) that are named like secrets."""
    found = _BOUNDARY.search(media_type)
    if found is None:
        return body
    delimiter = b"--" + found.group(1).encode("latin-1", "replace")
    return delimiter.join(_part(part) for part in body.split(delimiter))


def _part(part: bytes) -> bytes:
    head, blank, _ = part.partition(b"\r\n\r\n")
    name = _DISPOSITION.search(head)
    if not blank or name is None or not is_secret(name.group(1).decode("latin-1")):
        return part
    return b"%b%b%b\r\n" % (head, blank, _MASK)
