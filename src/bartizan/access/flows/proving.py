"""Keeping a session proved: the device proves its key, and the session goes on under a new token."""

from __future__ import annotations

from hmac import compare_digest

import msgspec

from bartizan.access.flows.outcome import Begun
from bartizan.access.flows.parts import Parts
from bartizan.access.sessions.model import Found, Session, digest_of, split_token
from bartizan.errors import AccessError

__all__ = ["prove_session"]


class _Renewed(Exception):
    """Another request has renewed the session already."""


async def prove_session(parts: Parts, found: Found, token: str) -> Begun | None:
    """Note that the device of a session has just proved its key; returns the session with its new token.

    The proof was verified before, and is of the session's key. None if ``token`` is the one before the newest: another
    request of this browser has brought the new one already, and two new ones would leave the browser with the wrong
    one. Raises ``AccessError`` if the session has ended meanwhile. It does not count as use.
    """
    now = parts.clock()
    halves = split_token(token)
    if halves is None:
        raise _ended()
    handle, secret = halves

    def proved(session: Session) -> Session:
        return msgspec.structs.replace(session, proved=now)

    def proved_under_this_token(session: Session) -> Session:
        if not compare_digest(digest_of(secret), session.secret):
            raise _Renewed
        return proved(session)

    try:
        renewed = await parts.sessions.rotate(found.digest, proved_under_this_token, handle)
    except _Renewed:
        if await parts.sessions.change(found.digest, proved) is None:
            raise _ended() from None
        return None
    if renewed is None:
        raise _ended()
    return Begun(renewed, found.session.kind, found.session.expires - now)


def _ended() -> AccessError:
    return AccessError("login_required", "The session has ended. Log in.")
