"""Whether our engine and libmodsecurity say the same: ``python -m benchmarks.waf.agreement [--quick]``.

Each value of HttpParamsDataset goes through as a query parameter and as a field of a form, and all the recorded traffic
of browsers as it is, at paranoia 1 and 2, blocking, phases 1 and 2. Told are the share of attacks that are refused, the
share of honest requests that are, and every request on which the verdicts differ, or the rules that matched, grouped
by the rules that only one matched. A group is explained (``EXPLAINED``) or it is a defect: exit status 1. Everything is
written to build/bench/waf-agreement.json.

How often a rule was logged is not compared: with ``multiMatch`` libmodsecurity logs it for each stage of the
transformations that matches, ours once for the rule.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.report import OUTPUT
from benchmarks.waf.engines import Ours, Theirs, Verdict, load_ours
from benchmarks.waf.timing import silence
from benchmarks.waf.traffic import Request, browsing, form_post, get_query, payloads

__all__ = ["Tally"]

PARANOIA = (1, 2)
TOLD = 3  # requests of a group

_ORDER = (
    "the chain looks at MATCHED_VAR, of several values that match the one that was looked at last. Libmodsecurity "
    "keeps ARGS in a hash table, whose order is accidental; ours takes values in the order of the request"
)
EXPLAINED: dict[str, str] = {"ours 932200": _ORDER, "theirs 932200": _ORDER}
"""By ``ours RULE`` or ``theirs RULE``: why only one of the two matches it."""


@dataclass(slots=True)
class Tally:
    """What two engines said about the requests of one set."""

    total: int = 0
    ours: int = 0
    theirs: int = 0
    verdicts: list[tuple[str, Verdict, Verdict]] = field(default_factory=list)
    """Requests that only one of them refuses."""
    matches: list[tuple[str, Verdict, Verdict]] = field(default_factory=list)
    """Requests on which the verdict is the same, but not the rules that matched."""

    def add(self, name: str, ours: Verdict, theirs: Verdict) -> None:
        """Count one request."""
        self.total += 1
        self.ours += ours.status != 0
        self.theirs += theirs.status != 0
        if (ours.status != 0) != (theirs.status != 0):
            self.verdicts.append((name, ours, theirs))
        elif set(ours.rules) != set(theirs.rules):
            self.matches.append((name, ours, theirs))


def _sets(step: int) -> Iterable[tuple[str, list[Request]]]:
    values = list(payloads())[::step]
    for kind, make in (("query", get_query), ("form", form_post)):
        yield f"attacks, {kind}", [make(value.value) for value in values if value.attack]
        yield f"normal, {kind}", [make(value.value) for value in values if not value.attack]
    yield "browsers", browsing()[::step]


def _group(ours: Verdict, theirs: Verdict) -> str:
    more, less = set(ours.rules) - set(theirs.rules), set(theirs.rules) - set(ours.rules)
    parts = [f"ours {rule}" for rule in sorted(more)] + [f"theirs {rule}" for rule in sorted(less)]
    return ", ".join(parts) or f"status {ours.status} and {theirs.status}"


def _explanation(group: str) -> str | None:
    """Return why a group differs: what is known of the rules in it."""
    told = [EXPLAINED[part] for part in group.split(", ") if part in EXPLAINED]
    return "; ".join(dict.fromkeys(told)) or None


def _told(title: str, differing: Sequence[tuple[str, Verdict, Verdict]]) -> tuple[dict[str, Any], int]:
    """Print groups of differences; returns them, and how many requests are in groups without an explanation."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name, ours, theirs in differing:
        groups[_group(ours, theirs)].append(name)
    unexplained = 0
    for group, names in sorted(groups.items(), key=lambda item: -len(item[1])):
        why = _explanation(group)
        unexplained += 0 if why else len(names)
        print(f"    {title}, {len(names)}: {group}: {why or 'NOT EXPLAINED'}")
        for name in names[:TOLD]:
            print(f"        {name[:150]}")
    return {group: {"why": _explanation(group), "requests": names} for group, names in groups.items()}, unexplained


def _compare(
    ours: Callable[[Request], Verdict], theirs: Callable[[Request], Verdict], requests: list[Request]
) -> Tally:
    tally = Tally()
    with silence():
        for request in requests:
            tally.add(request.name, ours(request), theirs(request))
    return tally


def main() -> int:
    """Compare, print and write; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of all requests")
    options = parser.parse_args()
    written: list[dict[str, Any]] = []
    open_questions = 0
    for paranoia in PARANOIA:
        ours, theirs = Ours(load_ours(paranoia)), Theirs(paranoia)
        for name, requests in _sets(10 if options.quick else 1):
            tally = _compare(ours.verdict, theirs.verdict, requests)
            rate = "detected" if "attacks" in name else "false positives"
            print(
                f"PL{paranoia} {name}: {tally.total:,} requests, {rate} {tally.ours / tally.total:.2%}, "
                f"libmodsecurity {tally.theirs / tally.total:.2%}; verdicts differ on {len(tally.verdicts)}, "
                f"only rules on {len(tally.matches)}",
                flush=True,
            )
            verdicts, left = _told("verdicts", tally.verdicts)
            matches, more = _told("rules", tally.matches)
            open_questions += left + more
            written.append({
                "paranoia": paranoia, "set": name, "requests": tally.total, "ours": tally.ours, "theirs": tally.theirs,
                "verdicts": verdicts, "matches": matches,
            })  # fmt: skip
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "waf-agreement.json").write_text(json.dumps(written, indent=1) + "\n")
    explained = "every difference is explained" if not open_questions else f"{open_questions} differences NOT EXPLAINED"
    print(f"\nwritten to {OUTPUT}/waf-agreement.json; {explained}")
    return 1 if open_questions else 0


if __name__ == "__main__":
    sys.exit(main())
