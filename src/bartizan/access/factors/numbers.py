"""Number matching: two digits, shown where something is asked for and entered where it is agreed to.

Whoever agrees has to look at the place that asks, so agreeing by habit, or to what somebody else began, does not work.
"""

from __future__ import annotations

import hmac
import secrets

__all__ = ["new_number", "same_number"]


def new_number() -> str:
    """Return a random number from 10 to 99."""
    return str(10 + secrets.randbelow(90))


def same_number(shown: str, entered: str) -> bool:
    """Tell whether the number shown was entered, in constant time. Without a number shown, nothing is right."""
    return bool(shown) and hmac.compare_digest(shown.encode(), entered.encode("utf-8", "surrogatepass"))
