"""Transformations to a text's digest (``md5``, ``sha1``: raw bytes) or ``length``."""

from __future__ import annotations

import hashlib

__all__ = ["length", "md5", "sha1"]


def md5(text: bytes) -> bytes:
    """Return the MD5 digest (RFC 1321), 16 bytes."""
    return hashlib.md5(text, usedforsecurity=False).digest()


def sha1(text: bytes) -> bytes:
    """Return the SHA-1 digest (RFC 3174), 20 bytes."""
    return hashlib.sha1(text, usedforsecurity=False).digest()


def length(text: bytes) -> bytes:
    """Return the number of bytes, as decimal digits."""
    digits = b"%d" % len(text)
    return text if digits == text else digits
