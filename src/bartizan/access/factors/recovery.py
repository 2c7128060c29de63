"""Recovery codes: good once each, for when a device is lost.

A code has 120 random bits, so nobody can try them all, and SHA-256 keeps it as safe as a slow hash would:
SP 800-63B-4 section 3.1.2.2 asks for a salted password hash only of look-up secrets with less than 112 bits.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from hmac import compare_digest

from bartizan.storage.records.entities import Credential

__all__ = ["COUNT", "find", "hash_code", "new_codes"]

COUNT = 10
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base32: nothing that looks like something else
_GROUPS, _GROUP = 6, 4  # characters, five bits each
_READ = str.maketrans("oilu", "011v", "- \t")
_MAX_TEXT = 64  # characters


def new_codes(count: int = COUNT) -> list[str]:
    """Return new codes, six groups of four characters each: ``7k3m-q0wd-…``."""
    return ["-".join(_group() for _ in range(_GROUPS)) for _ in range(count)]


def hash_code(code: str) -> bytes:
    """Return what is kept of a code. Case, dashes, spaces and letters that look alike make no difference."""
    plain = code[:_MAX_TEXT].lower().translate(_READ)
    return hashlib.sha256(b"recovery\0" + plain.encode("utf-8", "surrogatepass")).digest()


def find(code: str, credentials: Iterable[Credential]) -> Credential | None:
    """Return the credential that a code is of, or None; all are compared, whichever it is.

    The caller claims it in one atomic change before it counts, so that of two requests with one code one wins.
    """
    given, found = hash_code(code), None
    for credential in credentials:
        if compare_digest(credential.secret, given):
            found = credential
    return found


def _group() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP))
