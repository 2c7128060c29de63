"""Entity tags (RFC 9110 section 8.8.3) of responses whose body was changed.

A tag must not stay: with a strong one a client could put ranges of two texts together, and whoever is given the same
tag for two bodies sees that one was changed. A tag that is a hash of the body, as frameworks make them, becomes the
same hash of the new body. Any other becomes one with the same kinds of characters, the same for the same change.
"""

from __future__ import annotations

import base64
import hashlib
import string
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

from bartizan.detection.fakes.keyed import Keyed

__all__ = ["is_current", "matches", "resized", "retag"]

MAX_TAG = 256  # bytes
_Hash = Callable[[bytes], bytes]


def _express(body: bytes) -> bytes:
    """Return what Express makes: the length, and the beginning of the SHA-1."""
    return b"%x-%b" % (len(body), base64.b64encode(hashlib.sha1(body).digest())[:27])  # noqa: S324 - as they do


def _hashes(body: bytes) -> list[bytes]:
    made = []
    for name in ("md5", "sha1", "sha256"):
        digest = hashlib.new(name, body, usedforsecurity=False)
        made += [digest.hexdigest().encode("ascii"), base64.b64encode(digest.digest())]
    return [*made, made[4][:32], _express(body)]  # Rails takes the first half of a SHA-256


def retag(tag: bytes, old: bytes, new: bytes, key: bytes) -> bytes | None:
    """Return the tag of the body ``new`` where ``old`` had ``tag``; None for what is no tag.

    ``key`` makes tags that are no hash; they are the same for the same tag and the same new body.
    """
    weak, quote, opaque = tag.partition(b'"')
    if not quote or weak not in (b"", b"W/") or not opaque.endswith(b'"') or len(tag) > MAX_TAG:
        return None
    opaque = opaque[:-1]
    for before, after in zip(_hashes(old), _hashes(new), strict=True):
        if opaque == before:
            return b'%b"%b"' % (weak, after)
    keyed = Keyed(key, "etag", opaque.decode("latin-1"), hashlib.sha256(new).hexdigest())
    return b'%b"%b"' % (weak, bytes(_other(letter, keyed) for letter in opaque))


def resized(tag: bytes, old: bytes, new: bytes) -> bytes | None:
    """Return the tag of a file of another length; None for what is no tag made of a time and the length in hexadecimal.

    nginx, Apache and Express make such ones of files. They are the same for two texts of one length, so that this is
    only for changes that are the same for everybody.
    """
    weak, quote, opaque = tag.partition(b'"')
    parts, length = opaque.removesuffix(b'"').split(b"-"), b"%x" % len(old)
    if not quote or weak not in (b"", b"W/") or len(parts) not in (2, 3) or length not in parts or len(tag) > MAX_TAG:
        return None
    at = parts.index(length)
    return b'%b"%b"' % (weak, b"-".join([*parts[:at], b"%x" % len(new), *parts[at + 1 :]]))


def is_current(none_match: bytes | None, since: bytes | None, tag: bytes | None, modified: bytes | None) -> bool:
    """Tell whether a client has a response already (RFC 9110 section 13.2.2).

    ``none_match`` and ``since`` are its If-None-Match and If-Modified-Since, ``tag`` and ``modified`` the response's
    ETag and Last-Modified.
    """
    if none_match is not None:
        return tag is not None and matches(none_match, tag)
    if since is None or modified is None:
        return False
    if since == modified:
        return True
    try:
        return _moment(modified) <= _moment(since)
    except (ValueError, TypeError):  # no date, or one of which the time zone is not told
        return False


def matches(condition: bytes, tag: bytes) -> bool:
    """Tell whether If-None-Match names a tag, by weak comparison (RFC 9110 section 13.1.2)."""
    wanted = tag.removeprefix(b"W/")
    return any(each.strip().removeprefix(b"W/") == wanted for each in condition.split(b","))


def _moment(value: bytes) -> datetime:
    return parsedate_to_datetime(value.decode("latin-1"))


def _other(letter: int, keyed: Keyed) -> int:
    """Return a character of the same kind: a digit, a letter of hexadecimal numbers, another letter, or itself."""
    for kind in (string.digits, "abcdef", "ABCDEF", string.ascii_lowercase[6:], string.ascii_uppercase[6:]):
        if chr(letter) in kind:
            return ord(kind[keyed.below(len(kind))])
    return letter
