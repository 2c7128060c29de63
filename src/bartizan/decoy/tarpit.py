"""Answers that come drop by drop, within a budget of sockets and bytes. Knows no clock and sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bartizan.config.model.deception import Tarpit as TarpitSettings

__all__ = ["Drip", "Tarpit"]

INTERVAL = 1.0  # seconds between two drops, at least: more often would keep only us busy
LONGEST = 15.0  # seconds between two drops, at most: the edge gives up on an upstream that is silent for longer


@dataclass(frozen=True, slots=True)
class Drip:
    """How a body is sent: ``pieces`` drops, ``interval`` seconds before each."""

    pieces: int
    interval: float

    def drops(self, body: bytes) -> Iterator[bytes]:
        """Yield the body in drops of about the same size."""
        for number in range(self.pieces):
            yield body[number * len(body) // self.pieces : (number + 1) * len(body) // self.pieces]


class Tarpit:
    """The budget of one process. Who gets a drip calls ``leave`` when it is over."""

    def __init__(self, settings: TarpitSettings) -> None:
        self._settings = settings
        self._tokens = float(settings.bytes)
        self._filled = 0.0
        self.held = 0
        """Sockets that are held now."""

    def enter(self, risk: float, size: int, now: float) -> Drip | None:
        """Return how an answer of ``size`` bytes is sent to somebody of that risk, or None: at normal pace.

        ``now`` is in seconds of a clock that never goes back.
        """
        settings = self._settings
        if settings.at is None or risk < settings.at or size < 2 or size > settings.bytes:
            return None
        if self.held >= settings.sockets or not self._take(size, now):
            return None
        self.held += 1
        pieces = max(1, min(size, int(settings.duration / INTERVAL)))
        return Drip(pieces, min(LONGEST, settings.duration / pieces))

    def leave(self) -> None:
        """Give a socket back."""
        self.held -= 1

    def _take(self, size: int, now: float) -> bool:
        rate = float(self._settings.bytes)
        self._tokens = min(rate, self._tokens + (now - self._filled) * rate)
        self._filled = now
        if size > self._tokens:
            return False
        self._tokens -= size
        return True
