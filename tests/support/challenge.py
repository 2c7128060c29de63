"""A client that is challenged: it does the work as any client would, and comes again."""

from __future__ import annotations

import hashlib
import json
from itertools import count
from typing import Any

from bartizan.detection.challenge import Challenger
from bartizan.pipeline import Challenge, Exchange
from tests.support.exchange import make_exchange


def solve(salt: str, bits: int) -> str:
    """Return the first counter that solves a puzzle, found without the code that checks it."""
    begun = hashlib.sha256(salt.encode())
    for number in count():
        attempt = begun.copy()
        attempt.update(b"%d" % number)
        if int.from_bytes(attempt.digest(), "big") < 1 << (256 - bits):
            return str(number)
    raise AssertionError


def task_of(asked: Challenge) -> dict[str, Any]:
    """Return what an API client is told of its work."""
    task: dict[str, Any] = json.loads(asked.response.body.take())["challenge"]
    return task


def answer_to(asked: Challenge) -> str:
    """Do the work that an API client is asked for; returns the answer."""
    task = task_of(asked)
    return f"{task['token']}.{solve(task['salt'], task['difficulty'])}"


def with_pass(challenger: Challenger, cookie: str, **more: Any) -> Exchange:
    """Return an exchange that presents a pass, given as ``name=value``, between other cookies; it was taken."""
    exchange = make_exchange(headers={"cookie": f"a=b; {cookie}; c=d"}, **more)
    challenger.take(exchange)
    return exchange
