"""What is wrong with a configuration, or has to be known of it, that only this room can tell: it reads policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bartizan.access.passwords.deviations import deviation_notice
from bartizan.config.document import FieldPath
from bartizan.config.model import AccessGuard, AccessGuardOverride, Config
from bartizan.config.resolve import effective_guards
from bartizan.config.semantics.finding import Finding
from bartizan.config.validation import Parts, shown
from bartizan.errors import PolicyError

if TYPE_CHECKING:
    from bartizan.access.policy.cel import Policy

__all__ = ["notices", "policy_findings"]

_WITHOUT_BODY = frozenset(("GET", "HEAD", "OPTIONS"))


def policy_findings(parts: Parts) -> Iterator[Finding]:
    """Yield every policy, and every condition of ``reauth``, that cannot be compiled."""
    if parts.guards is not None:
        yield from _guard(parts.guards.access, ("guards", "access"))
    for number, route in parts.routes.items():
        if "guards" in route.model_fields_set:
            yield from _guard(route.guards.access, ("routes", number, "guards", "access"))


def _guard(guard: AccessGuard | AccessGuardOverride, path: FieldPath) -> Iterator[Finding]:
    if guard.policy is not None:
        yield from _policy(guard.policy, (*path, "policy"), body=False)
    for number, rule in enumerate(guard.reauth or ()):
        if rule.when is not None:
            yield from _policy(rule.when, (*path, "reauth", number, "when"), body=True)


def _policy(text: str, path: FieldPath, *, body: bool) -> Iterator[Finding]:
    try:
        _compiled(text, body=body)
    except PolicyError as error:
        lines = text.split("\n")
        where = f"column {error.column}" if len(lines) == 1 else f"line {error.line}, column {error.column}"
        line = lines[error.line - 1].strip() if error.line <= len(lines) else ""
        yield Finding(path, f"{error.message}, at {where} of the policy", shown(line), error.remedy, quoting=True)


def notices(config: Config) -> list[str]:
    """Return what is no error and has to be known: one line each, with its place."""
    access = config.access
    if not access.enabled:
        return []
    found = [*_closed_routes(config), *_bodiless_rules(config)]
    if not config.trusted_proxies and all(listener.tls is None for listener in config.listeners):
        found.append(
            "access.origin: browsers come with https, but no listener has `tls` and there are no trusted proxies that "
            "may have it; `bartizan up --dev` brings a certificate"
        )
    return [*found, *deviation_notice(access)]


def _closed_routes(config: Config) -> Iterator[str]:
    for number, route in enumerate(config.routes):
        guard = effective_guards(config, route).access
        if guard.policy is None and not guard.public:
            yield (
                f"routes[{number}] ({route.name}): refuses everybody, since its guard `access` has no policy; give it "
                "`policy`, or `public: true`"
            )


def _bodiless_rules(config: Config) -> Iterator[str]:
    """Yield rules that look at the body of requests that have none: they would always count as met."""
    places: list[tuple[str, AccessGuard | AccessGuardOverride]] = [("guards", config.guards.access)]
    places += [(f"routes[{number}].guards", route.guards.access) for number, route in enumerate(config.routes)]
    for place, guard in places:
        for number, rule in enumerate(guard.reauth or ()):
            looks = rule.when is not None and "request.body" in _compiled(rule.when, body=True).uses
            if looks and (not rule.methods or not _WITHOUT_BODY.isdisjoint(rule.methods)):
                yield (
                    f"{place}.access.reauth[{number}].when: requests without a body, such as GET, always have to be "
                    "proven anew; name `methods` that have one"
                )


def _compiled(text: str, *, body: bool) -> Policy:
    from bartizan.access.policy.cel import Policy  # noqa: PLC0415 - CEL and all that policies know, not always wanted

    return Policy.compile(text, body=body)
