"""``waf tune``: rules that match honest traffic, by what the journal says, and the exclusions that end it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bartizan.cli.options import config_option, load_config
from bartizan.config.model import Config, Waf, WafExclusion
from bartizan.config.model.base import parse_duration
from bartizan.config.resolve import effective_guards
from bartizan.errors import SecLangError
from bartizan.evidence.journal import JournalReader
from bartizan.perimeter.waf.exclusions import as_yaml, covers, narrowest
from bartizan.perimeter.waf.load import read_rules
from bartizan.perimeter.waf.seclang import Rule
from bartizan.perimeter.waf.sources import rule_settings, rule_sources
from bartizan.perimeter.waf.store import rules_in_use
from bartizan.perimeter.waf.tuning import MAX_CLEAN_KINDS, MAX_CLEAN_RULES, Candidate, Survey

__all__ = ["tune"]

MAX_SHOWN = 3  # samples of a candidate
Found = tuple[Candidate, WafExclusion]


def _seconds(_: click.Context, __: click.Parameter, value: str) -> float:
    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.ClickException(f"--since: {value!r} {error}") from None


@click.command()
@click.option("--since", callback=_seconds, default="7d", show_default=True, help="How far back: 12h, 7d.")
@click.option(
    "--min-actors", type=click.IntRange(1), default=3, show_default=True, help="Clean addresses that must have met it."
)
@click.option("--route", help="Only this route.")
@click.option("--accept", type=click.IntRange(1), metavar="N", help="Print the YAML of the Nth, and nothing else.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the journal's segments are, instead of where the configuration says.",
)
@config_option()
def tune(
    since: float,
    min_actors: int,
    route: str | None,
    accept: int | None,
    directory: Path | None,
    config_file: Path,
    *,
    as_json: bool,
) -> None:
    """Find WAF rules that match honest traffic, and the narrowest exclusion for each.

    By the journal: which rule matched which parameter on which route, how often, and for how many clean addresses. An
    address is clean if nothing but the WAF refused it, if what the WAF found of it comes from at most three rules and
    two kinds of attack, and if it was not taken for a scanner. What the configuration excludes already is left out.
    Look at each before you accept it: an exclusion is a hole for attacks that come the same way.

    \b
    Example:
      bartizan waf tune --since 7d --min-actors 5
      bartizan waf tune --since 7d --min-actors 5 --accept 1
    """  # noqa: D301 - the control character is what click looks for
    config = load_config(config_file).config
    place = directory or Path(config.storage.directory) / "journal"
    survey = _survey(JournalReader(place), since, route)
    rules = _rules(config)
    found = [
        (candidate, narrowest(candidate.rule, candidate.variables, candidate.paths, rules.get(candidate.rule)))
        for candidate in survey.candidates(min_actors)
        if not _is_excluded(candidate, config)
    ]
    if accept is not None:
        if accept > len(found):
            raise click.ClickException(f"there is no number {accept}: {len(found)} were found")
        click.echo("\n".join(_patch(*found[accept - 1])))
    elif as_json:
        click.echo(json.dumps([_told(*each) for each in found], indent=2))
    else:
        click.echo("\n".join(_text(survey, found, min_actors)))


def _survey(reader: JournalReader, since: float, route: str | None) -> Survey:
    survey = Survey(route)
    for entry in reader.entries(time.time() - since):
        survey.add(entry.record)
    if reader.damaged:
        click.echo(f"{reader.damaged} damaged places were passed over", err=True)
    for reason in reader.unreadable:
        click.echo(f"passed over: {reason}", err=True)
    if survey.overflow:
        click.echo("there are more addresses and parameters than are kept: figures are too low", err=True)
    return survey


def _rules(config: Config) -> Mapping[int, Rule]:
    """Return the rules in use by id, to know what they look at."""
    rules: dict[int, Rule] = {}
    read: set[str] = set()
    for waf in rules_in_use(config):
        key = waf.model_dump_json(include={"crs", "rules", "directives"})
        if key in read:
            continue
        read.add(key)
        plain = waf.model_copy(update={"exclusions": []})
        try:
            book = read_rules(rule_sources(plain), rule_settings(plain))
        except SecLangError as error:
            click.echo(f"the rules cannot be read, so exclusions may be wider than they need be: {error}", err=True)
            continue
        rules |= {entry.id: entry for entry in book.entries if isinstance(entry, Rule)}
    return rules


def _is_excluded(candidate: Candidate, config: Config) -> bool:
    """Tell whether the configuration excludes all that a candidate is about."""
    exclusions = _waf(config, candidate.route).exclusions
    paths = candidate.paths or ("",)
    return bool(candidate.variables) and all(
        any(covers(each, candidate.rule, candidate.tags, variable, path) for each in exclusions)
        for variable in candidate.variables
        for path in paths
    )


def _waf(config: Config, route: str | None) -> Waf:
    found = next((each for each in config.routes if each.name == route), None)
    return config.guards.waf if found is None else effective_guards(config, found).waf


# telling of it


def _told(candidate: Candidate, exclusion: WafExclusion) -> dict[str, Any]:
    told = asdict(candidate)
    told["last"] = _time(candidate.last)
    return told | {"exclusion": exclusion.model_dump(exclude_none=True), "yaml": as_yaml(exclusion, candidate.route)}


def _patch(candidate: Candidate, exclusion: WafExclusion) -> Iterator[str]:
    yield f"# {_plain(candidate.message)}"
    yield f"# {candidate.count} matches for {candidate.clean} clean addresses of {candidate.addresses}"
    if candidate.suspicion:
        yield f"# this may well be an attack: {_plain(candidate.suspicion)}"
    yield as_yaml(exclusion, candidate.route)


def _text(survey: Survey, found: Sequence[Found], min_actors: int) -> Iterator[str]:
    addresses, clean = survey.addresses
    yield f"{survey.matched} matches in {survey.exchanges} exchanges, for {addresses} addresses, {clean} of them clean:"
    yield f"refused by the WAF only, at most {MAX_CLEAN_RULES} rules and {MAX_CLEAN_KINDS} kinds of attack, no scanner"
    for number, (candidate, exclusion) in enumerate(found, 1):
        yield ""
        yield from _item(number, candidate, exclusion)
    yield ""
    if found:
        yield "`bartizan waf tune --accept N` with the same options prints what to add to the configuration"
    else:
        yield f"no rule was met by {min_actors} clean addresses or more"


def _item(number: int, candidate: Candidate, exclusion: WafExclusion) -> Iterator[str]:
    where = "no route" if candidate.route is None else f"route {candidate.route}"
    yield f"{number}. rule {candidate.rule}: {_plain(candidate.message)}"
    yield f"   parameter  {_plain(candidate.variable)} ({where}, {_paths(candidate.paths)})"
    yield f"   matches    {candidate.count}, {candidate.refused} in refused requests, last {_time(candidate.last)}"
    yield f"   addresses  {candidate.clean} clean of {candidate.addresses}"
    for sample in candidate.samples[:MAX_SHOWN]:
        yield f"   sample     {_plain(sample)}"
    yield f"   judgement  {_judgement(candidate, exclusion)}"
    yield from (f"     {line}" for line in as_yaml(exclusion, candidate.route).splitlines())


def _judgement(candidate: Candidate, exclusion: WafExclusion) -> str:
    if candidate.suspicion:
        return f"looks like an attack: {_plain(candidate.suspicion)}"
    if exclusion.target is None:
        return (
            "may be a false positive; the rule cannot leave out what matched, so all of it is excluded: better fix it"
        )
    return "may be a false positive"


def _paths(paths: Sequence[str] | None) -> str:
    if paths is None:
        return "many paths"
    if len(paths) == 1:
        return _plain(paths[0])
    return f"{len(paths)} paths"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _plain(text: str) -> str:
    """Return a text without what would move a terminal's cursor: clients wrote some of it."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
