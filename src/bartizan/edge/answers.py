"""What a client gets that no upstream sent: errors, refusals, challenges, and answers in an upstream's place."""

from __future__ import annotations

import math

from bartizan.edge.snapshot import RouteRuntime
from bartizan.edge.stream import Stream
from bartizan.errors import ClientGone
from bartizan.http.message import Response
from bartizan.http.problem import error_response
from bartizan.pipeline import Challenge, Deny, Divert, Exchange, Respond, StepUp, Throttle
from bartizan.process.alarm import Alarm

__all__ = ["answer", "refuse", "respond"]

_AFTER_HEAD = 0.00003  # seconds from the head of an upstream's response to its first byte to the client
Refusal = Challenge | Deny | StepUp | Throttle


def answer(
    exchange: Exchange,
    stream: Stream,
    status: int,
    detail: str,
    headers: tuple[tuple[bytes, bytes], ...] = (),
    *,
    close: bool = False,
) -> None:
    """Answer with an error of the gateway's own; if a response has begun already, cut the connection instead."""
    accept = exchange.request.headers.get(b"accept")
    _send(
        exchange,
        stream,
        error_response(status, exchange_id=exchange.id, detail=detail, accept=accept, headers=headers),
        close=close,
    )


def refuse(exchange: Exchange, stream: Stream, verdict: Refusal) -> None:
    """Answer as a verdict wants it."""
    if isinstance(verdict, Challenge):
        _send(exchange, stream, verdict.response)
        return
    headers = verdict.headers
    if isinstance(verdict, Throttle):
        headers = (*headers, (b"retry-after", b"%d" % max(1, math.ceil(verdict.retry_after))))
    answer(exchange, stream, verdict.status, verdict.detail, headers, close=verdict.close)


async def respond(exchange: Exchange, stream: Stream, route: RouteRuntime, verdict: Respond, alarm: Alarm) -> None:
    """Answer in an upstream's place, at its time; the guards see the response as they see an upstream's.

    It is as clients get them, with what the route rewrites.

    A loop's own timers count whole milliseconds, which upstreams do not: so the ``alarm``.
    """
    response = verdict.response
    exchange.response = response
    if route.series.looks_at_responses:
        decided = exchange.decided_by
        other = await route.series.on_response(exchange)
        if other is not None and not isinstance(other, Divert | Respond):
            refuse(exchange, stream, other)
            return
        exchange.verdict, exchange.decided_by = verdict, decided
    due = exchange.started + verdict.after + _AFTER_HEAD
    waited = await alarm.about(due)
    _send(exchange, stream, response)
    if waited:
        alarm.over(due)


def _send(exchange: Exchange, stream: Stream, response: Response, *, close: bool = False) -> None:
    if stream.responded:
        stream.abort()
        return
    exchange.response = response
    data = response.body.take()
    exchange.bytes_out = len(data)
    try:
        stream.respond(response, data, end=True, close=close)
    except ClientGone:
        exchange.error = exchange.error or "client_gone"
