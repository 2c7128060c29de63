"""The WAF in the series: SecLang rules on requests and responses."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Literal

from bartizan.perimeter.waf.engine import Intervention, RequestHead, Transaction
from bartizan.perimeter.waf.engine.persistent import merge, storage_key
from bartizan.perimeter.waf.findings import because, causes, remedy, signals
from bartizan.perimeter.waf.load import RuleSet
from bartizan.pipeline import Deny, Exchange, Signal, Verdict
from bartizan.storage.state.interface import State

__all__ = ["Waf"]

NAME = "waf"
STORE_ATTEMPTS = 5  # at changing a stored collection that other processes change too

_VISIBLE = bytes(range(0x21, 0x7F))


class Waf:
    """Run the rules: phases 1 and 2 on requests, 3 and 4 on responses, 5 when an exchange is over.

    Verdict: deny with the status that a rule says. Signals: ``waf.match``, one for each rule that matched and is
    logged; technique and OWASP item by its tags; about address, network and JA4. The transaction is kept in
    ``exchange.notes["waf"]``.
    """

    name = NAME

    def __init__(self, rules: RuleSet, state: State, *, plain_responses: bool) -> None:
        self._rules = rules
        self._state = state
        self.plain_responses = plain_responses
        self._storing: set[asyncio.Task[None]] = set()

    async def on_request(self, exchange: Exchange) -> Verdict | None:
        """Run phase 1, and phase 2 where there is no body to wait for."""
        exchange.notes[NAME] = transaction = self._rules.transaction(_head(exchange))
        exchange.at_end(self._end)
        intervention = transaction.request_headers()
        if transaction.persistent.wanted:
            intervention = await self._resume(transaction, exchange)
        if intervention is None and not self.hold_request(exchange):
            intervention = transaction.request_body(b"")
            if transaction.persistent.wanted:
                intervention = await self._resume(transaction, exchange)
        return None if intervention is None else _verdict(intervention, transaction, exchange)

    def hold_request(self, exchange: Exchange) -> int:
        """Return how much of the body the rules want to see."""
        if exchange.request.length == 0:
            return 0
        return _transaction(exchange).wants_body

    async def on_request_body(self, exchange: Exchange, body: bytes, *, complete: bool) -> Verdict | None:
        """Run phase 2 on a body."""
        transaction = _transaction(exchange)
        intervention = transaction.request_body(body, complete=complete)
        if transaction.persistent.wanted:
            intervention = await self._resume(transaction, exchange)
        return None if intervention is None else _verdict(intervention, transaction, exchange)

    async def on_response(self, exchange: Exchange) -> Verdict | None:
        """Run phase 3."""
        transaction, response = exchange.notes.get(NAME), exchange.response
        if not isinstance(transaction, Transaction) or response is None:
            return None  # the guard failed on the request, and may
        fields = response.headers.items
        if response.length is not None:
            fields = [*fields, (b"content-length", b"%d" % response.length)]
        intervention = transaction.response_headers(response.status, fields)
        if transaction.persistent.wanted:
            intervention = await self._resume(transaction, exchange)
        if intervention is None and not self.hold_response(exchange):
            intervention = transaction.response_body(b"")  # rules of phase 4 also judge what phase 3 has found
            if transaction.persistent.wanted:
                intervention = await self._resume(transaction, exchange)
        return None if intervention is None else _verdict(intervention, transaction, exchange)

    def hold_response(self, exchange: Exchange) -> int:
        """Return how much of the body the rules want to see; nothing of one that is compressed."""
        transaction, response = exchange.notes.get(NAME), exchange.response
        if not isinstance(transaction, Transaction) or response is None:
            return 0
        limit = transaction.wants_response
        if limit and (response.headers.get(b"content-encoding") or b"identity").lower() != b"identity":
            return 0
        return limit

    async def on_response_body(self, exchange: Exchange, body: bytes, *, complete: bool) -> Verdict | None:
        """Run phase 4."""
        transaction = _transaction(exchange)
        intervention = transaction.response_body(body, complete=complete)
        if transaction.persistent.wanted:
            intervention = await self._resume(transaction, exchange)
        return None if intervention is None else _verdict(intervention, transaction, exchange)

    def on_refused(self, exchange: Exchange, body: bytes) -> None:
        """Run phases 1, 2 and 5 on a request that is refused already: to know, not to decide."""
        exchange.notes[NAME] = transaction = self._rules.transaction(_head(exchange))
        _only_detect(transaction)
        transaction.request_headers()
        _resume_without_collections(transaction, exchange.received)
        transaction.request_body(body)
        _resume_without_collections(transaction, exchange.received)
        transaction.logging()
        exchange.signals += signals(transaction.matches, exchange, transaction.sanitised)

    async def _resume(self, transaction: Transaction, exchange: Exchange) -> Intervention | None:
        """Load the collections that a phase waits for, and go on with it."""
        collections = transaction.persistent
        while collections.wanted:
            for collection in [*collections.wanted]:
                stored = await self._state.get(storage_key(collection, collections.keys[collection]))
                collections.load(collection, stored, exchange.received)
            transaction.resume()
        return transaction.intervention

    def _end(self, exchange: Exchange) -> None:
        """Run phase 5, and hand over what was found and what is to be kept."""
        transaction = _transaction(exchange)
        try:
            if transaction.phase == 1 and exchange.error is not None and transaction.intervention is None:
                _only_detect(transaction)  # its body never came whole: what there is of it is looked at all the same
                transaction.request_body(exchange.request.body.peek(), complete=False)
                _resume_without_collections(transaction, exchange.received)
            transaction.logging()
            _resume_without_collections(transaction, exchange.received)
        except Exception as error:  # noqa: BLE001 - the exchange is over, and has to be accounted for
            what = f"{type(error).__name__}: {error}"[:500]
            exchange.signals.append(Signal("guard.failed", 60, evidence={"guard": NAME, "error": what}))
        exchange.signals += signals(transaction.matches, exchange, transaction.sanitised)
        if transaction.persistent.changes:
            task = asyncio.get_running_loop().create_task(self._store(transaction, exchange.received))
            self._storing.add(task)
            task.add_done_callback(self._stored)

    async def _store(self, transaction: Transaction, now: float) -> None:
        """Merge what rules changed into what is stored."""
        collections, state = transaction.persistent, self._state
        for collection, changes in collections.changes.items():
            key = storage_key(collection, collections.keys[collection])
            for _ in range(STORE_ATTEMPTS):
                stored = await state.get(key)
                value = merge(stored, changes, now)
                if stored is None:
                    done = await state.add(key, value, collections.timeout)
                else:
                    done = await state.compare_and_set(key, stored, value, collections.timeout)
                if done:
                    break

    def _stored(self, task: asyncio.Task[None]) -> None:
        self._storing.discard(task)
        if not task.cancelled():
            task.exception()  # counters of rules are lost then, and no exchange with them


def _transaction(exchange: Exchange) -> Transaction:
    transaction = exchange.notes[NAME]
    if not isinstance(transaction, Transaction):
        raise TypeError("exchange.notes['waf'] is not a transaction")
    return transaction


def _head(exchange: Exchange) -> RequestHead:
    request, client = exchange.request, exchange.client
    version = request.version
    server, port = _server(exchange.connection.local)
    return RequestHead(
        request.method.encode("latin-1"),
        request.target,
        b"HTTP/1.1" if version == "1.1" else _protocol(version),
        request.headers.items,
        client.address,
        client.port,
        server,
        port,
        exchange.received,
        exchange.id,
    )


def _protocol(version: str) -> bytes:
    """Return the protocol of a request line; what a refused request has there may be anything."""
    return (f"HTTP/{version}" if version[:1].isdigit() else version).encode("latin-1")


@lru_cache(maxsize=256)
def _server(local: str) -> tuple[str, int]:
    host, _, port = local.rpartition(":")
    return (host.strip("[]"), int(port)) if port.isdecimal() else ("", 0)


def _only_detect(transaction: Transaction) -> None:
    mode: Literal["detection_only", "off"] = "off" if transaction.mode == "off" else "detection_only"
    transaction.mode = mode


def _resume_without_collections(transaction: Transaction, now: float) -> None:
    """Go on without what is stored: there is nobody to wait."""
    collections = transaction.persistent
    while collections.wanted:
        for collection in [*collections.wanted]:
            collections.load(collection, None, now)
        transaction.resume()


def _verdict(intervention: Intervention, transaction: Transaction, exchange: Exchange) -> Deny:
    found = causes(transaction.matches)
    route = None if exchange.route is None else exchange.route.name
    status = intervention.status
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if intervention.action == "redirect":
        if intervention.url.translate(None, _VISIBLE):
            status = 403  # what a rule made of a request must not become header fields
        else:
            headers = ((b"location", intervention.url),)
    return Deny(
        status,
        because=because(intervention, found, transaction.score),
        remedy=remedy(intervention, found, route),
        headers=headers,
        close=intervention.action == "drop",
    )
