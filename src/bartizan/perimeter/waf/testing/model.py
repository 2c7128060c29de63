"""A regression test as data: what is sent, and what is expected of the answer and of the log."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

__all__ = ["Arena", "Expectation", "Generation", "Outcome", "Request", "Stage", "Suite", "Test"]


class Generation(Enum):
    """Whose runner a file was written for; the two put different bytes on the wire and read logs differently."""

    V3 = "ftw 1.x"
    V4 = "go-ftw"


@dataclass(frozen=True, slots=True)
class Request:
    """What a stage sends. ``raw``, when there is any, is all of it; text is sent as UTF-8."""

    method: str = "GET"
    uri: str = "/"
    version: str = "HTTP/1.1"
    headers: tuple[tuple[str, str], ...] = ()
    data: bytes = b""
    complete: bool = True  # whether the runner adds what a client would (Content-Type, Content-Length)
    raw: bytes | None = None
    save_cookie: bool = False
    follow_redirect: bool = False


@dataclass(frozen=True, slots=True)
class Expectation:
    """What has to hold; what is empty or None is not looked at. The patterns are compiled by ``re2``."""

    statuses: tuple[int, ...] = ()
    response: Any = None  # a pattern (V3) or bytes that the whole response contains (V4)
    log: Any = None
    no_log: Any = None
    ids: tuple[int, ...] = ()
    no_ids: tuple[int, ...] = ()
    isolated: bool = False
    error: bool = False
    retry_once: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One request and what is expected of it."""

    request: Request
    expected: Expectation


@dataclass(frozen=True, slots=True)
class Test:
    """One test. ``id`` is the rule's id and the test's number (``942100-3``); ``line`` is where it begins."""

    __test__ = False  # not one of pytest's

    id: str
    file: str
    line: int
    description: str
    generation: Generation
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Suite:
    """All tests of some files, in order, and what could not be read of them (one line each, with its place)."""

    tests: tuple[Test, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one exchange came to.

    ``status`` is None when no response could be read; ``error`` then says why. ``response`` is the whole response as it
    came. ``log`` has one line in ModSecurity's form per match that was logged, ``rule_ids`` the ids of those matches.
    """

    status: int | None = None
    response: bytes = b""
    rule_ids: tuple[int, ...] = ()
    log: tuple[str, ...] = ()
    error: str | None = None


class Arena(Protocol):
    """Where requests are sent: a gateway behind a socket, or an engine in this process."""

    async def send(self, stage: bytes) -> Outcome:
        """Send the bytes of one stage on a connection of their own, and return what came of them."""
