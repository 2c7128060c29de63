"""Requests and responses as JSON, and what the rules say of each: the engine without a gateway around it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from time import perf_counter

import msgspec

from bartizan.perimeter.waf.engine import Intervention, RequestHead, RuleMatch, Transaction
from bartizan.perimeter.waf.engine.persistent import merge, storage_key
from bartizan.perimeter.waf.load import RuleSet

__all__ = ["Inspector"]

MAX_STORED = 100_000  # persistent collections
ALLOWED = 200

Fields = list[tuple[str, str]]
NO_ID = msgspec.Raw(b"null")


class _Response(msgspec.Struct, gc=False):
    status: int = ALLOWED
    headers: Fields = []
    body_b64: bytes | None = None
    version: str = "1.1"


class _Request(msgspec.Struct, gc=False):
    method: str
    uri: str
    id: msgspec.Raw = NO_ID
    version: str = "1.1"
    headers: Fields = []
    body_b64: bytes | None = None
    response: _Response | None = None
    client: str = "127.0.0.1"


class _Named(msgspec.Struct):
    id: msgspec.Raw = NO_ID


class _Match(msgspec.Struct, gc=False):
    id: int
    msg: str
    var: str
    data: str
    phase: int


class _Would(msgspec.Struct, gc=False):
    verdict: str
    status: int
    rule: int


class _Verdict(msgspec.Struct, gc=False, omit_defaults=True):
    id: msgspec.Raw
    verdict: str
    status: int
    score: int
    rules: list[_Match]
    micros: float
    would: _Would | None = None
    url: str | None = None
    reason: str | None = None


class _Failure(msgspec.Struct, gc=False):
    id: msgspec.Raw
    error: str


_decode = msgspec.json.Decoder(_Request).decode
_name = msgspec.json.Decoder(_Named).decode
_encode = msgspec.json.Encoder().encode


class Inspector:
    """Inspects one request after the other. Persistent collections last as long as the inspector."""

    def __init__(self, rules: RuleSet) -> None:
        self.failed = 0
        """Lines that could not be read so far."""
        self._rules = rules
        self._stored: dict[bytes, bytes] = {}

    def line(self, line: bytes, number: int) -> bytes:
        """Return the verdict on a request as JSON, or what is wrong with it; ``number`` is the line's, from 1."""
        try:
            request = _decode(line)
            return _encode(self._inspect(request, request.body_b64 or b""))
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            return self.failure(line, f"line {number}: {error}")
        except Exception as error:  # noqa: BLE001 - as in the series of guards, the others go on
            return self.failure(line, f"line {number}: the engine failed: {type(error).__name__}: {error}")

    def failure(self, line: bytes, reason: str) -> bytes:
        """Return what is told of a line that is no request."""
        self.failed += 1
        try:
            known = _name(line).id
        except (msgspec.MsgspecError, UnicodeDecodeError):
            known = NO_ID
        return _encode(_Failure(known, reason))

    def _inspect(self, request: _Request, body: bytes) -> _Verdict:
        head = RequestHead(
            _text(request.method),
            _text(request.uri),
            _protocol(request.version),
            _fields(request.headers),
            request.client,
            received=time.time(),
        )
        response = request.response
        fields = () if response is None else _fields(response.headers)
        began = perf_counter()
        transaction = self._rules.transaction(head)
        self._run(transaction, body, response, fields)
        score = transaction.score
        micros = round((perf_counter() - began) * 1e6, 1)
        return self._verdict(request, transaction, score, micros)

    def _run(
        self,
        transaction: Transaction,
        body: bytes,
        response: _Response | None,
        fields: Sequence[tuple[bytes, bytes]],
    ) -> None:
        """Run the phases as the guard does."""
        persistent = transaction.persistent
        transaction.request_headers()
        if persistent.wanted:
            self._load(transaction)
        if transaction.intervention is None:
            transaction.request_body(body)
            if persistent.wanted:
                self._load(transaction)
        if response is not None and transaction.intervention is None:
            transaction.response_headers(response.status, fields, _protocol(response.version))
            if persistent.wanted:
                self._load(transaction)
            if transaction.wants_response:
                transaction.response_body(response.body_b64 or b"")
                if persistent.wanted:
                    self._load(transaction)
        transaction.logging()
        if persistent.wanted:
            self._load(transaction)
        if persistent.changes:
            self._store(transaction)

    def _load(self, transaction: Transaction) -> None:
        collections, now = transaction.persistent, transaction.head.received
        while collections.wanted:
            for collection in [*collections.wanted]:
                stored = self._stored.get(storage_key(collection, collections.keys[collection]))
                collections.load(collection, stored, now)
            transaction.resume()

    def _store(self, transaction: Transaction) -> None:
        collections = transaction.persistent
        for collection, changes in collections.changes.items():
            key = storage_key(collection, collections.keys[collection])
            if key not in self._stored and len(self._stored) >= MAX_STORED:
                self._stored.clear()
            self._stored[key] = merge(self._stored.get(key), changes, transaction.head.received)

    def _verdict(self, request: _Request, transaction: Transaction, score: int, micros: float) -> _Verdict:
        matches = transaction.matches
        rules = [_Match(match.id, match.msg, match.var, match.data, match.phase) for match in matches]
        intervention = transaction.intervention
        if intervention is not None:
            return _refused(request, intervention, score, rules, micros)
        status = ALLOWED if request.response is None else request.response.status
        would = self._would(matches) if matches and transaction.mode == "detection_only" else None
        return _Verdict(request.id, "allow", status, score, rules, micros, would)

    def _would(self, matches: Sequence[RuleMatch]) -> _Would | None:
        """Return what mode ``on`` would have done."""
        match = next((match for match in matches if match.disruptive), None)
        if match is None:
            return None
        program = self._rules.program
        rule = program.rules[program.by_id[match.id]]
        return _Would(rule.disruption, rule.status, rule.id)


def _refused(request: _Request, intervention: Intervention, score: int, rules: list[_Match], micros: float) -> _Verdict:
    url = intervention.url.decode("utf-8", "backslashreplace") or None
    reason = intervention.reason or None
    return _Verdict(request.id, intervention.action, intervention.status, score, rules, micros, None, url, reason)


def _text(text: str) -> bytes:
    """Return the bytes that a text stands for: one each up to U+00FF; a text that goes beyond is UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8")


def _fields(fields: Fields) -> list[tuple[bytes, bytes]]:
    try:
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
    except UnicodeEncodeError:
        return [(_text(name), _text(value)) for name, value in fields]


_PROTOCOLS = {"1.1": b"HTTP/1.1", "HTTP/1.1": b"HTTP/1.1", "1.0": b"HTTP/1.0", "2": b"HTTP/2"}


def _protocol(version: str) -> bytes:
    known = _PROTOCOLS.get(version)
    if known is not None:
        return known
    return _text(f"HTTP/{version}" if version[:1].isdigit() else version)
