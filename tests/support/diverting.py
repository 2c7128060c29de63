"""A guard that sends everybody to the decoy, and one behind it that refuses some."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bartizan.decoy.contract import UPSTREAM
from bartizan.edge import guards
from bartizan.pipeline import Deny, Divert, Exchange, Step, Verdict

ACTOR = "session:s1"


class Diverting:
    """Diverts, unless a request has the header field ``x-honest``; refuses what has ``x-bad``."""

    name = "diverting"

    async def on_request(self, exchange: Exchange) -> Verdict | None:
        if b"x-honest" in exchange.request.headers:
            return None
        return Divert(UPSTREAM, because="risk 90 of session:s1", actor=ACTOR, risk=90.0)


class Refusing:
    """Stands behind it, as the WAF does."""

    name = "refusing"

    async def on_request(self, exchange: Exchange) -> Verdict | None:
        exchange.upstream_fields.append((b"bartizan-assertion", b"signed"))
        return Deny(403, because="bad") if b"x-bad" in exchange.request.headers else None


@contextmanager
def diverting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have gateways that are built meanwhile divert."""
    table = tuple(guards.GuardKind(guard.name, _always(guard)) for guard in (Diverting(), Refusing()))
    with monkeypatch.context() as patched:
        patched.setattr(guards, "GUARDS", table)
        yield


def _always(guard: Diverting | Refusing) -> object:
    return lambda *_: Step(guard)
