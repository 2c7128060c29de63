"""``explain``: which route and guards a request would meet, without sending it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bartizan.cli.options import config_option, load_config
from bartizan.cli.who_passes import who_passes
from bartizan.config.model import Config, HeaderEdits, Listener, Obstacles, Route, Split
from bartizan.config.resolve import effective_guards
from bartizan.edge.forwarding import ForwardingRules
from bartizan.edge.guards import GUARDS
from bartizan.edge.http1.request_parser import Head, ParserLimits, RequestParser
from bartizan.edge.rewrite import compile_rewrite
from bartizan.edge.router import Candidate, Match, Router
from bartizan.errors import RequestError
from bartizan.http.address import parse_address
from bartizan.http.headers import Headers
from bartizan.http.message import Request
from bartizan.http.target import parse_host, parse_target
from bartizan.pipeline import Client

__all__ = ["explain"]

_PORTS = {"http": 80, "https": 443}
_KINDS = ("a prefix", "a path with parameters", "an exact path")


@click.command()
@click.argument("method")
@click.argument("url")
@click.option("-H", "--header", "headers", multiple=True, metavar="'Name: value'", help="A request header; repeatable.")
@click.option("--from", "peer", default="127.0.0.1", metavar="ADDRESS", help="Who connects.", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_option()
def explain(method: str, url: str, headers: tuple[str, ...], peer: str, config_file: Path, *, as_json: bool) -> None:
    """Show the route and the guards, in order, that METHOD URL would meet. Nothing is sent.

    URL is a whole one, or a path alone. Exit status: 0 a route takes it, 1 none does, 2 it would be refused as
    malformed.
    """
    config = load_config(config_file).config
    try:
        told = _explanation(config, _asked(config, method.upper(), url, headers), _peer(peer))
    except RequestError as error:
        told = {"route": None, "answer": error.status, "reason": error.reason, "because": str(error)}
        text = f"refused with {error.status} before any route: {error} ({error.reason})"
        click.echo(json.dumps(told, indent=2) if as_json else text, err=not as_json)
        sys.exit(2)
    click.echo(json.dumps(told, indent=2) if as_json else "\n".join(_text(told)))
    sys.exit(0 if told["route"] else 1)


# the request, as the edge would read it


class _Sink:
    """Keeps the request head."""

    head: Head

    def on_request(self, head: Head) -> None:
        self.head = head

    def on_request_data(self, data: bytes) -> None:
        """Take no body: none is sent."""

    def on_request_end(self, trailers: list[tuple[bytes, bytes]]) -> None:
        """Do nothing more."""


def _asked(config: Config, method: str, url: str, headers: tuple[str, ...]) -> tuple[Request, Listener, str]:
    """Return the request, and the listener that takes it with the reason why; raises ``RequestError``."""
    if not f"{method}{url}".isprintable():
        raise click.BadParameter("a request line has no control characters", param_hint="URL")
    scheme, authority, target = _split(url)
    listener, because = _listener(config.listeners, scheme, authority)
    pairs = [_field(header) for header in headers]
    if not any(name.lower() == "host" for name, _ in pairs):
        pairs.insert(0, ("Host", authority))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in pairs), "\r\n"]
    head = _read("\r\n".join(lines).encode("utf-8", "surrogateescape"), listener)
    parsed = parse_target(head.target, head.method, escaped_slashes=listener.escaped_slashes)
    sent = (head.host or b"") if parsed.authority is None else parsed.authority
    request = Request(
        head.method,
        head.target,
        Headers(head.fields),
        path=parsed.path,
        query=parsed.query,
        scheme=scheme or ("http" if listener.tls is None else "https"),
        authority=sent.decode("latin-1"),
        host=parse_host(sent).host,
    )
    return request, listener, because


def _split(url: str) -> tuple[str, str, str]:
    """Return scheme, authority and request target; a path alone has no scheme, and is asked of ``localhost``."""
    if url == "*" or url.startswith("/"):
        return "", "localhost", url.partition("#")[0]
    scheme, mark, rest = url.partition("://")
    if not mark or scheme.lower() not in _PORTS:
        raise click.BadParameter(f"{url!r} is neither http(s)://host/path nor /path", param_hint="URL")
    rest = rest.partition("#")[0]  # which clients keep to themselves
    end = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
    authority, target = rest[:end], rest[end:]
    if not authority or "@" in authority:
        raise click.BadParameter(f"{url!r} has no plain host", param_hint="URL")
    return scheme.lower(), authority, target if target.startswith("/") else "/" + target


def _field(header: str) -> tuple[str, str]:
    name, colon, value = header.partition(":")
    if not colon or "\n" in header or "\r" in header:
        raise click.BadParameter(f"{header!r} is not `Name: value`", param_hint="-H")
    return name, value.strip()


def _read(data: bytes, listener: Listener) -> Head:
    limits = listener.limits
    sink = _Sink()
    parser = RequestParser(
        sink,
        ParserLimits(limits.header_count, limits.header_bytes, limits.target_bytes, listener.underscores_in_headers),
    )
    parser.feed(data)
    parser.close()
    return sink.head


def _listener(listeners: list[Listener], scheme: str, authority: str) -> tuple[Listener, str]:
    if not scheme:
        return listeners[0], "the first one, since the URL names none"
    serving = [listener for listener in listeners if (listener.tls is not None) == (scheme == "https")]
    port = authority.rpartition(":")[2]
    port = port if port.isdigit() else str(_PORTS[scheme])
    exact = [listener for listener in serving if listener.address.rpartition(":")[2] == port]
    if exact:
        return exact[0], f"serves {scheme} on port {port}"
    if serving:
        return serving[0], f"serves {scheme}; none does on port {port}"
    return listeners[0], f"the first one; none serves {scheme}"


def _peer(text: str) -> Client:
    try:
        address, version, number = parse_address(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not an IP address", param_hint="--from") from None
    return Client(address, 0, version, number)


# what would become of it


def _explanation(config: Config, asked: tuple[Request, Listener, str], peer: Client) -> dict[str, Any]:
    request, listener, because = asked
    rules = ForwardingRules(config.trusted_proxies)
    trusted = rules.trusts(peer)
    router = Router([(route, route) for route in config.routes])
    match = router.match(request)
    fitting = router.candidates(request.host, request.path)
    told: dict[str, Any] = {
        "method": request.method,
        "host": request.host,
        "path": request.path,
        "listener": {"name": listener.name, "because": because},
        "client": {
            "address": (rules.client_of(peer, request.headers) if trusted else peer).address,
            "peer": peer.address,
            "trusted_proxy": trusted,
        },
        "route": None,
    }
    if match.payload is None:
        told["answer"] = 405 if match.allowed else 404
        told["allowed"] = list(match.allowed)
    else:
        told |= _taken(config, match.payload, match, request)
    told["others"] = list(_others(fitting, match, request))
    return told


def _taken(config: Config, route: Route, match: Match[Route], request: Request) -> dict[str, Any]:
    rewrite = compile_rewrite(route.rewrite, route.paths)
    path = request.path if rewrite is None else rewrite.path(request.path, match.pattern)
    return {
        "route": route.name,
        "pattern": match.pattern,
        "parameters": dict(match.parameters),
        "conditions": list(_conditions(route)),
        "upstreams": list(_upstreams(config, route, request)),
        "target": path if request.query is None else f"{path}?{request.query.decode('latin-1')}",
        "request_headers": _edits(route.rewrite.request_headers),
        "response_headers": _edits(route.rewrite.response_headers),
        "guards": list(_guards(config, route)),
    }


def _conditions(route: Route) -> Iterator[str]:
    """Yield what the request had to have, values of headers left out: they may be secrets."""
    if route.hosts:
        yield f"host {' or '.join(route.hosts)}"
    if route.methods:
        yield f"method {' or '.join(route.methods)}"
    yield from (f"header {name}" for name in route.headers)


def _others(fitting: list[Candidate[Route]], match: Match[Route], request: Request) -> Iterator[dict[str, str]]:
    """Yield the other routes for this host and path, and why none of them took the request."""
    winner = next((item for item in fitting if item.payload is match.payload and item.pattern == match.pattern), None)
    for candidate in fitting:
        if winner is None or candidate.payload is not winner.payload:
            because = _misfit(candidate, request) or ("" if winner is None else _behind(candidate, winner))
            yield {"route": candidate.payload.name, "pattern": candidate.pattern, "because": because}


def _misfit(candidate: Candidate[Route], request: Request) -> str:
    lacking = candidate.lacking(request.headers)
    if lacking is not None:
        other = "another value of " if lacking in request.headers else ""
        return f"needs {other}the header {lacking.decode('latin-1')}"
    if candidate.methods and request.method not in candidate.methods:
        return f"takes {', '.join(sorted(candidate.methods))} only"
    return ""


def _behind(candidate: Candidate[Route], winner: Candidate[Route]) -> str:
    """Return the first difference that counts between two routes that both fit."""
    its, best = candidate.precedence, winner.precedence
    reasons = (
        f"priority {its.priority} gives way to {best.priority}",
        "a less specific host",
        f"{_KINDS[its.kind]} gives way to {_KINDS[best.kind]}",
        "fewer segments",
        "a shorter path",
        "fewer conditions",
        "later in the file",
    )
    return next(reason for reason, one, other in zip(reasons, its, best, strict=True) if one != other)


def _upstreams(config: Config, route: Route, request: Request) -> Iterator[dict[str, Any]]:
    """Yield where the request may go: a share whose headers match takes it, otherwise the weights decide."""
    by_name = {upstream.name: upstream for upstream in config.upstreams}
    shares = [Split(upstream=route.upstream)] if route.upstream is not None else route.split
    canary = next((share for share in shares if share.headers and _meets(request.headers, share.headers)), None)
    total = sum(share.weight for share in shares)
    for share in [canary] if canary is not None else [share for share in shares if share.weight]:
        upstream = by_name[share.upstream]
        kind = upstream.host_header
        host = {"preserve": request.authority, "node": "the node's own"}.get(kind, kind)
        yield {
            "upstream": upstream.name,
            "share": 1.0 if canary is not None else round(share.weight / total, 4),
            "by_header": sorted(share.headers) if canary is not None else [],
            "nodes": [node.address for node in upstream.nodes],
            "host": route.rewrite.host or host,
        }


def _meets(headers: Headers, conditions: dict[str, str]) -> bool:
    wanted = Headers.of(conditions.items())
    return all(name in headers if value == b"*" else value in headers.get_all(name) for name, value in wanted)


def _edits(edits: HeaderEdits) -> dict[str, list[str]]:
    """Return what becomes of headers, by name: a value may be a secret that was resolved."""
    changes = {"remove": sorted(edits.remove), "set": sorted(edits.set), "add": sorted(edits.add)}
    return {change: names for change, names in changes.items() if names}


def _guards(config: Config, route: Route) -> Iterator[dict[str, Any]]:
    settings = effective_guards(config, route)
    for name in dict.fromkeys(kind.settings or kind.name for kind in GUARDS):
        guard = getattr(settings, name)
        if (isinstance(guard, Obstacles) and not guard.rungs) or (name == "decoys" and not config.deception.enabled):
            continue
        own = getattr(route.guards, name).model_dump(exclude_none=True)
        told = {"guard": name, "settings": guard.model_dump(mode="json"), "changed_by_route": sorted(own)}
        if name == "access":
            told["settings"] = {"enabled": config.access.enabled, **told["settings"]}
            told["who_passes"] = who_passes(config.access, settings) if config.access.enabled else []
        yield told


# for people


def _text(told: dict[str, Any]) -> Iterator[str]:
    client, listener = told["client"], told["listener"]
    yield f"{told['method']} {told['host']}{told['path']}"
    yield f"  listener   {listener['name']}: {listener['because']}"
    through = f", through the trusted proxy {client['peer']}" if client["trusted_proxy"] else ""
    yield f"  client     {client['address']}{through}"
    if told["route"] is None:
        allowed = ", ".join(told["allowed"])
        yield f"  answer     405, allowed: {allowed}" if allowed else "  answer     404, no route fits"
    else:
        yield from _taken_text(told)
    for other in told["others"]:
        yield f"  not        {other['route']}, by {other['pattern']}: {other['because']}"


def _taken_text(told: dict[str, Any]) -> Iterator[str]:
    yield f"  route      {told['route']}, by {told['pattern']}{''.join(f' and {item}' for item in told['conditions'])}"
    for name, value in told["parameters"].items():
        yield f"  parameter  {name} = {value}"
    for number, guard in enumerate(told["guards"], 1):
        own = f"; the route changes {', '.join(guard['changed_by_route'])}" if guard["changed_by_route"] else ""
        lines = guard.get("who_passes")
        settings = "" if lines else f": {_settings(guard['settings'])}"
        yield f"  guard {number}    {guard['guard']}{settings}{own}"
        yield from (f"             {line}" for line in lines or ())
    for one in told["upstreams"]:
        share = f" by header {', '.join(one['by_header'])}" if one["by_header"] else f" {one['share']:.0%}"
        share = share if one["by_header"] or one["share"] < 1 else ""
        yield f"  upstream   {one['upstream']}{share}: {', '.join(one['nodes'])}; Host: {one['host']}"
    yield f"  sent as    {told['target']}"
    for side in ("request", "response"):
        edits = told[f"{side}_headers"]
        if edits:
            changes = "; ".join(f"{change} {', '.join(names)}" for change, names in edits.items())
            yield f"  {side:<10} headers: {changes}"


def _settings(settings: dict[str, Any]) -> str:
    if not settings["enabled"]:
        return json.dumps({"enabled": False})  # what else it is told makes no difference
    shown = {
        name: value for name, value in settings.items() if value not in (None, [], {}, "deny") and not _unset(value)
    }
    del shown["timeout"]
    return json.dumps(shown)


def _unset(value: object) -> bool:
    """Tell whether it is an obstacle that nobody meets."""
    return isinstance(value, dict) and "at" in value and value["at"] is None
