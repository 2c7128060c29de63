"""What a guard is."""

from __future__ import annotations

from typing import Protocol

from bartizan.pipeline.exchange import Exchange
from bartizan.pipeline.verdict import Verdict

__all__ = ["Guard", "ResponseGuard"]


class Guard(Protocol):
    """One check in the series.

    A guard knows the exchange and what it was built with, never another guard; what it finds it appends to
    ``exchange.signals``. It may also have ``on_response`` (see ``ResponseGuard``), called when the response head is
    there and before it is sent, and ``hold_body``: how many bytes of the request body the series must hold before it
    calls ``on_request``; they are then in ``await exchange.request.body.hold(n)`` without waiting.
    """

    name: str

    async def on_request(self, exchange: Exchange) -> Verdict | None:
        """Look at a request; None means: nothing to object."""
        ...


class ResponseGuard(Protocol):
    """A guard that also looks at responses."""

    async def on_response(self, exchange: Exchange) -> Verdict | None:
        """Look at ``exchange.response``, change its headers if need be; a verdict replaces the response."""
        ...
