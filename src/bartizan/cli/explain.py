"""``explain``: which route and guards a request would meet, without sending it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from bartizan.cli.options import config_option, load_config
from bartizan.config.model import Config, Rewrite, Route
from bartizan.config.resolve import effective_guards
from bartizan.edge.guards import GUARDS
from bartizan.edge.router import Router
from bartizan.errors import RequestError
from bartizan.http.headers import Headers
from bartizan.http.message import Request
from bartizan.http.target import parse_host, parse_target

__all__ = ["explain"]


@click.command()
@click.argument("method")
@click.argument("url")
@click.option("-H", "--header", "headers", multiple=True, metavar="'Name: value'", help="A request header; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def explain(method: str, url: str, headers: tuple[str, ...], config_file: Path, *, as_json: bool) -> None:
    """Show the route and the guards, in order, of METHOD URL.

    Exit status: 0 a route takes it, 1 none does, 2 it would be refused as malformed.
    """
    config = load_config(config_file).config
    try:
        request = _request(method.upper(), url, headers, config)
    except RequestError as error:
        click.echo(f"refused with {error.status} before any route: {error} ({error.reason})", err=True)
        sys.exit(2)
    told = _explanation(config, request)
    click.echo(json.dumps(told, indent=2) if as_json else _text(told))
    sys.exit(0 if told["route"] else 1)


def _request(method: str, url: str, headers: tuple[str, ...], config: Config) -> Request:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    pairs = []
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon:
            raise click.BadParameter(f"{header!r} is not `Name: value`", param_hint="-H")
        pairs.append((name.strip(), value.strip()))
    fields = Headers.of(pairs)
    authority = (
        fields.get(b"host") or parts.netloc.encode("idna" if not parts.netloc.isascii() else "ascii") or b"localhost"
    )
    raw = target.encode("utf-8")
    parsed = parse_target(raw, method, escaped_slashes=config.listeners[0].escaped_slashes)
    host = parse_host(authority).host
    return Request(method, raw, fields, path=parsed.path, query=parsed.query, host=host, authority=authority.decode())


def _explanation(config: Config, request: Request) -> dict[str, Any]:
    router = Router([(route, route) for route in config.routes])
    match = router.match(request)
    route = match.payload
    others = {candidate.payload.name for candidate in router.candidates(request.host, request.path)}
    told: dict[str, Any] = {
        "method": request.method,
        "host": request.host,
        "path": request.path,
        "route": None,
        "also_fitting": sorted(others - {route.name if route is not None else ""}),
    }
    if route is None:
        told["answer"] = f"405, allowed: {', '.join(match.allowed)}" if match.allowed else "404, no route fits"
        return told
    told |= {
        "route": route.name,
        "pattern": match.pattern,
        "parameters": dict(match.parameters),
        "upstream": route.upstream
        or [f"{share.upstream} ({_share(share.weight, share.headers)})" for share in route.split],
        "rewrite": _rewrite(route.rewrite),
        "guards": _guards(config, route),
    }
    return told


def _rewrite(rewrite: Rewrite) -> dict[str, Any]:
    """Return what a rewrite does; of headers only the names, since a value may be a secret that was resolved."""
    told = rewrite.model_dump(exclude_defaults=True, include={"prefix", "path", "host"})
    for side in ("request_headers", "response_headers"):
        edits = getattr(rewrite, side)
        changes = {"set": sorted(edits.set), "add": sorted(edits.add), "remove": sorted(edits.remove)}
        if any(changes.values()):
            told[side] = {change: names for change, names in changes.items() if names}
    return told


def _share(weight: int, headers: dict[str, str]) -> str:
    return f"weight {weight}" + (f", always for {headers}" if headers else "")


def _guards(config: Config, route: Route) -> list[dict[str, Any]]:
    settings = effective_guards(config, route)
    listed = []
    for kind in GUARDS:
        guard = getattr(settings, kind.name)
        own = getattr(route.guards, kind.name).model_dump(exclude_none=True)
        listed.append({"guard": kind.name, "settings": guard.model_dump(mode="json"), "changed_by_route": sorted(own)})
    return listed


def _text(told: dict[str, Any]) -> str:
    lines = [f"{told['method']} {told['host']}{told['path']}"]
    if told["route"] is None:
        lines.append(f"  answer    {told['answer']}")
    else:
        lines.append(f"  route     {told['route']}, by {told['pattern']}")
        lines += [f"  parameter {name} = {value}" for name, value in told["parameters"].items()]
        lines.append(f"  upstream  {told['upstream']}")
        if told["rewrite"]:
            lines.append(f"  rewrite   {json.dumps(told['rewrite'])}")
        for number, guard in enumerate(told["guards"], 1):
            own = f"; the route changes {', '.join(guard['changed_by_route'])}" if guard["changed_by_route"] else ""
            lines.append(f"  guard {number}   {guard['guard']}: {_settings(guard['settings'])}{own}")
    if told["also_fitting"]:
        lines.append(f"  less specific, of lower priority or with other conditions: {', '.join(told['also_fitting'])}")
    return "\n".join(lines)


def _settings(settings: dict[str, Any]) -> str:
    shown = {name: value for name, value in settings.items() if value not in (None, [], "deny") and name != "timeout"}
    return json.dumps(shown)
