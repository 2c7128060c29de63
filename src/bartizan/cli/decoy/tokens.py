"""``token``, ``tokens``, ``forget``: honeytokens that people plant; every edge process knows them within a second."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import click

from bartizan.cli.decoy.actor import printable
from bartizan.cli.options import config_option, load_config, user_name
from bartizan.config.model import Config
from bartizan.detection.honeytokens.forms import KeyForm
from bartizan.detection.honeytokens.makers import JwtMaker, make_cookie
from bartizan.detection.honeytokens.tokens import (
    Honeytoken,
    HoneytokenList,
    Kind,
    digest_of_jti,
    digest_of_secret,
)
from bartizan.keys.ring import KeyRing
from bartizan.storage.state import open_state

__all__ = ["forget", "token", "tokens"]

T = TypeVar("T")
_KINDS: dict[str, Kind] = {"jwt": "jwt", "cookie": "cookie", "api-key": "api_key"}


@click.command()
@click.argument("kind", type=click.Choice(list(_KINDS)))
@click.option("--place", required=True, help='Where you will plant it: "repository infra/terraform".')
@click.option("--form", help="Which of deception.honeytokens.api_keys, for an API key; the only one without it.")
@config_option()
def token(kind: str, place: str, form: str | None, config_file: Path) -> None:
    """Make a credential that nobody was given, to be planted at a place.

    It is printed once and kept nowhere. Whoever presents it, to any route, is a case, with the place.
    """
    config = load_config(config_file).config
    if not config.deception.enabled:
        raise click.ClickException("nobody would notice: set deception.enabled: true, and reload")
    secret, digest, form_name = _make(config, _KINDS[kind], form)
    try:
        planted = _with_list(
            config,
            lambda tokens: tokens.plant(_KINDS[kind], digest, place=place, made_by=user_name(), form=form_name),
        )
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(secret)
    click.echo(f"{planted.id}: plant it at {planted.place}; it is not shown again", err=True)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def tokens(config_file: Path, *, as_json: bool) -> None:
    """List the honeytokens that were planted by hand; the secrets are not kept."""
    found = _with_list(load_config(config_file).config, HoneytokenList.all)
    if as_json:
        click.echo(json.dumps([_shown(each) for each in found], indent=2))
    elif not found:
        click.echo("none was planted by hand")
    else:
        for each in found:
            made = datetime.fromtimestamp(each.made_at, UTC).strftime("%Y-%m-%d %H:%M")
            line = f"{each.id}  {each.kind:<8} {made}  by {each.made_by}: {each.place}"
            click.echo(printable(line))


@click.command()
@click.argument("token_id", metavar="ID")
@config_option()
def forget(token_id: str, config_file: Path) -> None:
    """Forget a honeytoken, so that its use is nothing any more; exit status 1 if there is none of this id."""
    gone = _with_list(load_config(config_file).config, lambda tokens: tokens.forget(token_id))
    if gone is None:
        click.echo(f"there is no honeytoken {token_id}; `bartizan decoy tokens` lists them", err=True)
        sys.exit(1)
    click.echo(f"{gone.id} at {gone.place} is forgotten")


def _make(config: Config, kind: Kind, form: str | None) -> tuple[str, bytes, str]:
    """Return the secret, what it is recognised by, and the name of its form."""
    if kind != "api_key" and form is not None:
        raise click.ClickException("--form is for API keys")
    if kind == "cookie":
        secret = make_cookie(secrets.token_bytes)
        return secret, digest_of_secret(secret.encode("ascii")), ""
    if kind == "jwt":
        if not config.access.enabled or config.access.origin is None:
            raise click.ClickException("there are no JWTs of ours without access.enabled and access.origin")
        ring = KeyRing.open(Path(config.storage.directory) / "keys", config.access.assertion.algorithm, time.time)
        maker = JwtMaker(ring.sign, config.access.origin, config.deception.honeytokens.audience)
        secret, jti = maker.make(secrets.token_bytes, time.time())
        return secret, digest_of_jti(jti), ""
    name = _form(config.deception.honeytokens.api_keys, form)
    secret = KeyForm.parse(config.deception.honeytokens.api_keys[name]).make(secrets.token_bytes)
    return secret, digest_of_secret(secret.encode("ascii")), name


def _form(forms: dict[str, str], wanted: str | None) -> str:
    if not forms:
        raise click.ClickException(
            "say what your API keys look like: deception.honeytokens.api_keys: {live: 'sk_live_{base62:24}'}"
        )
    if wanted is None and len(forms) == 1:
        return next(iter(forms))
    if wanted not in forms:
        raise click.ClickException(f"--form is one of {', '.join(forms)}")
    return wanted


def _shown(each: Honeytoken) -> dict[str, object]:
    return {"id": each.id, "kind": each.kind, "form": each.form, "place": each.place, "made_by": each.made_by,
            "made_at": each.made_at}  # fmt: skip


def _with_list(config: Config, work: Callable[[HoneytokenList], Awaitable[T]]) -> T:
    async def run() -> T:
        state = open_state(config.storage.state, Path(config.storage.directory))
        try:
            return await work(HoneytokenList(state))
        finally:
            await state.close()

    return asyncio.run(run())
