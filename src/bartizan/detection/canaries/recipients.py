"""Who was given which canary: in the shared state, so that any machine can tell when it is touched.

The object is kept with it: it is answered as it was shown, and is shown the same again. Anybody can make recipients
of themselves by presenting something new, so only so many are remembered a day, and shorter where nobody is logged in.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import msgspec
from structlog.typing import FilteringBoundLogger

from bartizan.storage.state.interface import State

__all__ = ["KEEP", "KEEP_STRANGERS", "Recipient", "Recipients"]

KEEP = 30 * 86_400.0  # seconds
KEEP_STRANGERS = 2 * 86_400.0
MAX_A_DAY = 10_000  # of all edge processes together
MAX_CACHED = 10_000
_PREFIX = b"canary/"
_COUNTER = b"canaries-of-day/%d"
_DAY = 86_400
_PEOPLE = ("session:", "principal:")


class Recipient(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Who was given a canary first.

    ``actor`` is the key of whom it was made for (``session:…``), ``address`` where they were, ``at`` Unix time in
    seconds; ``text`` is the object as it was shown, ``media_type`` that of the response. Of a field both are empty.
    """

    actor: str
    address: str
    at: float
    text: bytes = b""
    media_type: bytes = b""


class Recipients:
    """Remembers and finds recipients. ``label`` is the detail template of a canary, ``canary`` its id."""

    def __init__(self, state: State, log: FilteringBoundLogger) -> None:
        self._state = state
        self._log = log
        self._known: OrderedDict[bytes, Recipient] = OrderedDict()

    def known(self, label: str, canary: int | str) -> Recipient | None:
        """Return whoever this process knows was given a canary, without asking the state."""
        return self._known.get(_key(label, canary))

    async def find(self, label: str, canary: int | str) -> Recipient | None:
        """Return who was given a canary, or None if nobody was in the last 30 days. Raises ``StateError``."""
        key = _key(label, canary)
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
            return found
        stored = await self._state.get(key)
        if stored is None:
            return None
        try:
            found = msgspec.msgpack.decode(stored, type=Recipient)
        except msgspec.MsgspecError as error:
            self._log.error("a canary in the shared state cannot be read, it has no effect", error=str(error))
            return None
        self._cache(key, found)
        return found

    async def remember(self, label: str, canary: int | str, given: Recipient) -> Recipient | None:
        """Remember who is given a canary; returns whoever was first, or None if no more can be remembered today.

        Raises ``StateError``.
        """
        known = await self.find(label, canary)
        if known is not None:
            return known
        key = _key(label, canary)
        if await self._state.increment(_COUNTER % (given.at // _DAY), ttl=_DAY) > MAX_A_DAY:
            return None
        keep = KEEP if given.actor.startswith(_PEOPLE) else KEEP_STRANGERS
        if not await self._state.add(key, msgspec.msgpack.encode(given), keep):
            return await self.find(label, canary)
        self._cache(key, given)
        return given

    def _cache(self, key: bytes, given: Recipient) -> None:
        self._known[key] = given
        if len(self._known) > MAX_CACHED:
            self._known.popitem(last=False)


def _key(label: str, canary: int | str) -> bytes:
    text = f"{label}\n{canary}".encode("utf-8", "surrogatepass")
    return _PREFIX + hashlib.blake2b(text, digest_size=16).digest()
