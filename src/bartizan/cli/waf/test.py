"""``waf test``: regression tests of rules, through a real gateway."""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import click
import structlog
import uvloop

from bartizan.cli.options import load_config
from bartizan.cli.waf.arena import GatewayArena
from bartizan.cli.waf.chosen import ManyRules, rule_files_of
from bartizan.config.rule_files import DEBIAN
from bartizan.perimeter.waf.testing import REASONS, Generation, Result, Suite, Test, read_suite, run_test, suite_files
from bartizan.perimeter.waf.testing.setup import suite_rules

__all__ = ["test"]

_PATH = click.Path(path_type=Path)
_EXISTING = click.Path(exists=True, path_type=Path)


@click.command(cls=ManyRules)
@click.argument("directories", metavar="DIR...", type=_EXISTING, nargs=-1, required=True)
@click.option(
    "--rules", multiple=True, metavar="PATH...", help="Rule files, patterns, or directories of them or a CRS."
)
@click.option("-c", "--config", "config_file", type=_PATH, help="Use the rules and settings of its guards.waf instead.")
@click.option("--paranoia", type=click.IntRange(1, 4), default=4, show_default=True, help="CRS paranoia level.")
@click.option("--only", multiple=True, metavar="ID", help="Rule, test (942100-3) or pattern (9421*); repeatable.")
@click.option("--report", type=_PATH, metavar="FILE", help="Write what became of each test as JSON.")
@click.option("--list-failures", is_flag=True, help="Tell of each test that failed by what it did.")
@click.option("--cache", type=_PATH, metavar="DIR", help="Where compiled rules are kept; else they are compiled anew.")
@click.option("--timeout", type=float, default=2.0, show_default=True, help="Seconds that a response may take.")
def test(
    directories: tuple[Path, ...],
    rules: tuple[str, ...],
    config_file: Path | None,
    paranoia: int,
    only: tuple[str, ...],
    report: Path | None,
    cache: Path | None,
    timeout: float,
    *,
    list_failures: bool,
) -> None:
    """Run the regression tests below DIR, in the schemas of CRS 3 and 4, through a gateway on loopback.

    Rules are those of Debian's modsecurity-crs unless told otherwise. They run as the suites want it: they only
    detect, at paranoia level 4. With --config everything is as the configuration says. Exit status 1: a test failed or
    could not be read.
    """
    if config_file is not None and rules:
        raise click.UsageError("--rules and --config exclude each other")
    suite = _chosen(read_suite(suite_files(directories)), only)
    for problem in suite.problems:
        click.echo(problem, err=True)
    if not suite.tests:
        raise click.ClickException("there is no such test")
    # what goes wrong with single exchanges is in the tests' results
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bartizan-waf-rules-") as scratch:
        waf = _configured(config_file) if config_file else _as_suites_want(rules, paranoia, Path(scratch))
        if cache is not None:
            waf["cache"] = str(cache.absolute())
        results = uvloop.run(_run(suite.tests, waf, timeout))
    seconds = time.perf_counter() - began
    _tell(results, seconds, list_failures=list_failures)
    if report is not None:
        report.write_text(json.dumps(_report(results, suite.problems, seconds), indent=1), encoding="utf-8")
    sys.exit(0 if all(result.passed for result in results) and not suite.problems else 1)


def _chosen(suite: Suite, only: Sequence[str]) -> Suite:
    patterns = [pattern for each in only for pattern in (each, f"{each}-*")]
    if not patterns:
        return suite
    tests = tuple(each for each in suite.tests if any(fnmatchcase(each.id, pattern) for pattern in patterns))
    return Suite(tests, suite.problems)


# the rules


def _as_suites_want(rules: Sequence[str], paranoia: int, scratch: Path) -> dict[str, Any]:
    files = rule_files_of(rules or (str(DEBIAN),))
    setup = scratch / "suite.conf"
    parse = not any(b"requestbodyprocessor=json" in file.read_bytes().lower() for file in files if file.is_file())
    setup.write_text(suite_rules(paranoia, parse_bodies=parse), encoding="utf-8")
    return {
        "enabled": True,
        "mode": "detection_only",
        "rules": [str(setup), *(str(file) for file in files)],
        "response_body": {"enabled": True},
        "request_body": {"limit": "16MiB"},
        "time_budget": "60s",
    }


def _configured(file: Path) -> dict[str, Any]:
    return load_config(file).config.guards.waf.model_dump() | {"enabled": True}


# running them


async def _run(tests: Sequence[Test], waf: dict[str, Any], timeout: float) -> list[Result]:  # noqa: ASYNC109 - of each answer
    results = []
    generation = max((each.generation for each in tests), key=lambda each: each is Generation.V4)
    async with GatewayArena(waf, generation, timeout=timeout) as arena:
        with click.progressbar(tests, label=f"{len(tests)} tests", file=sys.stderr) as bar:
            for each in bar:
                results.append(await run_test(arena, each))  # noqa: PERF401 - one after the other
    return results


# telling of them


def _tell(results: Sequence[Result], seconds: float, *, list_failures: bool) -> None:
    failed = [result for result in results if not result.passed]
    for result in failed if list_failures else ():
        click.echo(f"{result.test.id} ({result.test.file}:{result.test.line})")
        for _, sentence in result.failures:
            click.echo(f"    {sentence}")
        for outcome in result.outcomes:
            click.echo(f"    answer {outcome.status}, matched {', '.join(map(str, outcome.rule_ids)) or 'nothing'}")
    reasons = Counter(result.failures[0][0] for result in failed)
    told = ", ".join(f"{reasons[reason]} by {reason}" for reason in REASONS if reasons[reason])
    click.echo(f"{len(results) - len(failed)} of {len(results)} tests passed in {seconds:.1f} s")
    if failed:
        click.echo(f"{len(failed)} failed: {told}" + ("" if list_failures else " (--list-failures tells which)"))


def _report(results: Sequence[Result], problems: Sequence[str], seconds: float) -> dict[str, Any]:
    return {
        "passed": sum(result.passed for result in results),
        "failed": sum(not result.passed for result in results),
        "seconds": round(seconds, 3),
        "problems": list(problems),
        "tests": [
            {
                "id": result.test.id,
                "file": f"{result.test.file}:{result.test.line}",
                "passed": result.passed,
                "failures": [{"reason": reason, "text": text} for reason, text in result.failures],
                "stages": [
                    {"status": outcome.status, "error": outcome.error, "matched": outcome.rule_ids}
                    for outcome in result.outcomes
                ],
            }
            for result in results
        ],
    }
