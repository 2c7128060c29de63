"""Somebody whose credentials an application refuses again and again: guessing (ATT&CK T1110)."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.detection.risk import RiskSignal
from bartizan.evidence.journal import HttpActivity, Record
from bartizan.sentry.detectors.interface import Shelf
from bartizan.sentry.detectors.windows import Count, Window

__all__ = ["AuthFailures"]

_REFUSALS = Count("auth.failures", steps=((10, 30), (30, 45), (90, 60)), confidence=0.7)
_REFUSED = frozenset((401, 403))
_WORDS = ("login", "signin", "sign-in", "token", "auth", "session", "password")


class AuthFailures:
    """Counts what upstreams refuse where credentials are sent. The gateway's own pages have signals of their own."""

    name = "auth_failures"
    remembers = Window

    def on_record(self, record: Record, shelf: Shelf[Window]) -> Iterable[RiskSignal]:
        """See ``Detector``."""
        if not isinstance(record, HttpActivity) or not _is_refused_login(record):
            return ()
        return _REFUSALS.add(record, None, shelf)


def _is_refused_login(record: HttpActivity) -> bool:
    response, unmapped = record.http_response, record.unmapped
    if response is None or response.code not in _REFUSED or record.http_request.http_method not in ("POST", "PUT"):
        return False
    if unmapped is None or unmapped.upstream is None or unmapped.verdict is not None:
        return False
    path = record.http_request.url.path.lower()
    return not path.startswith("/.bartizan/") and any(word in path for word in _WORDS)
