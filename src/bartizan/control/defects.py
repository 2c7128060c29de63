"""How defects are logged here: what kind of error and where, but not what it says, which may hold a password."""

from __future__ import annotations

import traceback

__all__ = ["told"]

_CHAIN = 4  # errors that led to one another


def told(error: BaseException) -> dict[str, str]:
    """Return what the log may say of an error: its kind, the lines that it came by, and the kinds that led to it."""
    kinds: list[str] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(kinds) < _CHAIN:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    said = {"error": type(error).__name__, "where": "".join(traceback.format_tb(error.__traceback__))}
    return {**said, "after": ", ".join(kinds)} if kinds else said
