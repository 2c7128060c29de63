"""What follows once a factor, a device or a new password is in: the next step, or the session."""

from __future__ import annotations

from bartizan.access.authentication import Authentication
from bartizan.access.flows.endings import end_sessions
from bartizan.access.flows.outcome import Answer
from bartizan.access.flows.parts import Parts
from bartizan.access.flows.reauth import renew_session
from bartizan.access.flows.session_begin import begin_session
from bartizan.access.flows.visitor import Visitor
from bartizan.access.transactions import Underway
from bartizan.errors import AccessError

__all__ = ["conclude"]


async def conclude(parts: Parts, visitor: Visitor, underway: Underway[Authentication], before: str = "") -> Answer:
    """Return what comes next; when nothing is missing any more the session begins, or goes on under a new token.

    ``before`` is the token of the session that this browser has until now, if any: a login takes its place. Raises
    ``AccessError`` for an authentication that is over.
    """
    authentication = underway.value
    if authentication.phase == "ended":
        raise AccessError("login_expired", "This is over. Begin anew.")
    if authentication.phase != "done":
        return Answer(authentication.phase)
    if authentication.purpose == "login":
        session = await begin_session(parts, visitor, underway)
        await _replace(parts, visitor, before)
    else:
        session = await renew_session(parts, visitor, underway)
    return Answer("done", authentication.next, held=authentication.held, session=session)


async def _replace(parts: Parts, visitor: Visitor, token: str) -> None:
    """End the session that nobody has the token of any more, once the browser takes the new one."""
    found = await parts.sessions.find(token)
    if found is not None and found.session.thumbprint == visitor.thumbprint:
        record = await parts.read(lambda tx: tx.sessions.get(found.session.id))
        await end_sessions(parts, [] if record is None else [record], "replaced")
