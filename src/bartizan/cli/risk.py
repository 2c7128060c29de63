"""``risk``: who has a risk and why, and how far the sentry is. Commands only look, whether it runs or not."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from bartizan.cli.decoy.actor import printable
from bartizan.cli.options import config_option, load_config
from bartizan.config.model import Config
from bartizan.decoy.contract import transcripts_directory
from bartizan.decoy.transcript import read_transcript
from bartizan.detection.actors import parse_actor
from bartizan.detection.standing import Standing, published
from bartizan.errors import StateError
from bartizan.sentry.cases import Case
from bartizan.sentry.dossier import Dossier, Obstacle, Part, Taken, dossier_of, highest_of
from bartizan.sentry.undoing import MadePardon
from bartizan.sentry.view import View, is_kept
from bartizan.storage.state import open_state

__all__ = ["risk", "times", "when"]

SHOWN = 0.05  # points: what contributes less is not shown to people
DECISIONS = {"revoke_session": "session {session} revoked", "quarantine_device": "device {device} quarantined"}
OBSTACLES = {
    "throttle": "is slowed down (429)",
    "challenge": "has to do some work first",
    "step_up": "has to prove anew who they are",
    "divert": "gets to the decoy",
    "revoke_session": "loses the session",
    "deny": "is refused (403)",
    "quarantine_device": "loses session and device",
}


@click.group()
def risk() -> None:
    """Show who has a risk, and what it is made of."""


@risk.command()
@click.argument("actor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def show(actor: str, config_file: Path, *, as_json: bool) -> None:
    """Show what ACTOR's risk is made of, what follows from it, and what to do about it.

    ACTOR is KIND:VALUE (address, network, asn, ja4, device, session, principal, credential), or an address alone.
    Without a sentry on this machine it is what those of others have told.
    """
    config = load_config(config_file).config
    try:
        key = parse_actor(actor)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    dossier, now = _dossier(config, key), time.time()
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(dossier), indent=2).decode())
        return
    has_transcript = any(read_transcript(transcripts_directory(Path(config.storage.directory)), key))
    for line in _lines(dossier, now, has_transcript=has_transcript):
        click.echo(printable(line))


@risk.command("list")
@click.option(
    "-n", "--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="How many at the most."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def list_(limit: int, config_file: Path, *, as_json: bool) -> None:
    """List who has a risk, the highest first, as edge processes know it."""
    now = time.time()
    found = highest_of(asyncio.run(_published(load_config(config_file).config)), now)
    if as_json:
        told = [
            {"actor": each.actor, "score": each.now(now), "half_life": each.half_life, "because": each.because}
            for each in found[:limit]
        ]
        click.echo(json.dumps(told, indent=2))
        return
    if not found:
        click.echo("nobody has a risk")
    for each in found[:limit]:
        click.echo(printable(f"{each.now(now):>4.0f}  {each.actor:<40}  {each.because}"))
    if len(found) > limit:
        click.echo(f"and {len(found) - limit} more; -n shows them")


@risk.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def status(config_file: Path, *, as_json: bool) -> None:
    """Show what the sentry has read, and how far it is behind."""
    now = time.time()
    with View.of(load_config(config_file).config) as view:
        progress = view.progress(now)
    if as_json:
        told = {
            **progress.counts,
            "running": progress.running,
            "behind_bytes": progress.behind_bytes,
            "behind_seconds": progress.behind_seconds,
            "segments": progress.segments,
            "latest": progress.latest,
            "actors": progress.actors,
            "cases": progress.cases,
        }
        click.echo(json.dumps(told, indent=2))
        return
    counts, running = progress.counts, "the sentry runs"
    click.echo(running if progress.running else "the sentry does not run: risks fade, and no new ones are told")
    click.echo(
        f"read: {counts.get('records', 0)} records ({counts.get('exchanges', 0)} exchanges, "
        f"{counts.get('findings', 0)} findings), {counts.get('signals', 0)} signals against somebody"
    )
    click.echo(f"knows: {progress.actors} actors, {progress.cases} cases")
    click.echo(
        f"behind: {progress.behind_bytes} bytes, {progress.behind_seconds:.1f} s, "
        f"in {progress.segments} journal segments"
    )
    if progress.latest:
        click.echo(f"the last exchange read is of {when(progress.latest)}")


def _dossier(config: Config, key: str) -> Dossier:
    """Read what is known of an actor; what only other machines know is left out while the state is away."""
    is_here = is_kept(Path(config.storage.directory))
    try:
        standings = asyncio.run(_published(config, key))
    except StateError as error:
        if not is_here:
            raise
        click.echo(f"what other machines have told is not known: {error}", err=True)
        standings = []
    if not is_here:
        return dossier_of(key, None, standings, config, time.time())
    with View.of(config) as view:
        return dossier_of(key, view, standings, config, time.time())


async def _published(config: Config, key: str | None = None) -> list[Standing]:
    """Return all that is published, or what is of one actor. Raises ``StateError``."""
    state = open_state(config.storage.state, Path(config.storage.directory))
    try:
        return [each async for each in published(state) if key is None or each.actor == key]
    finally:
        await state.close()


# for people


def _lines(dossier: Dossier, now: float, *, has_transcript: bool) -> Iterator[str]:
    yield _headline(dossier)
    yield from (f"pardoned at {when(at)}" for at in (dossier.pardoned,) if at is not None)
    if dossier.obstacle is not None:
        yield from _obstacle_lines(dossier.obstacle)
    if dossier.known_from == "state":
        yield "this machine has no sentry: this is what those of others have told"
    for each in dossier.told:
        half_life = _span(each.half_life)
        yield f"{each.score:>6.1f}  told by sentry {each.source}, half-life {half_life}: {each.because}"
    shown = [part for part in dossier.contributions if part.points >= SHOWN]
    if shown:
        yield ""
        yield "points  what contributes"
    for part in shown:
        yield from _part_lines(part, now)
    yield from _whole_lines(dossier)
    yield from _section("cases", map(_case_line, dossier.cases))
    yield from _section("decisions", map(_decision_line, dossier.decisions))
    yield from _section("pardons", map(_pardon_line, dossier.pardons))
    yield from _section("what to do", _advice(dossier, has_transcript=has_transcript))


def _headline(dossier: Dossier) -> str:
    if dossier.half_life is None:
        return f"{dossier.actor} has no risk"
    return f"{dossier.actor} has a risk of {dossier.score:.0f} of 100; half of it is gone in {_span(dossier.half_life)}"


def _obstacle_lines(obstacle: Obstacle) -> Iterator[str]:
    if obstacle.rung is not None:
        yield f"by the defaults it {OBSTACLES[obstacle.rung]}: {obstacle.rung}, from {obstacle.at} on"
    if obstacle.shadow is not None:
        yield f"in shadow mode, only logged: {obstacle.shadow}, from {obstacle.shadow_at} on"


def _part_lines(part: Part, now: float) -> Iterator[str]:
    yield f"{part.points:>6.1f}  {part.signal} {times(part.count)}, last {_span(now - part.last)} ago"
    if part.via is not None:
        yield f"        via {part.via}, which passes on {part.damping:.0%}"
    yield f"        found by {part.detector}: severity {part.severity} of 100, {part.confidence:.0%} sure"
    known = []
    if part.technique is not None:
        known.append(" ".join(filter(None, (part.technique.id, part.technique.name))))
    if part.owasp is not None:
        known.append(f"OWASP {part.owasp}")
    if part.stage is not None:
        known.append(f"stage {part.stage}")
    if known:
        yield f"        {', '.join(known)}"


def _whole_lines(dossier: Dossier) -> Iterator[str]:
    """Yield what is about all contributions together."""
    chain, shared = dossier.chain, dossier.shared
    if chain is not None and chain.points >= SHOWN:
        stages = ", then ".join(each.stage for each in chain.stages)
        yield f"{chain.points:>6.1f}  progress: {stages}; all evidence counts {chain.factor:.2f} times"
    if shared is not None:
        people = f"{shared.people:.1f} clean people are behind it"
        yield f"        {people}: the points are {shared.factor:.2f} times what they would be"


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if not number:
            yield ""
            yield title
        yield f"  {line}"


def _case_line(case: Case) -> str:
    what = " ".join(filter(None, (case.signal, case.decoy, case.place and f"({case.place})")))
    pardoned = f", pardoned: {case.pardoned}" if case.pardoned else ""
    return f"{case.id}  {what}, {times(case.count)}, since {when(case.opened)}{pardoned}"


def _decision_line(made: Taken) -> str:
    what = DECISIONS[made.what].format(session=made.session, device=made.device)
    undone = f", undone by pardon {made.undone_by}" if made.undone_by else ""
    return f"{made.id}  {what} at {when(made.at)}, at a risk of {made.risk:.0f}{undone}"


def _pardon_line(made: MadePardon) -> str:
    given = made.pardon
    return f"{given.id}  of {given.actor} by {given.by} at {when(given.at)}: {given.because}"


def _advice(dossier: Dossier, *, has_transcript: bool) -> Iterator[str]:
    """Yield commands that lead on from here."""
    seen = dict.fromkeys(part.exchange for part in dossier.contributions if part.exchange and part.points >= SHOWN)
    yield from (f"bartizan journal find {exchange}" for exchange in list(seen)[:3])
    yield from (f"bartizan cases show {case.id}" for case in dossier.cases[:3])
    if has_transcript:
        yield f"bartizan decoy study {dossier.actor}"
    if dossier.score > 0 or dossier.told:
        yield f"bartizan pardon {dossier.actor} --because …    if that was no attack"


def _span(seconds: float) -> str:
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
