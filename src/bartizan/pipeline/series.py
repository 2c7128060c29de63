"""The series: one flat, ordered list of guards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import compress
from time import perf_counter
from types import coroutine
from typing import Any, Literal, TypeAlias

from bartizan.errors import ClientGone, RequestError, UpstreamError
from bartizan.http.body import Body
from bartizan.http.message import Request, Response
from bartizan.pipeline.exchange import Exchange
from bartizan.pipeline.guard import Guard
from bartizan.pipeline.signal import Signal
from bartizan.pipeline.verdict import Deny, Divert, Verdict

__all__ = ["Series", "Step"]

Hook: TypeAlias = Callable[..., Coroutine[Any, Any, Verdict | None]]
Hold: TypeAlias = Callable[[Exchange], int]
Row: TypeAlias = tuple["Step", Hook, Hold | None]
"""What is called, and what says how much of a body it wants: None for the head."""

_ENDLESS = (b"text/event-stream", b"multipart/x-mixed-replace", b"application/grpc")
"""Media types whose bodies arrive as things happen: to hold them would be to stop them."""


@dataclass(frozen=True, slots=True)
class Step:
    """A guard with what the configuration says about its failures. ``timeout`` is in seconds."""

    guard: Guard
    on_error: Literal["deny", "allow"] = "deny"
    timeout: float = 1.0


@dataclass(frozen=True, slots=True)
class _Rows:
    """What is called in order, by path: guards that are about a few paths are called for these alone."""

    elsewhere: tuple[Row, ...]
    paths: dict[str, tuple[Row, ...]]

    @classmethod
    def of(cls, rows: tuple[Row, ...]) -> _Rows:
        """Sort rows by path; paths that have the same ones share them."""
        only = [getattr(step.guard, "only_paths", None) for step, _, _ in rows]
        shared: dict[tuple[bool, ...], tuple[Row, ...]] = {}
        paths: dict[str, tuple[Row, ...]] = {}
        for path in frozenset[str]().union(*(each for each in only if each is not None)):
            called = tuple(each is None or path in each for each in only)
            paths[path] = shared.setdefault(called, tuple(compress(rows, called)))
        return cls(tuple(row for row, each in zip(rows, only, strict=True) if each is None), paths)

    def at(self, exchange: Exchange) -> tuple[Row, ...]:
        """Return what is called for an exchange."""
        return self.paths.get(exchange.request.path, self.elsewhere)


class Series:
    """Runs guards in order until one has a verdict.

    A verdict to divert does not end it: whoever is diverted meets the refusals of all other guards as before. A guard
    that raises or takes longer than its timeout is a signal (``guard.failed``), and denies with 503 unless it is
    configured to allow. Every guard is timed; the time that bodies take to arrive is not counted.
    """

    def __init__(self, steps: tuple[Step, ...] = ()) -> None:
        self.steps = steps
        requests = tuple(_hooks(steps, "on_request", "hold_request", "on_request_body"))
        responses = tuple(_hooks(steps, "on_response", "hold_response", "on_response_body"))
        endless = tuple(hook for hook in responses if hook[2] is None)
        self._request_hooks, self._response_hooks = _Rows.of(requests), _Rows.of(responses)
        self._endless_hooks = _Rows.of(endless)
        self._refusal_hooks = tuple(
            (step, step.guard.on_refused) for step in steps if hasattr(step.guard, "on_refused")
        )
        self._holds_responses = len(endless) < len(responses)
        self.looks_at_responses = bool(responses)
        self.looks_at_refusals = bool(self._refusal_hooks)
        self.plain_responses = any(getattr(step.guard, "plain_responses", False) for step in steps)
        """Whether upstreams are to be asked for responses without content coding."""

    def on_request(self, exchange: Exchange) -> Coroutine[Any, Any, Verdict | None]:
        """Run the request side; the verdict is also left in ``exchange.verdict`` and ``exchange.decided_by``."""
        return self._run(self._request_hooks.at(exchange), exchange, exchange.request)

    def on_response(self, exchange: Exchange) -> Coroutine[Any, Any, Verdict | None]:
        """Run the response side, in the same order; what guards want to see of the body waits in it, unread."""
        response = exchange.response
        if response is None:
            return self._run(self._endless_hooks.at(exchange), exchange, exchange.request)  # there is no body to hold
        hooks = self._response_hooks
        if self._holds_responses and (response.headers.get(b"content-type") or b"").startswith(_ENDLESS):
            hooks = self._endless_hooks
        return self._run(hooks.at(exchange), exchange, response)

    def on_refused(self, exchange: Exchange, body: bytes) -> None:
        """Show guards a request that was refused already; ``body`` is what of its body had arrived."""
        for step, hook in self._refusal_hooks:
            begun = perf_counter()
            try:
                hook(exchange, body)
            except Exception as error:  # noqa: BLE001 - the request is refused, whatever a guard does
                self._failed(step, error, exchange)
            exchange.timings.append((step.guard.name, perf_counter() - begun))

    async def _run(self, hooks: tuple[Row, ...], exchange: Exchange, message: Request | Response) -> Verdict | None:
        diverted_by: str | None = None
        for step, hook, hold in hooks:
            if hold is not None:
                limit = hold(exchange)
                if not limit:
                    continue
                hook = await _holding(hook, message.body, limit)  # noqa: PLW2901 - it is what is called below
            begun = perf_counter()
            verdict: Verdict | None
            try:
                running = hook(exchange)
                try:
                    waits_for = running.send(None)
                except StopIteration as done:
                    verdict = done.value
                else:  # only a guard that has to wait for something needs a timer
                    async with asyncio.timeout(step.timeout):
                        verdict = await _resume(running, waits_for)
            except (ClientGone, RequestError, UpstreamError):
                raise
            except Exception as error:  # noqa: BLE001 - whatever a guard does, the series decides what follows
                verdict = self._failed(step, error, exchange)
            name = step.guard.name
            exchange.timings.append((name, perf_counter() - begun))
            if isinstance(verdict, Divert):
                if exchange.diverted is None:
                    exchange.diverted, diverted_by = verdict, name
            elif verdict is not None:
                exchange.verdict = verdict
                exchange.decided_by = name
                return verdict
        if diverted_by is not None:
            exchange.verdict = exchange.diverted
            exchange.decided_by = diverted_by
            return exchange.diverted
        return None

    @staticmethod
    def _failed(step: Step, error: Exception, exchange: Exchange) -> Verdict | None:
        what = f"{type(error).__name__}: {error}"
        exchange.signals.append(
            Signal(
                "guard.failed",
                severity=60,
                evidence={"guard": step.guard.name, "error": what[:500], "on_error": step.on_error},
            )
        )
        if step.on_error == "allow":
            return None
        return Deny(
            503,
            because=f"guard {step.guard.name} failed: {what[:500]}",
            remedy=f"mend the cause, or set guards.{step.guard.name}.on_error: allow to let exchanges pass meanwhile",
        )


def _hooks(steps: tuple[Step, ...], head: str, hold: str, body: str) -> Iterator[Row]:
    """Yield what a series calls, in order: each guard's hook for the head, and behind it the one for the body."""
    for step in steps:
        guard: Any = step.guard
        if hasattr(guard, head):
            yield step, getattr(guard, head), None
        if hasattr(guard, body):
            yield step, getattr(guard, body), getattr(guard, hold)


async def _holding(hook: Hook, body: Body, limit: int) -> Hook:
    """Return a guard's hook for a body with the first ``limit`` bytes, once they have arrived."""
    held = await body.hold(limit + 1)  # one more tells whether the body is longer
    return partial(hook, body=held[:limit], complete=body.complete and len(held) <= limit)


@coroutine
def _resume(
    running: Coroutine[Any, Any, Verdict | None], waits_for: Awaitable[Any]
) -> Generator[Awaitable[Any], Any, Verdict | None]:
    """Go on with a coroutine that has already been started and waits for ``waits_for``."""
    while True:
        try:
            sent = yield waits_for
        except BaseException as error:  # noqa: BLE001 - cancellation too belongs to the coroutine
            advance: Callable[[], Any] = partial(running.throw, error)
        else:
            advance = partial(running.send, sent)
        try:
            waits_for = advance()
        except StopIteration as done:
            result: Verdict | None = done.value
            return result
