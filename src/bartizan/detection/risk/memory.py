"""What is remembered of actors: bounded, and each by itself to be kept elsewhere as bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from math import inf
from operator import attrgetter

import msgspec

from bartizan.detection.risk.model import Kind
from bartizan.detection.risk.strand import Strand

__all__ = ["Detected", "Known", "Memory", "StrandKey", "dumped", "loaded"]

MAX_STRANDS = 32
MAX_LINKS = 16
MAX_PEOPLE = 64
IDLE = 3 * 86400.0  # seconds after which an actor without risk is forgotten
NO_RISK = 0.5  # points below which a score is none
PARDON_KEPT = 86400.0  # seconds in which signals from before a pardon may still arrive
_TRIED = 16  # actors that are looked at to find one to forget
_FORMAT = 1
_UNTIL = attrgetter("until")

StrandKey = tuple[str, Kind, tuple[str, ...]]
Detected = tuple[str, Kind, str]
"""A detector, the kind of its signals, and for what is wide their source: what is no independent evidence."""


class Known(msgspec.Struct, gc=False):
    """One actor: evidence, whom it was seen with and when last, and the clean people behind it."""

    strands: dict[StrandKey, Strand] = {}
    links: dict[str, float] = {}
    people: dict[str, float] = {}
    touched: float = -inf
    pardoned: float = -inf
    sums: dict[Detected, float] | None = None
    """What each detector's evidence came to at ``sums_at``, if that is known: it fades as a whole."""
    sums_at: float = 0.0

    def strand(self, key: StrandKey) -> Strand:
        """Return the evidence of a detector about a party; if there is too much, what fades first has to go."""
        found = self.strands.get(key)
        if found is None:
            if len(self.strands) >= MAX_STRANDS:
                first = min(self.strands.values(), key=_UNTIL)
                del self.strands[first.detector, first.kind, first.party]
            found = self.strands[key] = Strand(*key)
        return found

    def link(self, key: str, others: tuple[str, ...], time: float) -> bool:
        """Remember that it, who is ``key``, was seen together with ``others``; tells whether any of them is new."""
        links, new = self.links, False
        for other in others:
            if other == key:
                continue
            before = links.get(other)
            if before is None:
                new = True
                if len(links) >= MAX_LINKS:
                    del links[min(links, key=links.__getitem__)]
            elif time <= before:
                continue
            links[other] = time
        return new

    def meet(self, person: str, time: float) -> bool:
        """Remember a clean person behind it; tells whether that is a new one."""
        people = self.people
        before = people.get(person)
        if before is None and len(people) >= MAX_PEOPLE:
            del people[min(people, key=people.__getitem__)]
        if before is None or time > before:
            people[person] = time
        return before is None

    def drop(self, keys: Iterable[StrandKey]) -> None:
        """Forget evidence."""
        for key in keys:
            del self.strands[key]
        self.sums = None

    def risky(self, now: float) -> bool:
        """Tell whether something of it is left: evidence, or how far it had come."""
        return any(strand.until > now for strand in self.strands.values())

    def heavy(self) -> float:
        """Return when something grave was last seen of it."""
        return max((strand.heavy for strand in self.strands.values()), default=-inf)


class _Stored(msgspec.Struct, array_like=True, gc=False):
    format: int
    strands: list[Strand]
    links: dict[str, float]
    people: dict[str, float]
    touched: float
    pardoned: float


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


def dumped(known: Known) -> bytes:
    """Return an actor as bytes."""
    strands = list(known.strands.values())
    return _encode(_Stored(_FORMAT, strands, known.links, known.people, known.touched, known.pardoned))


def loaded(data: bytes) -> Known:
    """Read what ``dumped`` wrote; raises ``ValueError``."""
    try:
        stored = _decode(data)
    except msgspec.MsgspecError as error:
        raise ValueError(f"no actor: {error}") from None
    if stored.format != _FORMAT:
        raise ValueError(f"an actor in format {stored.format}, known is {_FORMAT}")
    strands = {(strand.detector, strand.kind, strand.party): strand for strand in stored.strands}
    return Known(strands, stored.links, stored.people, stored.touched, stored.pardoned)


class Memory:
    """At most ``maximum`` actors. The one that was touched last goes last, and who has a risk before who has none."""

    def __init__(self, maximum: int) -> None:
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._maximum = maximum
        self.gone: set[str] = set()
        """Keys that were forgotten, until somebody takes them."""
        self.get = self._known.get

    def __len__(self) -> int:
        return len(self._known)

    def __getitem__(self, key: str) -> Known:
        return self._known[key]

    def items(self) -> Iterator[tuple[str, Known]]:
        """Return all of them."""
        return iter(self._known.items())

    def touch(self, key: str, time: float) -> Known:
        """Return the actor, a new one if need be, as the one that was touched last."""
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= self._maximum:
                self._make_room(time)
            known = self._known[key] = Known()
            self.gone.discard(key)
        else:
            self._known.move_to_end(key)
        known.touched = max(known.touched, time)
        return known

    def put(self, key: str, known: Known) -> None:
        """Take in an actor that was kept elsewhere."""
        if key not in self._known and len(self._known) >= self._maximum:
            self._make_room(known.touched)
        self._known[key] = known
        self.gone.discard(key)

    def resize(self, maximum: int) -> None:
        """Remember at most so many from now on."""
        self._maximum = maximum
        while len(self._known) > maximum:
            self._make_room(self._known[next(reversed(self._known))].touched)

    def forget(self, now: float, most: int, score: Callable[[str], float]) -> int:
        """Forget who has no risk and was not seen for ``IDLE`` seconds, of the ``most`` longest untouched actors."""
        idle = []
        for key, known in islice(self._known.items(), most):
            if now - known.touched < IDLE:
                break
            idle.append(key)
        forgotten = 0
        for key in idle:
            known = self._known[key]
            if known.risky(now) or now - known.pardoned < PARDON_KEPT or score(key) >= NO_RISK:
                self._known.move_to_end(key)
            else:
                self._drop(key)
                forgotten += 1
        return forgotten

    def _make_room(self, now: float) -> None:
        """Forget the actor without a risk that was not touched for longest, of the first few; else the first."""
        passed = []
        for key, known in islice(self._known.items(), _TRIED):
            if not known.risky(now) and now - known.pardoned >= PARDON_KEPT:
                break
            passed.append(key)
        else:
            key = passed.pop(0)
        for each in passed:
            self._known.move_to_end(each)
        self._drop(key)

    def _drop(self, key: str) -> None:
        del self._known[key]
        self.gone.add(key)
