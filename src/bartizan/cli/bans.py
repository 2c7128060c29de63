"""``ban``, ``unban``, ``bans``: they work on the shared state, so every edge process follows within a second."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from bartizan.cli.options import config_option, load_config, user_name
from bartizan.config.model.base import parse_duration
from bartizan.perimeter.denylist import Ban, BanList, parse_network
from bartizan.storage.state import open_state

__all__ = ["ban", "bans", "unban"]

T = TypeVar("T")
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1"))


def _duration(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    try:
        seconds = parse_duration(value)
    except ValueError as error:
        raise click.ClickException(f"--for: {value!r} {error}") from None
    if not seconds > 0:
        raise click.ClickException(f"--for: {value!r} is no time at all; `bartizan unban` lifts a ban")
    return seconds


def _network(_: click.Context, __: click.Parameter, value: str) -> str:
    try:
        return str(parse_network(value))
    except ValueError as error:
        raise click.ClickException(f"{value!r}: {error}; write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48") from None


@click.command()
@click.argument("network", callback=_network)
@click.option("--for", "duration", callback=_duration, help="How long: 15m, 1h, 7d. Without it, until it is lifted.")
@click.option("--reason", default="", help="Kept with the ban, and in the journal of every exchange it refuses.")
@click.option("--force", is_flag=True, help="Also ban loopback, or everybody.")
@config_option()
def ban(network: str, duration: float | None, reason: str, config_file: Path, *, force: bool) -> None:
    """Refuse a client address or network."""
    if not force and _is_dangerous(network):
        raise click.ClickException(f"{network} would lock out this machine or everybody; --force does it all the same")
    made = _with_bans(
        config_file, lambda bans: bans.ban(network, reason=reason, made_by=user_name(), duration=duration)
    )
    click.echo(f"{made.network} is banned {_until(made)}")


@click.command()
@click.argument("network", callback=_network)
@config_option()
def unban(network: str, config_file: Path) -> None:
    """Lift a ban; exit status 1 if there is none of exactly this network."""
    if not _with_bans(config_file, lambda bans: bans.unban(network)):
        click.echo(f"{network} is not banned; `bartizan bans` lists what is", err=True)
        sys.exit(1)
    click.echo(f"{network} is not banned any more")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def bans(config_file: Path, *, as_json: bool) -> None:
    """List the bans in force."""
    found = _with_bans(config_file, BanList.all)
    if as_json:
        click.echo(json.dumps([msgspec.to_builtins(each) for each in found], indent=2))
    elif not found:
        click.echo("nobody is banned")
    else:
        for each in found:
            line = f"{each.network:<24} {_until(each):<28} by {each.made_by}: {each.reason or 'no reason given'}"
            click.echo("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line))


def _with_bans(config_file: Path, work: Callable[[BanList], Awaitable[T]]) -> T:
    storage = load_config(config_file).config.storage

    async def run() -> T:
        state = open_state(storage.state, Path(storage.directory))
        try:
            return await work(BanList(state))
        finally:
            await state.close()

    return asyncio.run(run())


def _is_dangerous(network: str) -> bool:
    banned = ip_network(network)
    return any(banned.overlaps(loopback) for loopback in _LOOPBACK if loopback.version == banned.version)


def _until(ban: Ban) -> str:
    if ban.expires is None:
        return "until it is lifted"
    return f"for {max(0.0, ban.expires - time.time()):.0f} s more"
