"""What every benchmark leaves behind: a table for people, and rows in ``build/bench/<target>.json``."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

DIRECTORY = Path("build/bench")


@dataclass
class Row:
    """One figure of ours beside its peers'; ``ratio`` is ours over the first peer's, None without one."""

    case: str
    unit: str
    ours: float
    peers: dict[str, float] = field(default_factory=dict)
    ratio: float | None = None

    def __post_init__(self) -> None:
        if self.ratio is None and self.peers:
            first = next(iter(self.peers.values()))
            self.ratio = round(self.ours / first, 3) if first else None


def write_report(target: str, rows: list[Row]) -> None:
    """Print the rows and write them to the target's file."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    (DIRECTORY / f"{target}.json").write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    print(f"\n{target}")
    for row in rows:
        peers = "  ".join(f"{name} {value:,.2f}" for name, value in row.peers.items())
        ratio = "" if row.ratio is None else f"  ratio {row.ratio:.3f}"
        print(f"  {row.case:<44} {row.ours:>12,.2f} {row.unit:<12} {peers}{ratio}", flush=True)
