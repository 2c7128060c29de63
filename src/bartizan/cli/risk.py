"""``risk``: who has a risk and why, and how far the sentry is. Commands only look, whether it runs or not."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from bartizan.cli.decoy.actor import printable
from bartizan.cli.options import config_option, load_config
from bartizan.config.model import Config
from bartizan.detection.actors import parse_actor
from bartizan.detection.risk import Contribution, Explanation, RiskSettings
from bartizan.detection.standing import GONE, Standing, published
from bartizan.sentry.cases import Case
from bartizan.sentry.undoing import MadeDecision, MadePardon
from bartizan.sentry.view import View
from bartizan.storage.state import open_state

__all__ = ["risk"]

DECISIONS = {"revoke_session": "session {session} revoked", "quarantine_device": "device {device} quarantined"}


@click.group()
def risk() -> None:
    """Show who has a risk, and what it is made of."""


@risk.command()
@click.argument("actor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def show(actor: str, config_file: Path, *, as_json: bool) -> None:
    """Show what ACTOR's risk is made of, and what followed from it.

    ACTOR is KIND:VALUE (address, network, asn, ja4, device, session, principal, credential), or an address alone.
    """
    config = load_config(config_file).config
    try:
        key = parse_actor(actor)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    now = time.time()
    with View(Path(config.storage.directory)) as view:
        explanation = view.explain(key, RiskSettings.of(config.sentry), now)
        decisions, cases, pardons = view.decisions(key), view.cases(key), view.pardons(key)
    if as_json:
        told = {"explanation": explanation, "decisions": decisions, "cases": cases, "pardons": pardons}
        click.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
        return
    lines = [f"{key} has a risk of {explanation.score:.0f}", *_parts(explanation, now)]
    lines += [_case_line(case) for case in cases]
    lines += [_decision_line(made) for made in decisions]
    lines += [_pardon_line(made) for made in pardons]
    for line in lines:
        click.echo(printable(line))


@risk.command("list")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="How many at the most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def list_(limit: int, config_file: Path, *, as_json: bool) -> None:
    """List who has a risk, the highest first, as edge processes know it."""
    now = time.time()
    found = asyncio.run(_published(load_config(config_file).config))
    riskiest = sorted((each for each in found if each.now(now) >= GONE), key=lambda each: -each.now(now))[:limit]
    if as_json:
        told = [{"actor": each.actor, "risk": round(each.now(now), 1), "because": each.because} for each in riskiest]
        click.echo(json.dumps(told, indent=2))
    elif not riskiest:
        click.echo("nobody has a risk")
    for each in () if as_json else riskiest:
        click.echo(printable(f"{each.now(now):>4.0f}  {each.actor:<40}  {each.because}"))


@risk.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def status(config_file: Path, *, as_json: bool) -> None:
    """Show what the sentry has read, and how far it is behind."""
    with View(Path(load_config(config_file).config.storage.directory)) as view:
        progress, cases = view.progress(), len(view.cases())
    if as_json:
        told = {**progress.counts, "running": progress.running, "behind_bytes": progress.behind_bytes,
                "segments": progress.segments, "latest": progress.latest, "cases": cases}  # fmt: skip
        click.echo(json.dumps(told, indent=2))
        return
    counts = progress.counts
    click.echo(
        "the sentry runs" if progress.running else "the sentry does not run: risks fade, and no new ones are told"
    )
    click.echo(
        f"read: {counts.get('records', 0)} records ({counts.get('exchanges', 0)} exchanges, "
        f"{counts.get('findings', 0)} findings), {counts.get('signals', 0)} signals against somebody, {cases} cases"
    )
    click.echo(f"behind: {progress.behind_bytes} bytes in {progress.segments} journal segments")
    if progress.latest:
        click.echo(f"the last exchange read is of {when(progress.latest)}")


async def _published(config: Config) -> list[Standing]:
    state = open_state(config.storage.state, Path(config.storage.directory))
    highest: dict[str, Standing] = {}
    now = time.time()
    try:
        async for each in published(state):
            known = highest.get(each.actor)
            if known is None or each.now(now) > known.now(now):
                highest[each.actor] = each
    finally:
        await state.close()
    return list(highest.values())


def _parts(explanation: Explanation, now: float) -> list[str]:
    lines = [_contribution_line(each, now) for each in explanation.contributions if each.points >= 0.05]
    if explanation.chain is not None and explanation.chain.points >= 0.05:
        stages = ", then ".join(stage for stage, _ in explanation.chain.stages)
        lines.append(f"{explanation.chain.points:>6.1f}  progress: {stages}")
    if explanation.shared is not None:
        shared = explanation.shared
        lines.append(
            f"        {shared.people:.0f} clean people are behind it: its evidence counts {shared.factor:.2f} times"
        )
    return lines


def _contribution_line(each: Contribution, now: float) -> str:
    via = "" if each.via is None else f", via {each.via} ({each.damping:.2f})"
    weighed = f"severity {each.severity}, confidence {each.confidence:.2f}"
    seen = f"{each.signal} {times(each.count)}, last {_ago(now - each.last)} ago"
    return f"{each.points:>6.1f}  {seen}, found by {each.detector} ({weighed}){via}"


def _case_line(case: Case) -> str:
    what = f"{case.signal} {case.decoy}".strip()
    return f"case {case.id}: {what}, {times(case.count)}, since {when(case.opened)}"


def _decision_line(made: MadeDecision) -> str:
    decision = made.decision
    what = DECISIONS[decision.what].format(session=decision.session, device=decision.device)
    undone = f", undone by pardon {made.undone_by}" if made.undone_by else ""
    return f"decision {decision.id}: {what} at {when(decision.at)}{undone}"


def _pardon_line(made: MadePardon) -> str:
    given = made.pardon
    return f"pardon {given.id} of {given.actor} by {given.by} at {when(given.at)}: {given.because}"


def _ago(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def times(count: int) -> str:
    """Return how often something happened, for people."""
    return "once" if count == 1 else f"{count} times"


def when(seconds: float) -> str:
    """Return a time for people, from Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
