"""Checks of ``access`` and of ``guards.access``. What policies say is checked by who compiles them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bartizan.config.document import FieldPath
from bartizan.config.forms import host_fault
from bartizan.config.model import (
    Access,
    AccessGuard,
    AccessGuardOverride,
    GroupRules,
    Route,
    SessionOverride,
    Upstream,
)
from bartizan.config.model.base import format_duration
from bartizan.config.resolve import SESSION_PRESETS, session_limits
from bartizan.config.semantics.files import readable_fault
from bartizan.config.semantics.finding import Finding, LineOf, fault, repeated
from bartizan.config.validation import Parts, shown

__all__ = ["access_findings"]

_OWN_PATHS = ("/.bartizan", "/.well-known/bartizan")
_OWN_NAME = "bartizan"
_MAX_DIRECTORY = 107 - len("/control/http.sock")  # bytes: what the path of a Unix socket may have (unix(7))
_ENABLE = "set access.enabled and access.origin, or remove it"


def access_findings(parts: Parts, line_of: LineOf) -> Iterator[Finding]:
    """Yield what is wrong with the settings of people and of who may pass."""
    access = parts.access
    if access is not None:
        yield from _origin(access)
        yield from _sessions(access)
        yield from _groups(access, line_of)
        if access.geo_database is not None and (found := readable_fault(access.geo_database)) is not None:
            yield Finding(("access", "geo_database"), found[0], repr(access.geo_database), found[1])
        for number, service in enumerate(access.push.services):
            if host_fault(service.removeprefix("*.")) is not None:
                remedy = "write push.example.org, or *.example.org for all below"
                yield Finding(
                    ("access", "push", "services", number), "is not the name of a host", shown(service), remedy
                )
    enabled = access is None or access.enabled
    default = None if parts.guards is None else parts.guards.access
    if default is not None:
        yield from _guard(default, None, ("guards", "access"), enabled=enabled)
    for number, route in parts.routes.items():
        if "guards" in route.model_fields_set:
            path: FieldPath = ("routes", number, "guards", "access")
            yield from _guard(route.guards.access, default, path, enabled=enabled)
        if access is not None and access.enabled:
            yield from _paths(route.paths, ("routes", number, "paths"))
    if access is not None and access.enabled:
        yield from _names(parts)
        yield from _directory(parts)


def _origin(access: Access) -> Iterator[Finding]:
    path: FieldPath = ("access", "origin")
    if access.origin is None:
        if access.enabled:
            remedy = "add `origin`: where browsers reach the gateway, https://api.example.org"
            yield Finding(("access", "enabled"), "needs an origin", "true", remedy)
        return
    host, _, port = access.origin.removeprefix("https://").partition(":")
    if access.origin != access.origin.lower():
        yield Finding(path, "has capitals, which browsers do not send", shown(access.origin), access.origin.lower())
        return
    if host.rpartition(".")[2].isdigit():
        remedy = "passkeys belong to a name: use one, or localhost"
        yield Finding(path, "has an address, for which WebAuthn has no passkeys", shown(access.origin), remedy)
        return
    yield from fault(path, access.origin, host_fault(host))
    if port == "443":
        yield Finding(path, "has the port that https has anyway", shown(access.origin), f"write https://{host}")
    elif port and not 0 < int(port) < 65536:
        yield Finding(path, "has a port that is none", shown(access.origin), "write one from 1 to 65535")


def _sessions(access: Access) -> Iterator[Finding]:
    rules, path = access.session, ("access", "session")
    most = dict(zip(("idle", "lifetime"), SESSION_PRESETS[rules.preset], strict=True))
    idle, lifetime = session_limits(rules)
    if rules.preset != "default":
        for name, value in (("idle", rules.idle), ("lifetime", rules.lifetime)):
            if value is not None and value > most[name]:
                message = f"is more than {rules.preset.upper()} allows, {format_duration(most[name])} (SP 800-63B-4)"
                yield Finding((*path, name), message, format_duration(value), "shorten it, or use another preset")
    if idle > lifetime:
        name = "idle" if rules.idle is not None else "lifetime"
        longer, shorter = format_duration(idle), format_duration(lifetime)
        message = f"leaves more time without a request ({longer}) than a session has ({shorter})"
        yield Finding((*path, name), message, remedy="make `idle` the shorter one")


def _override(session: SessionOverride | None, path: FieldPath) -> Iterator[Finding]:
    idle, lifetime = (None, None) if session is None else (session.idle, session.lifetime)
    if idle is not None and lifetime is not None and idle > lifetime:
        yield Finding((*path, "idle"), "is longer than `lifetime`", format_duration(idle), "make it the shorter one")


def _groups(access: Access, line_of: LineOf) -> Iterator[Finding]:
    names: dict[FieldPath, str] = {}
    for number, group in enumerate(access.groups):
        path: FieldPath = ("access", "groups", number)
        names[*path, "name"] = group.name
        yield from _factors(group, path, line_of)
        yield from _override(group.session, (*path, "session"))
    yield from repeated(names, line_of)


def _factors(group: GroupRules, path: FieldPath, line_of: LineOf) -> Iterator[Finding]:
    factors: Mapping[FieldPath, str] = {(*path, "factors", at): name for at, name in enumerate(group.factors)}
    yield from repeated(factors, line_of)
    if group.factors and len(set(group.factors)) < group.additional_factors:
        remedy = "allow more of them, or ask for less"
        yield Finding(
            (*path, "additional_factors"), "is more than `factors` allows", str(group.additional_factors), remedy
        )


def _guard(
    guard: AccessGuard | AccessGuardOverride, default: AccessGuard | None, path: FieldPath, *, enabled: bool
) -> Iterator[Finding]:
    """Check the settings of one place; those of a route lie over the ``default``."""
    yield from _override(guard.session, (*path, "session"))
    for name in ("policy", "reauth"):
        if getattr(guard, name) and not enabled:
            yield Finding((*path, name), "has no effect while `access` is not enabled", remedy=_ENABLE, name=True)
    public = guard.public or (guard.public is None and guard.policy is None and default is not None and default.public)
    if not public:
        return
    inherited = "" if guard.public else ", as the default says"
    for name in ("policy", "reauth"):
        if getattr(guard, name):
            message = f"asks for people where everybody may pass without being asked{inherited}"
            yield Finding((*path, name), message, remedy="keep one of `public` and this", name=True)


def _paths(patterns: list[str], path: FieldPath) -> Iterator[Finding]:
    for number, pattern in enumerate(patterns):
        if any(pattern == own or pattern.startswith(f"{own}/") for own in _OWN_PATHS):
            message = "is below a path where the gateway answers itself while `access` is enabled"
            yield Finding((*path, number), message, shown(pattern), "choose another")


def _names(parts: Parts) -> Iterator[Finding]:
    named: tuple[tuple[str, Mapping[int, Upstream | Route]], ...] = (
        ("upstreams", parts.upstreams),
        ("routes", parts.routes),
    )
    for kind, items in named:
        for number, item in items.items():
            if item.name == _OWN_NAME:
                message = "is the name of the gateway's own while `access` is enabled"
                yield Finding((kind, number, "name"), message, shown(item.name), "choose another")


def _directory(parts: Parts) -> Iterator[Finding]:
    if parts.storage is not None and len(parts.storage.directory.encode()) > _MAX_DIRECTORY:
        message = f"has more than {_MAX_DIRECTORY} bytes, which leaves no room for the path of control's socket"
        yield Finding(("storage", "directory"), message, shown(parts.storage.directory), "name a shorter one")
