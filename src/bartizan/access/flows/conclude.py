"""What follows once a factor, a device or a new password is in: the next step, or the session."""

from __future__ import annotations

from bartizan.access.authentication import Authentication
from bartizan.access.flows.outcome import Answer
from bartizan.access.flows.parts import Parts
from bartizan.access.flows.reauth import renew_session
from bartizan.access.flows.session_begin import begin_session
from bartizan.access.flows.visitor import Visitor
from bartizan.access.transactions import Underway
from bartizan.errors import AccessError

__all__ = ["conclude"]


async def conclude(parts: Parts, visitor: Visitor, underway: Underway[Authentication]) -> Answer:
    """Return what comes next; when nothing is missing any more the session begins, or goes on under a new token.

    Raises ``AccessError`` for an authentication that is over.
    """
    authentication = underway.value
    if authentication.phase == "ended":
        raise AccessError("login_expired", "This is over. Begin anew.")
    if authentication.phase != "done":
        return Answer(authentication.phase)
    if authentication.purpose == "login":
        session = await begin_session(parts, visitor, underway)
    else:
        session = await renew_session(parts, visitor, underway)
    return Answer("done", authentication.next, held=authentication.held, session=session)
