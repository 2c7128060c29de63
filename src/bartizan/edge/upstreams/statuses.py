"""Sets of status codes as the configuration writes them: ``502``, ``5xx``."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["status_table"]

_STATUS = re.compile(r"[1-9](?:xx|[0-9]{2})")


def status_table(texts: Iterable[str]) -> bytes:
    """Return 1000 bytes: 1 at each listed status, so that ``table[status]`` answers without allocating.

    Raises ``ValueError`` for a text that is neither a code nor a class.
    """
    table = bytearray(1000)
    for text in texts:
        if not _STATUS.fullmatch(text):
            raise ValueError(f"{text!r} is neither a status code nor a class of them: 503, 5xx")
        if text.endswith("xx"):
            start = int(text[0]) * 100
            table[start : start + 100] = b"\x01" * 100
        else:
            table[int(text)] = 1
    return bytes(table)
