"""What a wire protocol offers to the exchange it carries. HTTP/1.1 is one driver of it; HTTP/2 will be another."""

from __future__ import annotations

import asyncio
from typing import Protocol

from bartizan.http.message import Response

__all__ = ["Stream"]


class Stream(Protocol):
    """The client's side of one exchange."""

    @property
    def responded(self) -> bool:
        """Whether a response head has been sent."""
        ...

    def respond(self, response: Response, data: bytes, *, end: bool, close: bool = False) -> None:
        """Send the response head with the first bytes of its body; ``end``: these are all of it.

        ``close`` asks that the connection is not used again.
        """
        ...

    def send(self, data: bytes) -> None:
        """Send more of the response body."""
        ...

    def finish(self, trailers: list[tuple[bytes, bytes]]) -> None:
        """End the response body."""
        ...

    async def drain(self) -> None:
        """Wait until the client takes more. Raises ``ClientGone`` if it went away or is too slow."""
        ...

    def abort(self) -> None:
        """End without a whole response, so that the client cannot mistake it for one."""
        ...

    def limit_body(self, limit: int) -> None:
        """Refuse a body of more than ``limit`` bytes, 0 for any size; ``RequestError`` if it is known already."""
        ...

    def open_tunnel(self, response: Response, receiver: asyncio.Protocol) -> asyncio.Transport:
        """Answer 101; what the client sends from now on, and what has already arrived, goes raw to ``receiver``."""
        ...
