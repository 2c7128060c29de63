"""What the presets do otherwise than SP 800-63B-4 says, clause by clause: told wherever such a preset is chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from bartizan.config.model import Access
from bartizan.storage.records.entities import AuditEvent

if TYPE_CHECKING:
    from bartizan.storage.records.store import Transaction

__all__ = ["Deviation", "deviation_notice", "deviations", "record_deviations"]

AUDITED = "password_policy"


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


def record_deviations(tx: Transaction, access: Access, now: float) -> None:
    """Write into the audit trail what the configuration departs from, where and when that has changed."""
    details = {
        place: ", ".join(each.clause for each in departed)
        for place, preset in _chosen(access)
        if (departed := deviations(preset))
    }
    before = tx.audit.latest(1, target=AUDITED)
    if details != (before[-1].details if before else {}):
        action = "policy.deviates" if details else "policy.conforms"
        tx.audit.add(AuditEvent(time=now, actor="system", action=action, target=AUDITED, details=details))


def _chosen(access: Access) -> Iterator[tuple[str, str]]:
    yield "access.password_policy", access.password_policy
    for number, rules in enumerate(access.groups):
        if rules.password_policy is not None:
            yield f"access.groups[{number}].password_policy", rules.password_policy
