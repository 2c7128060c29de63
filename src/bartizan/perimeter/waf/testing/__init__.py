"""Running regression tests of rules, without I/O: test files, the bytes that are sent, the backend, the judgement."""

from bartizan.perimeter.waf.testing.model import (
    Arena,
    Expectation,
    Generation,
    Outcome,
    Request,
    Stage,
    Suite,
    Test,
)
from bartizan.perimeter.waf.testing.run import Result, run_test
from bartizan.perimeter.waf.testing.schema import read_suite, suite_files
from bartizan.perimeter.waf.testing.verdict import REASONS, judge
from bartizan.perimeter.waf.testing.wire import request_bytes

__all__ = [
    "REASONS",
    "Arena",
    "Expectation",
    "Generation",
    "Outcome",
    "Request",
    "Result",
    "Stage",
    "Suite",
    "Test",
    "judge",
    "read_suite",
    "request_bytes",
    "run_test",
    "suite_files",
]
