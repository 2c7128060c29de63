"""The reference: libmodsecurity in this process, from the wheel, on the same rules and requests.

``python -m benchmarks.waf.reference DIR [--rules PATH...] [--out FILE.json]`` runs regression tests and writes down
whether each passed and which rules matched in each stage.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from libmodsecurity import ModSecurity, RulesSet, Transaction

from bartizan.http.lenient import LenientRequest, read_request
from bartizan.perimeter.waf.testing import Outcome, Suite, Test, judge, read_suite, request_bytes, suite_files
from bartizan.perimeter.waf.testing.reflect import Answer, answer
from bartizan.perimeter.waf.testing.setup import suite_rules

__all__ = ["ReferenceArena", "debian_rules", "run_reference"]

DEBIAN = (Path("/etc/modsecurity/crs/crs-setup.conf"), Path("/usr/share/modsecurity-crs/rules"))


def debian_rules() -> list[Path]:
    """Return the files of Debian's ``modsecurity-crs``, without those that need GeoIP, which the wheel lacks."""
    return [DEBIAN[0], *(file for file in sorted(DEBIAN[1].glob("*.conf")) if "REQUEST-910" not in file.name)]


class ReferenceArena:
    """Runs requests through libmodsecurity. It has no server: it can tell neither statuses nor errors."""

    def __init__(self, rules: Sequence[Path], *, setup: str) -> None:
        self.engine = ModSecurity()
        self._lines: list[str] = []
        self.engine.set_log_callback(self._lines.append)
        self.rules = RulesSet()
        self._load(setup)
        for file in rules:
            if self.rules.load_from_uri(str(file)) < 0:
                raise ValueError(f"{file}: {self.rules.get_parser_error()}")

    def _load(self, text: str) -> None:
        if self.rules.load(text) < 0:
            raise ValueError(self.rules.get_parser_error())

    async def send(self, stage: bytes) -> Outcome:
        """Run one request, and the response of the suites' backend."""
        return self.run(read_request(stage))

    def run(self, request: LenientRequest) -> Outcome:
        """Run one request that has been read."""
        self._lines.clear()
        response = answer(request)
        ids = transact(self.engine, self.rules, request, response)
        return Outcome(status=response.status, rule_ids=ids, log=tuple(self._lines))


def transact(
    engine: ModSecurity, rules: RulesSet, request: LenientRequest, response: Answer | None = None
) -> tuple[int, ...]:
    """Run one exchange through all phases and return the ids of the rules that matched and were logged, in order."""
    transaction = Transaction(engine, rules)
    transaction.process_connection("127.0.0.1", 40000, "127.0.0.1", 80)
    version = request.protocol.removeprefix(b"HTTP/")
    transaction.process_uri(_text(request.target), _text(request.method), _text(version))
    for name, value in request.fields:
        transaction.add_request_header(_text(name), _text(value))
    transaction.process_request_headers()
    if request.body:
        transaction.append_request_body(request.body)
    transaction.process_request_body()
    if response is not None:
        for name, value in (*response.headers, (b"Content-Length", b"%d" % len(response.body))):
            transaction.add_response_header(_text(name), _text(value))
        transaction.process_response_headers(response.status, "HTTP/1.1")
        if response.body:
            transaction.append_response_body(response.body)
        transaction.process_response_body()
    transaction.process_logging()
    return tuple(message.rule_id for message in transaction.get_rule_messages())


def _text(value: bytes) -> Any:
    return value


@dataclass(slots=True)
class Verdict:
    """What became of one test."""

    id: str
    judged: bool
    passed: bool
    matched: list[list[int]]
    failures: list[str]


def numbered(suite: Suite) -> list[tuple[str, Test]]:
    """Return tests with ids that are unique: a repeated one has ``#2`` after it."""
    seen: Counter[str] = Counter()
    named = []
    for test in suite.tests:
        seen[test.id] += 1
        named.append((test.id if seen[test.id] == 1 else f"{test.id}#{seen[test.id]}", test))
    return named


def run_reference(arena: ReferenceArena, suite: Suite) -> list[Verdict]:
    """Run all tests; one is ``judged`` when it expects something of the log and no error."""
    verdicts = []
    for name, test in numbered(suite):
        matched, failures, judged = [], [], False
        for stage in test.stages:
            outcome = asyncio.run(arena.send(request_bytes(stage.request, test.generation)))
            wanted = stage.expected
            judged |= bool(wanted.log or wanted.no_log or wanted.ids or wanted.no_ids) and not wanted.error
            failures += [why for reason, why in judge(wanted, outcome) if reason in {"log", "no log"}]
            matched.append(list(outcome.rule_ids))
        verdicts.append(Verdict(name, judged, not failures, matched, failures))
    return verdicts


def main() -> None:
    """Run, print what failed and a summary, write the verdicts down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--rules", type=Path, nargs="*")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    suite = read_suite(suite_files([given.directory]))
    arena = ReferenceArena(given.rules or debian_rules(), setup=suite_rules())
    began = time.perf_counter()
    verdicts = run_reference(arena, suite)
    seconds = time.perf_counter() - began
    judged = [verdict for verdict in verdicts if verdict.judged]
    for verdict in judged:
        if not verdict.passed:
            print(f"{verdict.id}: {'; '.join(verdict.failures)} (matched {verdict.matched})")
    passed = sum(verdict.passed for verdict in judged)
    print(f"{passed} of {len(judged)} passed in {seconds:.1f} s; {len(verdicts) - len(judged)} cannot be judged here")
    if given.out:
        told = {each.id: {"judged": each.judged, "passed": each.passed, "matched": each.matched} for each in verdicts}
        given.out.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
