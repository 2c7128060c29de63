"""Step-up: somebody who is logged in proves anew who they are, and goes on under a new token."""

from __future__ import annotations

import msgspec

from bartizan.access.assurance import assurance
from bartizan.access.authentication import (
    Authentication,
    finished,
    login_requirement,
    reauth_requirement,
)
from bartizan.access.flows.outcome import Begun, Going
from bartizan.access.flows.parts import Parts, audited
from bartizan.access.flows.visitor import Visitor
from bartizan.access.sessions.model import Found, Session
from bartizan.access.transactions import Underway
from bartizan.errors import AccessError

__all__ = ["begin_reauth", "is_fresh", "renew_session"]


def is_fresh(session: Session, factor: str, max_age: float, now: float) -> bool:
    """Tell whether ``factor`` (``any`` for whatever) was proven no longer ago than ``max_age`` seconds."""
    proven = session.authenticated if factor == "any" else session.factors.get(factor)
    return not session.reauth and proven is not None and now - proven <= max_age


async def begin_reauth(
    parts: Parts, visitor: Visitor, found: Found, handle: str, factor: str, going: Going
) -> tuple[str, Underway[Authentication]]:
    """Begin to prove anew; returns the token of the authentication. ``handle`` is that of the session's token.

    The caller has made sure that the visitor's device is the session's.
    """
    session = found.session
    requirement = reauth_requirement(
        login_requirement(parts.access.groups, session.groups),
        factor,
        aal=session.aal,
        suspicious=bool(session.reauth),
    )
    authentication = Authentication(
        purpose="reauth",
        phase="factor",
        principal=session.principal,
        thumbprint=visitor.thumbprint,
        requirement=requirement,
        attempts=parts.access.login.factor_attempts,
        created=parts.clock(),
        device=session.device,
        next=going.next,
        held=going.held,
        session=found.digest,
        handle=handle,
        client=session.kind == "dpop",
    )
    return await parts.authentications.begin(authentication)


async def renew_session(parts: Parts, visitor: Visitor, underway: Underway[Authentication]) -> Begun:
    """Note in the session what was proven, once, and give it a new token: one that was stolen before is worth nothing.

    Its lifetime stays what it is. Raises ``AccessError`` if the session has ended meanwhile.
    """
    authentication = await parts.authentications.finish(underway, finished)
    now = parts.clock()

    def proven_anew(session: Session) -> Session:
        factors = {**session.factors, **authentication.proven}
        level = assurance(factors, device_bound=authentication.device_bound)
        return msgspec.structs.replace(
            session,
            factors=factors,
            aal=max(session.aal, level),
            authenticated=now,
            proved=now,
            seen=now,
            reauth="",
            facts=visitor.facts,
            address=visitor.address,
        )

    found = await parts.sessions.by_digest(authentication.session)
    if found is None or found.session.thumbprint != visitor.thumbprint or now >= found.session.expires:
        raise AccessError("login_required", "The session has ended. Log in.")
    token = await parts.sessions.rotate(authentication.session, proven_anew, authentication.handle)
    if token is None:
        raise AccessError("login_required", "The session has ended. Log in.")
    session = found.session
    details = {"factors": " ".join(authentication.proven)}
    await parts.write(
        lambda tx: audited(
            tx,
            now,
            session.principal,
            "session.reauthenticated",
            target=session.id,
            address=visitor.address,
            **details,
        )
    )
    return Begun(token, session.kind, session.expires - now)
