"""The API behind the gateway: the shop of the demo, and a login that takes as long as a password hash does.

``granian --interface asgi benchmarks.deception.shop:app`` serves it.
"""

from __future__ import annotations

import hashlib
import hmac
import json

from scripts.attack.api import app as shop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

__all__ = ["app"]

_ROUNDS = 12_000  # of PBKDF2: some milliseconds


async def login(request: Request) -> Response:
    """Nobody has an account: each try is refused as a wrong password is."""
    tried = json.loads(await request.body())
    made = hashlib.pbkdf2_hmac("sha256", str(tried["password"]).encode(), str(tried["username"]).encode(), _ROUNDS)
    if hmac.compare_digest(made, bytes(32)):
        return JSONResponse({"username": tried["username"]})
    return JSONResponse({"detail": "Unknown name or wrong password"}, 401)


app = Starlette(routes=[Route("/api/login", login, methods=["POST"]), Mount("/", shop)])
