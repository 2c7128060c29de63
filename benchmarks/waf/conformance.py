"""Our engine beside libmodsecurity in this process: regression tests, and the rules that matched in every request.

``python -m benchmarks.waf.conformance DIR [--rules PATH...] [--only GLOB] [--paranoia N]`` prints each test that fails
with what was expected and found, and each request in which the two engines disagree about the rules that matched.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from bartizan.http.lenient import LenientRequest, read_request
from bartizan.perimeter.waf.engine import RequestHead
from bartizan.perimeter.waf.load import load_rules
from bartizan.perimeter.waf.seclang import Source
from bartizan.perimeter.waf.settings import Settings
from bartizan.perimeter.waf.testing import Outcome, Result, read_suite, request_bytes, run_test, suite_files
from bartizan.perimeter.waf.testing.logline import log_line
from bartizan.perimeter.waf.testing.reflect import answer
from bartizan.perimeter.waf.testing.setup import suite_rules
from benchmarks.waf.reference import ReferenceArena, debian_rules, numbered

__all__ = ["EngineArena"]

_UNJUDGED = ("error", "status")  # what needs a server


class EngineArena:
    """Runs requests through our engine, without a gateway."""

    def __init__(self, rules: Sequence[Path], *, setup: str, cache: Path | None = None, gate: bool = True) -> None:
        self._rules = load_rules([Source("(suite)", setup.encode(), Path()), *rules], Settings(gate=gate), cache)
        self.busy = 0.0
        self.quiet: set[int] = set()
        """Rules that matched and have ``noauditlog``: libmodsecurity tells of them nowhere."""
        self._number = 0

    async def send(self, stage: bytes) -> Outcome:
        """Run one request, and the response of the suites' backend."""
        return self.run(read_request(stage))

    def run(self, request: LenientRequest) -> Outcome:
        """Run one request that has been read."""
        self._number += 1
        response = answer(request)
        head = RequestHead(
            request.method, request.target, request.protocol, request.fields,
            "127.0.0.1", 40000, "127.0.0.1", 80, time.time(), f"conformance-{self._number}",
        )  # fmt: skip
        began = time.perf_counter()
        transaction = self._rules.transaction(head)
        transaction.request_headers()
        transaction.request_body(request.body)
        fields = (*response.headers, (b"Content-Length", b"%d" % len(response.body)))
        transaction.response_headers(response.status, fields, b"HTTP/1.1")
        transaction.response_body(response.body)
        transaction.logging()
        self.busy += time.perf_counter() - began
        self.quiet.update(match.id for match in transaction.matches if not match.audit)
        return Outcome(
            status=response.status,
            rule_ids=tuple(match.id for match in transaction.matches),
            log=tuple(log_line(match) for match in transaction.matches),
        )


def _told(result: Result, name: str) -> str | None:
    failures = [sentence for reason, sentence in result.failures if reason not in _UNJUDGED]
    found = [list(outcome.rule_ids) for outcome in result.outcomes]
    return f"{name}: {'; '.join(failures)}\n    found {found}" if failures else None


def _differences(name: str, ours: Outcome, theirs: Outcome, quiet: set[int]) -> tuple[str, list[int], list[int]] | None:
    more = [rule for rule in (Counter(ours.rule_ids) - Counter(theirs.rule_ids)).elements() if rule not in quiet]
    less = list((Counter(theirs.rule_ids) - Counter(ours.rule_ids)).elements())
    if not more and not less:
        return None
    return f"{name}: ours alone {more}, libmodsecurity alone {less}", more, less


def main() -> None:
    """Run, and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--rules", type=Path, nargs="*")
    parser.add_argument("--only", default="*")
    parser.add_argument("--paranoia", type=int, default=4)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--no-reference", action="store_true")
    parser.add_argument("--no-gate", action="store_true", help="evaluate every rule for every request")
    given = parser.parse_args()
    setup, rules = suite_rules(given.paranoia), given.rules or debian_rules()
    began = time.perf_counter()
    ours = EngineArena(rules, setup=setup, cache=given.cache, gate=not given.no_gate)
    print(f"rules loaded in {time.perf_counter() - began:.1f} s")
    theirs = None if given.no_reference else ReferenceArena(rules, setup=setup)
    failed, differing, by_rule = [], [], Counter[str]()
    tests = [
        (name, test) for name, test in numbered(read_suite(suite_files([given.directory]))) if _wanted(name, given.only)
    ]
    requests = 0
    for name, test in tests:
        result = asyncio.run(run_test(ours, test))
        failed += [line for line in [_told(result, name)] if line is not None]
        for stage, outcome in zip(test.stages, result.outcomes, strict=False):
            requests += 1
            if theirs is None:
                continue
            reference = theirs.run(read_request(request_bytes(stage.request, test.generation)))
            found = _differences(name, outcome, reference, ours.quiet)
            if found is not None:
                differing.append(found[0])
                by_rule.update(f"{rule} ours alone" for rule in found[1])
                by_rule.update(f"{rule} libmodsecurity alone" for rule in found[2])
    print("\n".join([*failed, "", *differing, ""]))
    print("\n".join(f"{count:5} {rule}" for rule, count in by_rule.most_common()))
    print(f"{len(tests) - len(failed)} of {len(tests)} passed (statuses and errors are not judged here)")
    micros = ours.busy * 1e6 / max(requests, 1)
    print(f"{len(differing)} of {requests} requests differ; ours took {micros:.0f} us a request")


def _wanted(name: str, only: str) -> bool:
    return fnmatch(name, only) or bool(re.fullmatch(re.escape(only) + r"(-\d+)?", name))


if __name__ == "__main__":
    main()
