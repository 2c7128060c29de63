"""``waf rules``: which rules there are."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from bartizan.cli.waf.chosen import ManyRules, chosen_rules, rule_options
from bartizan.perimeter.waf.load import read_rules
from bartizan.perimeter.waf.seclang import Rule
from bartizan.perimeter.waf.words import SEVERITIES

__all__ = ["rules"]

MAX_TAGS = 24  # characters in the table
_LEVEL = re.compile(r"paranoia-level/([1-4])")
_USUAL = re.compile(r"application-|language-|platform-|paranoia-level/|OWASP_CRS|capec/|PCI/")
"""Tags that nearly all rules have, or that say what other columns do."""
_HEAD = ("id", "phase", "level", "severity", "tags", "message")


def _range(_: click.Context, __: click.Parameter, value: str | None) -> range | None:
    if value is None:
        return None
    first, dash, last = value.partition("-")
    if not (first.isdecimal() and (last.isdecimal() or not dash)):
        raise click.BadParameter(f"{value!r} is neither an id nor a range of them: 942100, 942100-942999")
    return range(int(first), int(last or first) + 1)


@click.command(cls=ManyRules)
@rule_options()
@click.option("--tag", multiple=True, metavar="TAG", help="Only rules with this tag, or one below it; repeatable.")
@click.option("--phase", type=click.IntRange(1, 5), help="Only rules of this phase.")
@click.option("--paranoia", type=click.IntRange(1, 4), help="Only rules of this CRS paranoia level.")
@click.option("--id", "ids", callback=_range, metavar="RANGE", help="Only these: 942100, 942100-942999.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rules(
    rules: tuple[str, ...],
    config_file: Path | None,
    route: str | None,
    tag: tuple[str, ...],
    phase: int | None,
    paranoia: int | None,
    ids: range | None,
    *,
    as_json: bool,
) -> None:
    """List WAF rules: id, phase, CRS paranoia level, severity, tags, message.

    Rules are those of --rules or --config; without either, of bartizan.yaml, or else of Debian's Core Rule Set.
    `bartizan waf explain ID` tells all of one.

    \b
    Example:
      bartizan waf rules --tag attack-sqli --paranoia 1
    """  # noqa: D301 - the control character is what click looks for
    chosen = chosen_rules(rules, config_file, route)
    book = read_rules(chosen.sources, chosen.settings)
    found = [
        entry
        for entry in book.entries
        if isinstance(entry, Rule)
        and (ids is None or entry.id in ids)
        and (phase is None or entry.phase == phase)
        and (paranoia is None or _level(entry) == paranoia)
        and all(_has_tag(entry, each) for each in tag)
    ]
    if as_json:
        click.echo(json.dumps([_told(rule) for rule in found], indent=1))
        return
    click.echo("\n".join(_table(found)))
    click.echo(f"{len(found)} rule{'' if len(found) == 1 else 's'}", err=True)


def _has_tag(rule: Rule, tag: str) -> bool:
    return any(each == tag or each.startswith(f"{tag}/") for each in map(str, rule.tags))


def _level(rule: Rule) -> int | None:
    return next((int(found[1]) for tag in rule.tags if (found := _LEVEL.fullmatch(str(tag)))), None)


def _severity(rule: Rule) -> str | None:
    severity = rule.severity
    return SEVERITIES[severity] if severity is not None and 0 <= severity < len(SEVERITIES) else None


def _told(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "phase": rule.phase,
        "paranoia": _level(rule),
        "severity": _severity(rule),
        "tags": [str(tag) for tag in rule.tags],
        "msg": None if rule.msg is None else str(rule.msg),
        "action": rule.disruption,
        "at": str(rule.place),
    }


def _table(found: Sequence[Rule]) -> Iterator[str]:
    rows = [_HEAD, *map(_row, found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD) - 1)]
    most = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for row in rows:
        cells = [
            text.rjust(width) if at == 0 else text.ljust(width)
            for at, (text, width) in enumerate(zip(row, widths, strict=False))
        ]
        yield "  ".join([*cells, row[-1]]).rstrip()[:most]


def _row(rule: Rule) -> tuple[str, ...]:
    level = _level(rule)
    tags = " ".join(tag for tag in map(str, rule.tags) if not _USUAL.match(tag))
    return (
        str(rule.id),
        str(rule.phase),
        "-" if level is None else str(level),
        _severity(rule) or "-",
        tags if len(tags) <= MAX_TAGS else tags[: MAX_TAGS - 1] + "…",
        "" if rule.msg is None else str(rule.msg),
    )
