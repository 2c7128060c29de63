"""Carrying out a test: its stages in order, with the cookies and redirects of those before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from bartizan.perimeter.waf.testing.model import Arena, Outcome, Request, Stage, Test
from bartizan.perimeter.waf.testing.response import read_response
from bartizan.perimeter.waf.testing.verdict import judge
from bartizan.perimeter.waf.testing.wire import request_bytes

__all__ = ["Result", "run_test"]

_REDIRECTS = frozenset({300, 301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a test: what it failed by (pairs of a reason and a sentence), and what came of each stage."""

    test: Test
    failures: tuple[tuple[str, str], ...]
    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.failures


async def run_test(arena: Arena, test: Test) -> Result:
    """Send all stages of a test and judge what comes of them."""
    failures: list[tuple[str, str]] = []
    outcomes: list[Outcome] = []
    cookies: dict[str, str] = {}
    for number, stage in enumerate(test.stages, 1):
        request = stage.request
        if request.follow_redirect:
            followed = _follow(request, outcomes)
            if followed is None:
                failures.append(("response", f"stage {number} follows a redirect, and there was none before it"))
                break
            request = followed
        sent = request_bytes(request, test.generation, "; ".join(f"{name}={value}" for name, value in cookies.items()))
        outcome, unmet = await _send(arena, stage, sent)
        outcomes.append(outcome)
        if request.save_cookie:
            cookies |= _cookies(outcome)
        prefix = f"stage {number}: " if len(test.stages) > 1 else ""
        failures += [(reason, prefix + sentence) for reason, sentence in unmet]
    return Result(test, tuple(failures), tuple(outcomes))


async def _send(arena: Arena, stage: Stage, sent: bytes) -> tuple[Outcome, list[tuple[str, str]]]:
    outcome = await arena.send(sent)
    unmet = judge(stage.expected, outcome)
    if unmet and stage.expected.retry_once:
        outcome = await arena.send(sent)
        unmet = judge(stage.expected, outcome)
    return outcome, unmet


def _follow(request: Request, before: list[Outcome]) -> Request | None:
    """Return the request to where the response before points, or None when it points nowhere."""
    if not before or before[-1].status not in _REDIRECTS:
        return None
    _, headers = read_response(before[-1].response)
    location = next((value for name, value in headers if name.lower() == b"location"), b"").decode("latin-1")
    if not location:
        return None
    target = urlsplit(urljoin(f"http://localhost{request.uri}", location))
    others = [(name, value) for name, value in request.headers if name.lower() != "host"]
    uri = (target.path or "/") + (f"?{target.query}" if target.query else "")
    return replace(request, uri=uri, headers=(*others, ("Host", target.netloc)))


def _cookies(outcome: Outcome) -> dict[str, str]:
    _, headers = read_response(outcome.response)
    pairs = (value.partition(b";")[0].decode("latin-1") for name, value in headers if name.lower() == b"set-cookie")
    return {name.strip(): value.strip() for name, found, value in (pair.partition("=") for pair in pairs) if found}
