"""WAF rules on exchanges without a gateway: what goes in, and everything that can be seen of what comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from bartizan.perimeter.waf.engine import Intervention, RequestHead, RuleMatch, Transaction
from bartizan.perimeter.waf.load import RuleSet, load_rules
from bartizan.perimeter.waf.seclang import Source
from bartizan.perimeter.waf.settings import Settings

__all__ = ["ON", "RECEIVED", "Inspected", "Reply", "Request", "Seen", "inspect", "rule_set", "see"]

ON = "SecRuleEngine On\nSecRequestBodyAccess On\nSecResponseBodyAccess On\n"
"""What a rule set begins with that is to see and decide everything."""

PHASES_WITH_VERDICT = 4
RECEIVED = 1_700_000_000.0
"""When requests come, Unix time in seconds."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request; ``headers`` are sent as they are."""

    uri: bytes = b"/"
    headers: Sequence[tuple[bytes, bytes]] = ((b"Host", b"shop.test"),)
    body: bytes = b""
    method: bytes = b""
    protocol: bytes = b"HTTP/1.1"
    complete: bool = True
    client: str = "192.0.2.7"

    def head(self) -> RequestHead:
        """Return what the rules get of it first."""
        method = self.method or (b"POST" if self.body else b"GET")
        return RequestHead(
            method, self.uri, self.protocol, self.headers, self.client, 4711, "198.51.100.1", 443, RECEIVED, "request-1"
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """What the upstream answers."""

    status: int = 200
    headers: Sequence[tuple[bytes, bytes]] = ((b"Content-Type", b"text/html"),)
    body: bytes = b""
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Inspected:
    """A transaction that is over. ``interventions`` has one entry for each phase that was run."""

    transaction: Transaction
    interventions: tuple[Intervention | None, ...]

    @property
    def matches(self) -> list[RuleMatch]:
        """Matches that were logged, in order."""
        return self.transaction.matches

    @property
    def ids(self) -> list[int]:
        """Ids of ``matches``."""
        return [match.id for match in self.matches]

    @property
    def data(self) -> dict[int, str]:
        """Log data by rule id."""
        return {match.id: match.data for match in self.matches}

    @property
    def intervention(self) -> Intervention | None:
        """What ended the exchange, if anything did."""
        return self.transaction.intervention


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be told of a transaction from outside."""

    matches: list[tuple[Any, ...]]
    interventions: list[tuple[Any, ...] | None]
    severity: int
    mode: str
    changes: Mapping[str, Any]
    sanitised: Sequence[tuple[str, bytes]]
    environment: Mapping[bytes, bytes]
    wants: tuple[int, int]
    tx: Mapping[bytes, bytes] = field(default_factory=dict)
    """TX, where all phases ran to their end: what rules would set that were not reached may be there already."""

    def differences(self, other: Seen) -> list[tuple[str, Any, Any]]:
        """Return what is not the same in another, by name."""
        pairs = [(part.name, getattr(self, part.name), getattr(other, part.name)) for part in fields(self)]
        return [(name, mine, theirs) for name, mine, theirs in pairs if mine != theirs]


def rule_set(rules: str, cache: Path | None = None, **settings: Any) -> RuleSet:
    """Load rules from a text."""
    return load_rules([Source("rules.conf", rules.encode("latin-1"), Path())], Settings(**settings), cache)


def inspect(
    rules: RuleSet,
    request: Request | None = None,
    reply: Reply | None = None,
    stored: Mapping[str, bytes] | None = None,
) -> Inspected:
    """Run all phases; without a reply only those of the request, and phase 5. ``stored`` are collections by name."""
    request = request or Request()
    transaction = rules.transaction(request.head())
    interventions = [_loaded(transaction, transaction.request_headers(), stored)]
    body = transaction.request_body(request.body, complete=request.complete)
    interventions.append(_loaded(transaction, body, stored))
    if reply is not None and transaction.intervention is None:
        head = transaction.response_headers(reply.status, reply.headers)
        interventions.append(_loaded(transaction, head, stored))
        answer = transaction.response_body(reply.body, complete=reply.complete)
        interventions.append(_loaded(transaction, answer, stored))
    transaction.logging()
    _loaded(transaction, None, stored)
    return Inspected(transaction, tuple(interventions))


def _loaded(
    transaction: Transaction, intervention: Intervention | None, stored: Mapping[str, bytes] | None
) -> Intervention | None:
    """Give a phase the collections it waits for, and run it to its end."""
    collections = transaction.persistent
    while collections.wanted:
        for name in [*collections.wanted]:
            collections.load(name, None if stored is None else stored.get(name), RECEIVED)
        intervention = transaction.resume()
    return intervention


def see(inspected: Inspected, reads: Callable[[bytes], bool] = lambda _: True) -> Seen:
    """Return what can be told of a transaction, to compare two of them; of TX only what ``reads`` tells to be read."""
    transaction = inspected.transaction
    ended = transaction.intervention or transaction.mode == "off" or transaction.allowed_until
    whole = len(inspected.interventions) == PHASES_WITH_VERDICT and not ended
    return Seen(
        [_match(match) for match in inspected.matches],
        [None if done is None else (done.action, done.status, done.url, done.rule and _match(done.rule), done.reason)
         for done in inspected.interventions],
        transaction.highest_severity,
        transaction.mode,
        transaction.persistent.changes,
        transaction.sanitised,
        transaction.environment,
        (transaction.wants_body, transaction.wants_response),
        {name: value for name, value in transaction.tx.items() if whole and reads(name)},
    )  # fmt: skip


def _match(match: RuleMatch) -> tuple[Any, ...]:
    return match.id, match.phase, match.data, match.var, match.value, match.msg, match.tags, match.disruptive
