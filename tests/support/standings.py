"""Risk as the sentry would publish it, in force at a gateway of a test when it is needed."""

from __future__ import annotations

import time

from bartizan.detection.standing import Standing, publish
from tests.support.gateway import Gateway

HALF_LIFE = 86_400.0  # seconds: nothing decays while a test runs


def stand(gateway: Gateway, actor: str, score: float) -> None:
    """Have an actor (``address:192.0.2.7``) stand with ``score``, 0 to 100; returns when the gateway knows."""
    means = gateway.worker._services.means
    standing = Standing(actor, score, means.clock(), HALF_LIFE, "test", "a test says so")
    gateway.run(publish(means.state, [standing]))
    deadline = time.monotonic() + 10
    while abs(means.standings.score(actor, means.clock()) - score) > 0.5:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{actor} does not stand with {score}")
        time.sleep(0.01)
