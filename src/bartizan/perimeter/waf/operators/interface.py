"""What an operator is, and what it is given when it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import maxminddb

from bartizan.errors import BartizanError

__all__ = ["NO_CAPTURES", "Captures", "Context", "Factory", "Operator", "OperatorError"]

Captures = tuple[bytes, ...]
"""What ``TX:0`` and following hold after a match; a group that took no part is ``b""``, and left out at the end."""

Operator = Callable[[bytes], Captures | None]
"""Judges one value: None if it does not match, else the captures, which most operators have none of."""

NO_CAPTURES: Captures = ()


class OperatorError(BartizanError):
    """An operator's argument cannot be used, or the operator is one that Bartizan refuses. Tells what and why."""


@dataclass(frozen=True, slots=True)
class Context:
    """What operators need beside their argument.

    ``directory`` is that of the rule file, to which names of data files are relative; ``geo`` the database of
    ``@geoLookup``, None if there is none; ``hyperscan`` tells whether Hyperscan may be used on this processor.
    """

    directory: Path = Path()
    geo: maxminddb.Reader | None = None
    hyperscan: bool = True


Factory = Callable[[bytes, Context], Operator]
"""Makes an operator from its argument, or raises ``OperatorError``."""
