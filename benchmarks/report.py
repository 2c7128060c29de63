"""Rows of figures: printed for people, and written to build/bench/TARGET.json to be compared over time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["OUTPUT", "Row", "write_report"]

OUTPUT = Path("build/bench")


@dataclass(frozen=True)
class Row:
    """One case: our figure beside those of others, in ``unit``.

    ``reference`` names the peer that ``ratio`` (ours / its) is to. ``at_least`` and ``at_most`` are requirements on
    that ratio. ``failed`` tells why a figure is None.
    """

    case: str
    unit: str
    ours: float | None
    peers: Mapping[str, float | None] = field(default_factory=dict)
    reference: str = ""
    at_least: float | None = None
    at_most: float | None = None
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Ours / the reference's, or None where one of them is not known."""
        other = self.peers.get(self.reference)
        return None if self.ours is None or not other else self.ours / other

    @property
    def met(self) -> bool:
        """Whether our figure is known and within the requirements."""
        ratio = self.ratio
        if self.at_least is None and self.at_most is None:
            return self.ours is not None
        if ratio is None:
            return False
        return (self.at_least is None or ratio >= self.at_least) and (self.at_most is None or ratio <= self.at_most)


def write_report(target: str, rows: Sequence[Row], output: Path = OUTPUT) -> bool:
    """Print and write the rows of a target; tells whether all requirements are met."""
    output.mkdir(parents=True, exist_ok=True)
    (output / f"{target}.json").write_text(json.dumps([_plain(row) for row in rows], indent=2) + "\n")
    print(f"\n{target}")
    for row in rows:
        for line in _lines(row):
            print(f"  {line}")
    return all(row.met for row in rows)


def _plain(row: Row) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "case": row.case,
        "unit": row.unit,
        "ours": row.ours,
        "peers": dict(row.peers),
        "ratio": row.ratio,
    }
    return plain | ({"failed": row.failed} if row.failed else {})


def _lines(row: Row) -> list[str]:
    ratio = "" if row.ratio is None else f" = {row.ratio:.2f} of {row.reference}"
    needed = "".join(
        f", {word} {bound:g} required: {'met' if row.met else 'MISSED'}"
        for word, bound in (("at least", row.at_least), ("at most", row.at_most))
        if bound is not None
    )
    peers = "   ".join(f"{name} {_figure(value)}" for name, value in row.peers.items())
    return [f"{f'{row.case}, {row.unit}':<46} Bartizan {_figure(row.ours)}{ratio}{needed}", f"{'':<46} {peers}"]


def _figure(value: float | None) -> str:
    if value is None:
        return "FAILED"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
