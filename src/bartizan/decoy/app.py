"""The decoy upstream as an ASGI application: reads what was asked, has it answered, writes it down, waits, sends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Protocol

from starlette.types import Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from bartizan.decoy.asked import Answer, Asked, Fields
from bartizan.decoy.contract import CONTEXT, decode_context
from bartizan.decoy.entry import Entry
from bartizan.decoy.masking import mask_body
from bartizan.decoy.payloads import classes_of
from bartizan.decoy.recorder import Recorder
from bartizan.decoy.stats import Stats
from bartizan.decoy.tarpit import Drip, Tarpit
from bartizan.errors import DecoyError
from bartizan.process.alarm import Alarm

__all__ = ["Answers", "DecoyApp"]

MAX_BODY = 1024 * 1024  # bytes of a request's body that answers depend on
_COPY = Answer(204, [], b"", 0.0)
_FAILED = Answer(500, [(b"content-length", b"0")], b"", 0.05)
_NO_CONTEXT = Answer(421, [(b"content-length", b"0")], b"", 0.0)
_EDGE = frozenset((b"content-length", b"transfer-encoding", b"connection"))
"""Fields that the edge writes for itself; the client's own are not known here."""
_WAY = 0.0003  # seconds that an answer needs back to the edge


class Answers(Protocol):
    """Who knows what to answer."""

    def answer(self, asked: Asked) -> Answer:
        """Return the answer."""
        ...


class DecoyApp:
    """See the module's header. ``body_bytes`` is how much of a body a transcript keeps."""

    def __init__(
        self,
        answers: Answers,
        recorder: Recorder,
        tarpit: Tarpit,
        stats: Stats,
        alarm: Alarm,
        log: FilteringBoundLogger,
        *,
        body_bytes: int,
    ) -> None:
        self._answers = answers
        self._recorder = recorder
        self._tarpit = tarpit
        self._stats = stats
        self._log = log
        self._body_bytes = body_bytes
        self._alarm = alarm

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            asked = await _read(scope, receive)
        except DecoyError as error:
            self._log.warning("a request that the edge has not diverted", error=str(error))
            await _send(send, _NO_CONTEXT, None)
            return
        if asked.context.answered:
            self._record(asked, Answer(asked.context.answered, [], b"", 0.0), "guard", 0.0)
            await _send(send, _COPY, None)
            return
        answer = self._answer(asked)
        drip = self._tarpit.enter(asked.context.risk, len(answer.body), time.monotonic())
        slow = 0.0 if drip is None else drip.pieces * drip.interval
        self._record(asked, answer, "decoy" if drip is None else "tarpit", slow)
        self._stats.count(answer.status)
        try:
            await self._alarm.until(asked.context.sent + answer.wait - _WAY)
            await _send(send, answer, drip)
        finally:
            if drip is not None:
                self._tarpit.leave()

    def _answer(self, asked: Asked) -> Answer:
        try:
            return self._answers.answer(asked)
        except Exception as error:  # noqa: BLE001 - a defect must not show as one of another server
            self._log.exception(
                "a diverted request could not be answered", id=asked.context.exchange, error=repr(error)
            )
            return _FAILED

    def _record(self, asked: Asked, answer: Answer, by: str, receive: float) -> None:
        wait = max(answer.wait, time.monotonic() - asked.context.sent)
        limit = self._body_bytes
        size = len(asked.body) + len(answer.body)
        self._recorder.record(lambda: _entry(asked, answer, by, wait, receive, limit), size)


async def _read(scope: Scope, receive: Receive) -> Asked:
    """Return the request with its body; raises ``DecoyError`` if the edge has not sent it."""
    fields: Fields = list(scope["headers"])
    contexts = [value for name, value in fields if name == CONTEXT]
    if len(contexts) != 1:
        raise DecoyError(f"there are {len(contexts)} contexts")
    context = decode_context(contexts[0])
    body, size = bytearray(), 0
    async for chunk in _chunks(receive):
        size += len(chunk)
        body += chunk[: MAX_BODY - len(body)]
    return Asked(
        context=context,
        method=scope["method"],
        path=(scope["raw_path"] or b"/").decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        fields=[field for field in fields if field[0] != CONTEXT],
        body=bytes(body),
        size=max(size, context.length or 0) if context.answered else size,
    )


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


async def _send(send: Send, answer: Answer, drip: Drip | None) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.fields})
    if drip is not None:
        for drop in drip.drops(answer.body):
            await asyncio.sleep(drip.interval)
            await send({"type": "http.response.body", "body": drop, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "http.response.body", "body": answer.body})


def _entry(asked: Asked, answer: Answer, by: str, wait: float, receive: float, limit: int) -> Entry:
    """Return the entry for a transcript: attacks named, secrets masked, bodies cut."""
    context = asked.context
    target = f"{asked.path}?{asked.query}" if asked.query else asked.path
    fields = [field for field in _text(asked.fields) if field[0].encode("latin-1") not in _EDGE]
    seen = [target, asked.body.decode("utf-8", "replace"), *(f"{name}: {value}" for name, value in fields)]
    return Entry(
        exchange=context.exchange,
        actor=context.actor,
        time=context.received,
        method=asked.method,
        url=f"{context.scheme}://{asked.field(b'host')}{target}",
        route=context.route,
        upstream=context.upstream,
        address=context.address,
        ja4=context.ja4,
        risk=context.risk,
        version=context.version,
        fields=fields,
        body=mask_body(asked.body[:limit], asked.field(b"content-type")),
        body_size=asked.size,
        cut=min(len(asked.body), limit) < asked.size,
        status=answer.status,
        response_fields=_text(answer.fields),
        response_body=answer.body[:limit],
        response_size=len(answer.body),
        response_cut=limit < len(answer.body),
        wait=wait,
        receive=receive,
        by=by,
        payloads=classes_of(seen),
    )


def _text(fields: Fields) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]
