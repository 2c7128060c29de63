"""What a policy may look at: one table of every attribute, its CEL type and how it is worked out.

Only what a policy uses is worked out. An attribute that cannot be has no value, and a policy that needs it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import unquote_to_bytes

from bartizan.access.sessions.model import Session
from bartizan.pipeline import Exchange

__all__ = ["ATTRIBUTES", "BODY", "Attribute", "CelType", "Facts", "attributes_of", "reference"]

CelType = Literal[
    "bool", "int", "string", "duration", "timestamp", "list(string)", "map(string, string)",
    "map(string, list(string))", "dyn",
]  # fmt: skip

BODY = "request.body"
MAX_PARAMETERS = 1000
_SECRET_HEADERS = frozenset(
    (
        b"authorization",
        b"cookie",
        b"dpop",
        b"proxy-authorization",
        b"sec-session-response",
        b"secure-session-response",
        b"set-cookie",
    )
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What attributes are worked out from; ``now`` is Unix time in seconds, ``body`` as ``read_body`` returned it."""

    session: Session
    exchange: Exchange
    risk: int
    now: float
    body: object = None


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute. ``compute`` returns what CEL takes for ``type``, or None if there is no value."""

    name: str
    type: CelType
    compute: Callable[[Facts], Any]
    about: str


def attributes_of(
    uses: Collection[str], session: Session, exchange: Exchange, *, risk: int, now: float, body: object = None
) -> dict[str, Any]:
    """Return the value of every attribute in ``uses``; those that have none are left out."""
    facts = Facts(session, exchange, risk, now, body)
    values = {name: _COMPUTE[name](facts) for name in uses}
    return {name: value for name, value in values.items() if value is not None} if None in values.values() else values


def reference() -> str:
    """Return the table of docs/access.md."""
    rows = [f"| `{item.name}` | {item.type} | {item.about} |" for item in ATTRIBUTES]
    return "\n".join(["| attribute | type | |", "|---|---|---|", *rows])


def _since(now: float, then: float) -> timedelta:
    return timedelta(seconds=max(0.0, now - then))


def _version(text: str) -> int:
    digits = text.partition(".")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0


def _headers(exchange: Exchange) -> dict[str, str]:
    """Return the fields that hold no secrets; those of the same name are joined (RFC 9110 section 5.3)."""
    found: dict[str, str] = {}
    for name, value in exchange.request.headers.items:
        if name not in _SECRET_HEADERS and not name.startswith(b"bartizan-"):
            key, text = name.decode("latin-1"), value.decode("latin-1")
            found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _query(exchange: Exchange) -> dict[str, list[str]] | None:
    parts = [part for part in (exchange.request.query or b"").split(b"&") if part]
    if len(parts) > MAX_PARAMETERS:
        return None
    found: dict[str, list[str]] = {}
    for part in parts:
        name, _, value = part.partition(b"=")
        found.setdefault(_decoded(name), []).append(_decoded(value))
    return found


def _decoded(text: bytes) -> str:
    return unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8", "replace")


def _ja4(exchange: Exchange) -> str:
    tls = exchange.connection.tls
    return "" if tls is None else tls.ja4 or ""


def _clock(facts: Facts) -> datetime:
    return datetime.fromtimestamp(facts.now, UTC)


def _table() -> Iterator[Attribute]:
    yield from _of_the_principal()
    yield from _of_the_device()
    yield from _of_the_session()
    yield from _of_the_request()
    yield Attribute(
        "risk",
        "int",
        lambda of: of.risk,
        "0 to 100, the highest of session, person, device and where the request comes from",
    )
    yield Attribute("time.now", "timestamp", _clock, 'now; `time.now.getHours("Europe/Berlin")` for another zone')
    yield Attribute("time.hour", "int", lambda of: _clock(of).hour, "0 to 23, in UTC")
    yield Attribute("time.weekday", "int", lambda of: _clock(of).isoweekday(), "1 (Monday) to 7 (Sunday), in UTC")


def _of_the_principal() -> Iterator[Attribute]:
    yield Attribute("principal.id", "string", lambda of: of.session.principal, "stays the same for life")
    yield Attribute("principal.name", "string", lambda of: of.session.name, "what the person logs in with")
    yield Attribute("principal.groups", "list(string)", lambda of: list(of.session.groups), "names of groups")


def _of_the_device() -> Iterator[Attribute]:
    yield Attribute("device.id", "string", lambda of: of.session.device, "of the trusted device")
    yield Attribute(
        "device.kind",
        "string",
        lambda of: "client" if of.session.kind == "dpop" else "browser",
        "`browser`, or `client` for an API client",
    )
    yield Attribute("device.platform", "string", lambda of: of.session.platform, "such as `Windows`; empty: unknown")
    yield Attribute("device.browser", "string", lambda of: of.session.browser, "such as `Firefox`; empty: unknown")
    yield Attribute(
        "device.browser_version",
        "int",
        lambda of: _version(of.session.browser_version),
        "the major version; 0: unknown",
    )
    yield Attribute(
        "device.age", "duration", lambda of: _since(of.now, of.session.device_enrolled), "since it was enrolled"
    )

    yield Attribute(
        "device.unused",
        "duration",
        lambda of: _since(of.session.created, of.session.device_seen),
        "how long it had not been used before this session",
    )
    yield Attribute("device.risk", "int", lambda of: of.session.device_risk, "0 to 100, when the session began")


def _of_the_session() -> Iterator[Attribute]:
    yield Attribute("session.id", "string", lambda of: of.session.id, "names the session, opens nothing")
    yield Attribute("session.kind", "string", lambda of: of.session.kind, "`cookie` or `dpop`: how it is presented")
    yield Attribute("session.aal", "int", lambda of: of.session.aal, "assurance level, 1 to 3 (SP 800-63B-4)")
    yield Attribute(
        "session.factors",
        "list(string)",
        lambda of: list(of.session.factors),
        "what was proven: `password`, `totp`, `webauthn`, `push`, `recovery` (a code)",
    )
    yield Attribute("session.age", "duration", lambda of: _since(of.now, of.session.created), "since the login")
    yield Attribute(
        "session.auth_age",
        "duration",
        lambda of: _since(of.now, of.session.authenticated),
        "since the person last proved who they are",
    )
    yield Attribute("session.idle", "duration", lambda of: _since(of.now, of.session.seen), "since the last request")


def _of_the_request() -> Iterator[Attribute]:
    yield Attribute("request.method", "string", lambda of: of.exchange.request.method, "in capitals")
    yield Attribute("request.scheme", "string", lambda of: of.exchange.request.scheme, "`https` or `http`")
    yield Attribute("request.host", "string", lambda of: of.exchange.request.host, "in lower case, without the port")
    yield Attribute(
        "request.path", "string", lambda of: of.exchange.request.path, "normalised, as the upstream gets it"
    )
    yield Attribute(
        "request.query",
        "map(string, list(string))",
        lambda of: _query(of.exchange),
        f"decoded; a name may come more than once; no value with more than {MAX_PARAMETERS} parameters",
    )
    yield Attribute(
        "request.headers",
        "map(string, string)",
        lambda of: _headers(of.exchange),
        "names in lower case, without those that hold secrets (`cookie`, `authorization`, `dpop`)",
    )
    yield Attribute("request.address", "string", lambda of: of.exchange.client.address, "of the client; see `in_cidr`")
    yield Attribute("request.ja4", "string", lambda of: _ja4(of.exchange), "of the client's TLS handshake, or empty")
    yield Attribute(
        "request.route",
        "string",
        lambda of: "" if of.exchange.route is None else of.exchange.route.name,
        "name of the route",
    )
    yield Attribute(BODY, "dyn", lambda of: of.body, "JSON or form, only in `reauth[].when`; see Step-up")


ATTRIBUTES = tuple(_table())
_COMPUTE = {item.name: item.compute for item in ATTRIBUTES}
