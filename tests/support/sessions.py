"""Sessions for the tests of access, and a clock that they can move."""

from __future__ import annotations

from typing import Any

from bartizan.access.sessions.facts import client_facts
from bartizan.access.sessions.model import Session

NOW = 1_800_000_000.0


class Clock:
    """Unix time in seconds that stands still until it is moved."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        """Move it."""
        self.now += seconds


def make_session(**changes: Any) -> Session:
    """Return a session of alice's that began at ``NOW`` from 192.0.2.7, without TLS and without a User-Agent."""
    fields: dict[str, Any] = {
        "id": "session-1",
        "kind": "cookie",
        "principal": "principal-1",
        "name": "alice",
        "display_name": "Alice",
        "groups": ("finance",),
        "device": "device-1",
        "thumbprint": "thumbprint-1",
        "platform": "Linux",
        "browser": "Chromium",
        "browser_version": "156",
        "device_enrolled": NOW - 86_400,
        "aal": 2,
        "factors": {"password": NOW, "webauthn": NOW},
        "created": NOW,
        "authenticated": NOW,
        "seen": NOW,
        "proved": NOW,
        "expires": NOW + 7200,
        "idle": 900.0,
        "proof_interval": 300.0,
        "facts": client_facts("192.0.2.7", None, ""),
        "address": "192.0.2.7",
    }
    return Session(**(fields | changes))
