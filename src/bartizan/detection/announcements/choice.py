"""Which decoys are named where: a few, the same on all machines with the same key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bartizan.config.model import DecoySettings
from bartizan.detection.decoys.model import Decoy
from bartizan.detection.fakes.keyed import Keyed

__all__ = ["ROBOTS", "Announced"]

ROBOTS = "/robots.txt"  # RFC 9309 section 2.3
MOST = 3  # decoys that one place names


@dataclass(frozen=True, slots=True)
class Announced:
    """What is named: ``disallowed`` in robots.txt, ``operations`` in the OpenAPI documents at ``documents``.

    ``key`` is of announcements alone, and of choices that look random.
    """

    key: bytes
    disallowed: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    documents: frozenset[str] = frozenset()

    @classmethod
    def of(cls, key: bytes, settings: DecoySettings, decoys: Iterable[Decoy], real: Iterable[str]) -> Announced:
        """Choose among the decoys of a configuration; ``real`` are the paths of its routes.

        A rule of robots.txt is good for all that its path begins (RFC 9309 section 2.2.2), so that none is named
        there that a real path begins with: crawlers that heed it would pass over that.
        """
        all_of_them, paths = tuple(decoys), tuple(real)
        announced = [
            decoy.path
            for decoy in all_of_them
            if decoy.announced and not any(path.startswith(decoy.path) for path in paths)
        ]
        documented = [decoy.path for decoy in all_of_them if decoy.documented]
        return cls(
            key,
            _few(Keyed(key, "robots"), announced) if settings.robots else (),
            _few(Keyed(key, "openapi"), documented),
            frozenset(settings.openapi) - {ROBOTS},
        )

    @property
    def paths(self) -> tuple[str, ...]:
        """What is asked for where decoys are named."""
        robots = (ROBOTS,) if self.disallowed else ()
        return (*robots, *sorted(self.documents)) if self.operations else robots


def _few(keyed: Keyed, paths: Sequence[str]) -> tuple[str, ...]:
    """Return some of the paths in their order, not all where there are several: what is not named is a trap, too."""
    many = min(MOST, max(len(paths) - 1, 1))
    ranked = sorted(paths, key=lambda path: keyed.sub(path).draw(8))
    taken = frozenset(ranked[:many])
    return tuple(path for path in paths if path in taken)
