"""Sessions in the shared state: begun, found, kept in use, changed and ended in single steps.

What is changed is compared first, so that a session which ended meanwhile does not come back. An end is published as
well: every edge process cuts what is open for the session (``live.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest

import msgspec

from bartizan.access.sessions.model import (
    Found,
    Session,
    SessionEnded,
    digest_of,
    new_handle,
    new_secret,
    split_token,
)
from bartizan.errors import AccessError
from bartizan.storage.state.feed import decoded
from bartizan.storage.state.interface import State

__all__ = ["SessionStore"]

GRACE = 10.0  # seconds that the token before a rotation is still good
FEED_KEEP = 600.0  # seconds that an end can be read
TOUCH_PART = 30  # a session is written anew when this part of its idle time has passed
TOUCH_MOST = 30.0  # seconds, and no later than that
ATTEMPTS = 8  # of a change that others get in the way of
_PREFIX = b"session/"
_REVOKED = b"revoked/"
_TOPIC = b"sessions"


class SessionStore:
    """Keeps sessions; ``clock`` is Unix time in seconds. Every method raises ``StateError`` when the state fails."""

    def __init__(self, state: State, clock: Callable[[], float]) -> None:
        self._state = state
        self._clock = clock
        self._decode = msgspec.msgpack.Decoder(Session).decode
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode_end = msgspec.msgpack.Decoder(SessionEnded).decode

    async def begin(self, session: Session) -> tuple[str, bytes]:
        """Keep a new session until the end of its lifetime; returns its token and its digest."""
        handle, secret = new_handle(), new_secret()
        digest = digest_of(handle)
        session = msgspec.structs.replace(session, secret=digest_of(secret), previous=b"", previous_until=0.0)
        await self._state.put(_PREFIX + digest, self._encode(session), self._left(session))
        return f"{handle}.{secret}", digest

    async def find(self, token: str) -> Found | None:
        """Return the session of a token, whether it still stands or not; None if the token opens none."""
        parts = split_token(token)
        if parts is None:
            return None
        found = await self.by_digest(digest_of(parts[0]))
        if found is None:
            return None
        given, session = digest_of(parts[1]), found.session
        if compare_digest(given, session.secret):
            return found
        if compare_digest(given, session.previous) and self._clock() < session.previous_until:
            return found
        return None

    async def by_digest(self, digest: bytes) -> Found | None:
        """Return a session by its digest, or None if there is none."""
        stored = await self._state.get(_PREFIX + digest)
        return None if stored is None else Found(digest, self._decode(stored), stored)

    async def touch(self, found: Found, now: float, address: str) -> None:
        """Note that a session is in use; writes only now and then. A session that ended meanwhile stays ended."""
        session = found.session
        if now - session.seen < min(session.idle / TOUCH_PART, TOUCH_MOST) and address == session.address:
            return
        seen = msgspec.structs.replace(session, seen=now, address=address)
        await self._state.compare_and_set(_PREFIX + found.digest, found.stored, self._encode(seen), self._left(session))

    async def change(self, digest: bytes, change: Callable[[Session], Session]) -> Session | None:
        """Change a session; ``change`` may be called again if others got in the way. None if there is no session."""
        for _ in range(ATTEMPTS):
            found = await self.by_digest(digest)
            if found is None:
                return None
            changed = change(found.session)
            if await self._state.compare_and_set(
                _PREFIX + digest, found.stored, self._encode(changed), self._left(changed)
            ):
                return changed
        raise AccessError("busy", "The session is being changed by others. Try again.")

    async def rotate(self, digest: bytes, change: Callable[[Session], Session], handle: str) -> str | None:
        """Change a session and give it a new secret; returns the new token, None if there is no session.

        ``handle`` is that of the token in use. The old secret is good for ``GRACE`` seconds more.
        """
        secret = new_secret()
        until = self._clock() + GRACE

        def renewed(session: Session) -> Session:
            return msgspec.structs.replace(
                change(session), secret=digest_of(secret), previous=session.secret, previous_until=until
            )

        changed = await self.change(digest, renewed)
        return None if changed is None else f"{handle}.{secret}"

    async def end(self, digest: bytes, reason: str) -> bool:
        """End a session for every edge process, now; tells whether there was one. ``reason`` is a stable word."""
        found = await self.by_digest(digest)
        if found is None or not await self._state.delete(_PREFIX + digest):
            return False
        await self._tell(found, reason)
        return True

    async def revoke(self, digest: bytes, reason: str) -> bool:
        """Do as ``end`` does, but keep the session aside until its lifetime ends, so that it can be restored."""
        found = await self.by_digest(digest)
        if found is None or not await self._state.delete(_PREFIX + digest):
            return False
        await self._state.put(_REVOKED + digest, found.stored, self._left(found.session))
        await self._tell(found, reason)
        return True

    async def restore(self, digest: bytes) -> Session | None:
        """Bring a revoked session back as it was, once; None if there is none, or it would have run out meanwhile.

        The time since its last use counts: it may be too long for it to stand.
        """
        stored = await self._state.get(_REVOKED + digest)
        if stored is None or not await self._state.delete(_REVOKED + digest):
            return None
        session = self._decode(stored)
        left = session.expires - self._clock()
        if left <= 0 or not await self._state.add(_PREFIX + digest, stored, left):
            return None
        return session

    async def ends(self, after: bytes | None) -> list[tuple[bytes, SessionEnded]]:
        """Return ends since a cursor, each with its own cursor; ``after=None`` begins with the oldest kept.

        Messages that cannot be read are left out.
        """
        items = decoded(await self._state.read(_TOPIC, after), self._decode_end)
        return [(cursor, ended) for cursor, ended in items if ended is not None]

    async def _tell(self, found: Found, reason: str) -> None:
        ended = SessionEnded(found.digest, found.session.id, reason)
        await self._state.publish(_TOPIC, self._encode(ended), FEED_KEEP)

    def _left(self, session: Session) -> float:
        """Seconds until a session's lifetime ends; a session past it stays a moment, to be told what it was."""
        return max(1.0, session.expires - self._clock())
