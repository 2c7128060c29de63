"""Which upstream of a route gets an exchange: by header (canary) or by weight. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bartizan.config.model.routes import Split
from bartizan.edge.upstreams.balance import SmoothCycle
from bartizan.http.headers import Headers
from bartizan.http.message import Request

__all__ = ["TrafficSplit"]


class TrafficSplit:
    """A route's traffic, shared out among upstreams.

    The first share whose ``headers`` all match (``*`` matches any value) takes the exchange, whatever the weights say;
    otherwise shares take turns in proportion to their weights (smooth weighted round robin, exact over a cycle). Raises
    ``ValueError`` where no share has a weight: exchanges without the headers would have nowhere to go.
    """

    __slots__ = ("_by_header", "_cycle")

    def __init__(self, shares: Sequence[Split]) -> None:
        weighted = [share for share in shares if share.weight]
        if not weighted:
            raise ValueError("no share of the split has a weight: give at least one of them weight 1 or more")
        self._by_header = tuple(
            (tuple(Headers.of(share.headers.items())), share.upstream) for share in shares if share.headers
        )
        self._cycle = SmoothCycle([share.upstream for share in weighted], [share.weight for share in weighted])

    def choose(self, request: Request) -> str:
        """Return the name of the upstream for ``request``."""
        headers = request.headers
        for conditions, upstream in self._by_header:
            if all(_matches(headers, name, value) for name, value in conditions):
                return upstream
        return self._cycle.next()


def _matches(headers: Headers, name: bytes, value: bytes) -> bool:
    if value == b"*":
        return name in headers
    return any(found == value for found in headers.get_all(name))
