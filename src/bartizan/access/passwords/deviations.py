"""What the presets do otherwise than SP 800-63B-4 says, clause by clause: told wherever such a preset is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bartizan.config.model import Access

__all__ = ["Deviation", "deviation_notice", "deviations"]


class Deviation(NamedTuple):
    """A clause of SP 800-63B-4, what it ``says``, and what is done instead."""

    clause: str
    says: str
    does: str


_STRICT_ROTATION = (
    Deviation(
        "3.1.1.1",
        "composition requirements other than the block list SHALL NOT be imposed",
        "asks for characters of all four classes",
    ),
    Deviation(
        "3.1.1.2 (5)",
        "verifiers and CSPs SHALL NOT impose other composition rules (e.g., requiring mixtures of character types)",
        "asks for characters of all four classes",
    ),
    Deviation(
        "3.1.1.2 (6)",
        "verifiers and CSPs SHALL NOT require subscribers to change passwords periodically",
        "asks for a new password after 90 days",
    ),
)


def deviations(preset: str) -> tuple[Deviation, ...]:
    """Return the clauses that a preset departs from; none for ``nist-800-63b-4``."""
    return _STRICT_ROTATION if preset == "strict-rotation" else ()


def deviation_notice(access: Access) -> list[str]:
    """Return a line for each clause that the configuration departs from, with the place where that was chosen."""
    return [
        f"{place}: {preset} departs from SP 800-63B-4 section {each.clause}, {each.says!r}: it {each.does}"
        for place, preset in _chosen(access)
        for each in deviations(preset)
    ]


def _chosen(access: Access) -> Iterator[tuple[str, str]]:
    yield "access.password_policy", access.password_policy
    for number, rules in enumerate(access.groups):
        if rules.password_policy is not None:
            yield f"access.groups[{number}].password_policy", rules.password_policy
