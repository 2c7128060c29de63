"""``waf inspect``: what the rules say of requests, as JSON lines."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bartizan.cli.waf.chosen import ManyRules, chosen_rules, load_chosen, rule_options
from bartizan.perimeter.waf.inspection import Inspector

__all__ = ["inspect"]

MAX_LINE = 256 * 2**20  # bytes


@click.command(cls=ManyRules)
@rule_options()
@click.option("--paranoia", type=click.IntRange(1, 4), help="CRS paranoia level; absent: what the rules say.")
@click.option("--cache", type=click.Path(path_type=Path, file_okay=False), help="Directory of compiled rules.")
def inspect(
    rules: tuple[str, ...], config_file: Path | None, route: str | None, paranoia: int | None, cache: Path | None
) -> None:
    """Judge the requests on standard input by WAF rules: JSON lines in, JSON lines out, in the same order.

    The engine is the gateway's. A request is {"id", "method", "uri", "version", "headers": [[name, value]...],
    "body_b64", "response": {"status", "headers", "body_b64"}, "client"}; all but method and uri may be absent. Letters
    up to U+00FF stand for one byte each; a text with others is UTF-8.

    A verdict is {"id", "verdict", "status", "score", "rules": [{"id", "msg", "var", "data", "phase"}...], "micros"},
    the verdict being allow, deny, drop or redirect. Where rules only detect it is allow, and "would" tells what they
    would have done. A line that is no request is answered with {"id", "error"}, and makes the exit status 1.

    \b
    Example:
      echo '{"method": "GET", "uri": "/?q=<script>", "headers": [["Host", "a"]]}' |
        bartizan waf inspect --rules /usr/share/modsecurity-crs --paranoia 2
    """  # noqa: D301 - the control character is what click looks for
    inspector = Inspector(load_chosen(chosen_rules(rules, config_file, route, paranoia), cache))
    with _few_collections():
        _inspect(inspector)
    if inspector.failed:
        click.echo(f"{inspector.failed} line{'s' if inspector.failed > 1 else ''} could not be read", err=True)
        sys.exit(1)


def _inspect(inspector: Inspector) -> None:
    source, out = sys.stdin.buffer, sys.stdout.buffer
    judge, write, flush = inspector.line, out.write, out.flush
    number = 0
    while line := source.readline(MAX_LINE):
        number += 1
        if len(line) == MAX_LINE and not line.endswith(b"\n"):
            while rest := source.readline(MAX_LINE):
                if rest.endswith(b"\n"):
                    break
            write(inspector.failure(b"", f"line {number}: is longer than {MAX_LINE} bytes") + b"\n")
        elif not line.isspace():
            write(judge(line, number) + b"\n")
        flush()


@contextmanager
def _few_collections() -> Iterator[None]:
    """Keep the garbage collector away from the rules, as edge processes do: they are many, and never garbage."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
