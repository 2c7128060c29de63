"""The guard that learns what an upstream's responses look like. It has no verdict and no signal."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from bartizan.detection.profile.learner import Learner
from bartizan.pipeline import Exchange, Verdict

__all__ = ["ProfileGuard"]


class ProfileGuard:
    """Looks at a few responses of each upstream in a second; what is not looked at costs one comparison.

    ``learner`` returns the one of an upstream, None for an upstream that is Bartizan's own. ``clock`` is Unix time in
    seconds.
    """

    name = "profile"
    plain_responses = False

    def __init__(self, learner: Callable[[str], Learner | None], clock: Callable[[], float]) -> None:
        self._learner = learner
        self._clock = clock

    async def on_request(self, exchange: Exchange) -> Verdict | None:  # noqa: ARG002
        """Nothing is learned of requests."""
        return None

    def hold_response(self, exchange: Exchange) -> int:
        """Learn the head, if it is this response's turn; returns how much of the body is wanted."""
        response = exchange.response
        if exchange.upstream is None or response is None or exchange.diverted is not None or exchange.made_up:
            return 0
        learner = self._learner(exchange.upstream)
        if learner is None or not learner.wants(response.status, exchange.started):
            return 0
        return learner.head(exchange.request, response, exchange.client.address, _seconds(exchange), self._clock())

    async def on_response_body(self, exchange: Exchange, body: bytes, *, complete: bool) -> Verdict | None:
        """Learn the body, if it is whole."""
        response = exchange.response
        learner = self._learner(exchange.upstream or "")
        if complete and response is not None and learner is not None:
            learner.body(exchange.request, response, body, self._clock(), exchange.client.address)
        return None


def _seconds(exchange: Exchange) -> float:
    """Return how long the response head took, as the client sees it: the upstream's time and the gateway's own."""
    if exchange.request.length == 0:
        return perf_counter() - exchange.started
    return (exchange.upstream_time or 0.0) + sum([spent for _, spent in exchange.timings])
