"""Proof of work in the manner of Hashcash: a counter behind a salt whose SHA-256 (FIPS 180-4) begins with zeros."""

from __future__ import annotations

import hashlib

__all__ = ["MAX_BITS", "MAX_COUNTER", "MIN_BITS", "bits_for", "is_solution"]

MIN_BITS, MAX_BITS = 14, 21
"""Of zeros that are asked for: 16,000 hashes on the average for no risk, 2,000,000 for the highest."""
MAX_COUNTER = 10**16 - 1
"""What a double holds exactly has 16 digits; with a salt of 22 characters that is one block of SHA-256."""


def bits_for(risk: float) -> int:
    """Return how many bits of zeros an actor with ``risk``, from 0 to 100, has to find: each doubles the work."""
    return MIN_BITS + round((MAX_BITS - MIN_BITS) * min(max(risk, 0.0), 100.0) / 100)


def is_solution(salt: str, counter: str, bits: int) -> bool:
    """Tell whether SHA-256 of ``salt`` with ``counter`` behind it, both ASCII, begins with ``bits`` zeros, at most 32.

    A counter is a decimal number without leading zeros, so that there is one way to write it.
    """
    if not (counter.isascii() and counter.isdigit()) or len(counter) > len(str(MAX_COUNTER)):
        return False
    if counter[0] == "0" and counter != "0":
        return False
    digest = hashlib.sha256((salt + counter).encode("ascii")).digest()
    return int.from_bytes(digest[:4], "big") >> (32 - bits) == 0
