"""What a guard is, and what it may have besides."""

from __future__ import annotations

from typing import Protocol

from bartizan.pipeline.exchange import Exchange
from bartizan.pipeline.verdict import Verdict

__all__ = ["Guard", "PathGuard", "RefusalGuard", "RequestBodyGuard", "ResponseBodyGuard", "ResponseGuard"]


class Guard(Protocol):
    """One check in the series.

    A guard knows the exchange and what it was built with, never another guard; what it finds it appends to
    ``exchange.signals``. It may also have what the other protocols of this module name. Methods that do not return a
    coroutine must not raise, and must be quick: they only say what a guard wants.
    """

    name: str

    async def on_request(self, exchange: Exchange) -> Verdict | None:
        """Look at a request; None means: nothing to object."""
        ...


class PathGuard(Protocol):
    """A guard that is about a few paths: for any other it is not called at all, in requests or responses."""

    only_paths: frozenset[str]


class RequestBodyGuard(Protocol):
    """A guard that also looks at the bodies of requests."""

    def hold_request(self, exchange: Exchange) -> int:
        """Return how many bytes of the request's body to hold before going on, asked after ``on_request``; 0: none."""
        ...

    async def on_request_body(self, exchange: Exchange, body: bytes, *, complete: bool) -> Verdict | None:
        """Look at the first bytes of the body, at most as many as were asked for; ``complete``: it has no more."""
        ...


class ResponseGuard(Protocol):
    """A guard that also looks at responses."""

    async def on_response(self, exchange: Exchange) -> Verdict | None:
        """Look at ``exchange.response``, change its headers if need be; a verdict replaces the response."""
        ...


class ResponseBodyGuard(ResponseGuard, Protocol):
    """A guard that also looks at the bodies of responses, before anything of a response is sent.

    With ``plain_responses`` upstreams are asked for responses without content coding (RFC 9110 section 12.5.3).
    """

    plain_responses: bool

    def hold_response(self, exchange: Exchange) -> int:
        """Return how many bytes of the response's body to hold, asked after ``on_response``; 0: none.

        It is not asked about what has no end to wait for: streams of events and tunnels.
        """
        ...

    async def on_response_body(self, exchange: Exchange, body: bytes, *, complete: bool) -> Verdict | None:
        """Look at the first bytes of the body, at most as many as were asked for; ``complete``: it has no more."""
        ...


class RefusalGuard(Protocol):
    """A guard that also looks at requests that were refused before they came to any guard."""

    def on_refused(self, exchange: Exchange, body: bytes) -> None:
        """Look at a request that HTTP, a limit or the router refused, to find signals; the answer stays what it is.

        ``exchange.request`` may be anything but well-formed; ``body`` is what of it had arrived.
        """
        ...
