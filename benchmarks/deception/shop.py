"""The API behind the gateway: the shop of the demo, and a login that takes as long as a password hash does.

With ``SHOP_WORK`` in the environment each request takes some milliseconds, as with a database on another machine.

``granian --interface asgi benchmarks.deception.shop:app`` serves it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import os
import random
import time

from scripts.attack.api import app as shop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

__all__ = ["app"]

_WORK = bool(os.environ.get("SHOP_WORK"))
_MEDIAN, _SPREAD = 0.006, 0.35  # seconds, and the deviation of its logarithm
_ROUNDS = 12_000  # of PBKDF2: some milliseconds


async def login(request: Request) -> Response:
    """Nobody has an account: each try is refused as a wrong password is."""
    tried = json.loads(await request.body())
    made = hashlib.pbkdf2_hmac("sha256", str(tried["password"]).encode(), str(tried["username"]).encode(), _ROUNDS)
    if hmac.compare_digest(made, bytes(32)):
        return JSONResponse({"username": tried["username"]})
    return JSONResponse({"detail": "Unknown name or wrong password"}, 401)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve; there is one client, so that nobody else waits meanwhile."""
    if scope["type"] == "http" and _WORK:
        time.sleep(random.lognormvariate(math.log(_MEDIAN), _SPREAD))  # noqa: ASYNC251 - loops wait in whole ms
    await _app(scope, receive, send)


_app = Starlette(routes=[Route("/api/login", login, methods=["POST"]), Mount("/", shop)])
