"""Responses of a shop, as a learner gets them."""

from __future__ import annotations

import json
import random
import uuid
from typing import Any

from bartizan.detection.profile.learner import Learner
from bartizan.http.headers import Headers
from bartizan.http.message import Request, Response

NOW = 1_790_000_000.0
Json = Any


def order(number: int, draw: random.Random) -> dict[str, Json]:
    """Return an order, with somebody's data in it."""
    return {
        "id": number,
        "number": f"ORD-{number:05}",
        "status": draw.choice(["paid", "shipped", "open"]),
        "customer": {"name": "Erika Miller", "email": "erika.miller@firma.test", "city": "Winzerla"},
        "total": round(draw.uniform(5, 900), 2),
        "created_at": f"2026-08-{number % 28 + 1:02}T10:00:00.123Z",
        "note": None if number % 2 else "Call me at noon",
    }


def respond(status: int, document: Json, draw: random.Random) -> tuple[Response, bytes]:
    """Return a response and its body."""
    body = json.dumps(document).encode()
    fields = [
        ("Server", "gunicorn"),
        ("Date", "Thu, 26 Nov 2026 02:00:00 GMT"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("ETag", f'W/"{len(body):x}-{draw.getrandbits(64):016x}"'),
        ("X-Request-Id", str(uuid.UUID(int=draw.getrandbits(128), version=4))),
        ("X-App", "shop-api"),
        ("Set-Cookie", f"sid={draw.getrandbits(128):032x}; Path=/; HttpOnly; Secure; SameSite=Lax"),
        ("X-User-Name", "erika"),
    ]
    return Response(status, Headers.of(fields), length=len(body)), body


def see(learner: Learner, method: str, path: str, status: int, document: Json, draw: random.Random) -> None:
    """Have a learner look at one exchange."""
    response, body = respond(status, document, draw)
    request = Request(method, path.encode(), Headers(), path=path, authority="shop.test")
    if learner.head(request, response, f"192.0.2.{draw.randrange(9)}", draw.uniform(0.002, 0.02), NOW):
        learner.body(request, response, body, NOW)


def shop(first: int = 1000, count: int = 30, seed: int = 1) -> Learner:
    """Return a learner that has seen lists, pages and errors of the shop."""
    draw = random.Random(seed)
    learner = Learner(draw.random)
    for number in range(first, first + count):
        see(learner, "GET", f"/orders/{number}", 200, order(number, draw), draw)
        see(learner, "GET", "/orders", 200, [order(each, draw) for each in range(number, number + 6)], draw)
        error = {"error": "not_found", "path": f"/nope/{number}", "ref": f"{draw.getrandbits(128):032x}"}
        see(learner, "GET", f"/nope/{number}", 404, error, draw)
    return learner
