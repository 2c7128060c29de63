"""Recovery codes: good once each, for when a device is lost.

A code has 80 random bits, so SHA-256 keeps it: nobody can try them all, and there is nothing to slow down.
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
_GROUPS, _GROUP = 4, 4  # characters, five bits each
_LOOKS_LIKE = str.maketrans({"o": "0", "i": "1", "l": "1", "u": "v"})
_MAX_TEXT = 64  # characters


def new_codes(count: int = COUNT) -> list[str]:
    """Return new codes, ``xxxx-xxxx-xxxx-xxxx`` each."""
    return [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
        for _ in range(count)
    ]


def hash_code(code: str) -> bytes:
    """Return what is kept of a code. Case, dashes, spaces and letters that look alike make no difference."""
    return hashlib.sha256(b"recovery\0" + _plain(code).encode("utf-8", "surrogatepass")).digest()


def find(code: str, credentials: Iterable[Credential]) -> Credential | None:
    """Return the credential that a code is of, or None; all are compared, whichever it is."""
    given, found = hash_code(code), None
    for credential in credentials:
        if compare_digest(credential.secret, given):
            found = credential
    return found


def _plain(code: str) -> str:
    letters = "".join(letter for letter in code[:_MAX_TEXT].lower() if letter not in "- \t")
    return letters.translate(_LOOKS_LIKE)
