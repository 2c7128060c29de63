"""Does what came of an exchange meet what was expected?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bartizan.perimeter.waf.testing.model import Expectation, Outcome

__all__ = ["REASONS", "judge"]

REASONS = ("error", "status", "response", "log", "no log")
"""What a test can fail by, in the order in which it is looked at."""

_ID = re.compile(r'\[id "([0-9]+)"\]')


def judge(expected: Expectation, outcome: Outcome) -> list[tuple[str, str]]:
    """Return what is not met: pairs of one of ``REASONS`` and a sentence; empty when all is.

    An expected error is all that is looked at (``runner/run.go`` of go-ftw); an error that was not, too.
    """
    if expected.error:
        if outcome.error is not None:
            return []
        return [("error", f"an error was expected, and the answer was {outcome.status}")]
    if outcome.error is not None:
        return [("error", f"no answer: {outcome.error}")]
    return [*_answer(expected, outcome), *_log(expected, outcome)]


def _answer(expected: Expectation, outcome: Outcome) -> Iterator[tuple[str, str]]:
    if expected.statuses and outcome.status not in expected.statuses:
        wanted = " or ".join(str(status) for status in expected.statuses)
        yield "status", f"{wanted} was expected, and the answer was {outcome.status}"
    if isinstance(expected.response, bytes):
        found = expected.response in outcome.response
    else:
        found = expected.response is None or expected.response.search(outcome.response) is not None
    if not found:
        yield "response", "the response has not what was expected"


def _log(expected: Expectation, outcome: Outcome) -> Iterator[tuple[str, str]]:
    found = {int(each) for line in outcome.log for each in _ID.findall(line)}
    missing = [number for number in expected.ids if number not in found]
    surplus = [number for number in expected.no_ids if number in found]
    if missing:
        yield "log", f"not matched: {', '.join(map(str, missing))}"
    if expected.log is not None and not _any(expected.log, outcome.log):
        yield "log", f"nothing in the log is like {expected.log.pattern}"
    if expected.isolated and len(found) != 1:
        yield "log", f"one rule alone was expected to match, and {len(found)} did"
    if surplus:
        yield "no log", f"matched: {', '.join(map(str, surplus))}"
    if expected.no_log is not None and _any(expected.no_log, outcome.log):
        yield "no log", f"something in the log is like {expected.no_log.pattern}"


def _any(pattern: re.Pattern[str], lines: tuple[str, ...]) -> bool:
    return any(pattern.search(line) is not None for line in lines)
