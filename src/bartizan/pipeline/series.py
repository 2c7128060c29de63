"""The series: one flat, ordered list of guards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from types import coroutine
from typing import Any, Literal

from bartizan.errors import ClientGone, RequestError
from bartizan.pipeline.exchange import Exchange
from bartizan.pipeline.guard import Guard
from bartizan.pipeline.signal import Signal
from bartizan.pipeline.verdict import Deny, Verdict

__all__ = ["Series", "Step"]

Hook = Callable[[Exchange], Coroutine[Any, Any, Verdict | None]]


@dataclass(frozen=True, slots=True)
class Step:
    """A guard with what the configuration says about its failures. ``timeout`` is in seconds."""

    guard: Guard
    on_error: Literal["deny", "allow"] = "deny"
    timeout: float = 1.0


class Series:
    """Runs guards in order until one has a verdict.

    A guard that raises or takes longer than its timeout is a signal (``guard.failed``), and denies with 503 unless it
    is configured to allow. Every guard is timed.
    """

    def __init__(self, steps: tuple[Step, ...] = ()) -> None:
        self.steps = steps
        self._request_hooks = tuple(
            (step, step.guard.on_request, getattr(step.guard, "hold_body", 0)) for step in steps
        )
        self._response_hooks = tuple(
            (step, step.guard.on_response, 0) for step in steps if hasattr(step.guard, "on_response")
        )
        self.looks_at_responses = bool(self._response_hooks)

    def on_request(self, exchange: Exchange) -> Coroutine[Any, Any, Verdict | None]:
        """Run the request side; the verdict is also left in ``exchange.verdict`` and ``exchange.decided_by``."""
        return self._run(self._request_hooks, exchange)

    def on_response(self, exchange: Exchange) -> Coroutine[Any, Any, Verdict | None]:
        """Run the response side, in the same order."""
        return self._run(self._response_hooks, exchange)

    async def _run(self, hooks: tuple[tuple[Step, Hook, int], ...], exchange: Exchange) -> Verdict | None:
        for step, hook, hold in hooks:
            if hold:
                await exchange.request.body.hold(hold)
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
            except (ClientGone, RequestError):
                raise
            except Exception as error:  # noqa: BLE001 - whatever a guard does, the series decides what follows
                verdict = self._failed(step, error, exchange)
            name = step.guard.name
            exchange.timings.append((name, perf_counter() - begun))
            if verdict is not None:
                exchange.verdict = verdict
                exchange.decided_by = name
                return verdict
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
