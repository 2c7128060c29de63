"""The pages over real HTTPS with canned answers instead of the API: for how they look, read and are used."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from tests.support.certificates import Authority

from bartizan.control.assets import Assets
from bartizan.control.pages import Site, routes
from bartizan.control.problems import Problems
from bartizan.control.security import Security

Body = dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """A problem as an answer."""

    status: int
    code: str
    detail: str
    reasons: tuple[str, ...] = ()
    retry_after: int = 0
    members: Body = field(default_factory=dict)
    """More members of the problem."""


Reply = Body | Refusal


@dataclass
class Call:
    """What a page asked: the API's name, the body, the claims of the proof."""

    name: str
    body: Body
    claims: Body
    jwk: Body


@dataclass
class Canned:
    """What the API answers, by name: one reply for good, or several, of which the last stays."""

    origin: str
    certificate: Path
    replies: dict[str, Reply | list[Reply] | Callable[[Body], Reply]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    posted: list[tuple[str, str, bytes]] = field(default_factory=list)
    """Forms that arrived at /app: path, content type, body."""
    nonces: set[str] = field(default_factory=set)

    def reset(self) -> None:
        """Forget replies and calls."""
        self.replies.clear()
        self.calls.clear()
        self.posted.clear()

    def nonce(self) -> str:
        """Issue a nonce, good once."""
        fresh = secrets.token_urlsafe(16)
        self.nonces.add(fresh)
        return fresh

    def called(self, name: str) -> list[Body]:
        """Return the bodies that were sent to one name, those that were let through."""
        return [call.body for call in self.calls if call.name == name]

    async def api(self, request: Request) -> Response:
        """Answer a call."""
        name = request.path_params["name"]
        body = json.loads(await request.body())
        header, claims = (_part(part) for part in request.headers["dpop"].split(".")[:2])
        fresh = {"DPoP-Nonce": self.nonce()}
        if claims.get("nonce") not in self.nonces:
            return _problem(Refusal(401, "use_dpop_nonce", "A nonce is needed."), fresh)
        self.nonces.discard(claims["nonce"])
        self.calls.append(Call(name, body, claims, header["jwk"]))
        reply = self.replies.get(name, Refusal(404, "not_found", "There is no such thing."))
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        elif callable(reply):
            reply = reply(body)
        if isinstance(reply, Refusal):
            return _problem(reply, fresh)
        return JSONResponse(reply, headers=fresh)

    async def app(self, request: Request) -> Response:
        """Stand for an application behind the gateway."""
        if request.method == "POST":
            self.posted.append((request.url.path, request.headers["content-type"], await request.body()))
        script = '<script type="module" src="/.bartizan/session.js"></script>' if "session" in request.url.path else ""
        return HTMLResponse(
            f"<!doctype html><link rel=icon href='data:,'><title>App</title><h1>Application</h1>{script}"
        )


def _part(text: str) -> Body:
    value: Body = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return value


def _problem(refusal: Refusal, headers: dict[str, str]) -> Response:
    document: Body = {"title": "Refused", "status": refusal.status, "code": refusal.code, "detail": refusal.detail}
    document |= refusal.members | {"instance": "urn:bartizan:exchange:0001-abc"}
    if refusal.reasons:
        document["reasons"] = refusal.reasons
    if refusal.retry_after:
        headers["Retry-After"] = str(refusal.retry_after)
    return JSONResponse(document, refusal.status, headers, "application/problem+json")


@contextmanager
def serving(directory: Path) -> Iterator[Canned]:
    """Serve on a free port of localhost until the end of the block."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    origin = f"https://localhost:{listener.getsockname()[1]}"
    issued = Authority(directory).issue("localhost")
    canned = Canned(origin, issued.certificate)
    assets = Assets.load()

    async def static(request: Request) -> Response:
        name = request.path_params.get("name", "sw.js")
        asset = assets.named(name)
        return Response(status_code=404) if asset is None else Response(asset.data, media_type=asset.content_type)

    site = Site("Example Works", canned.nonce, assets)

    def error(request: Request) -> Response:
        return site.error(int(request.query_params["status"]), reference="0001-abc")

    app = Starlette(
        routes=[
            *routes(site),
            Route("/.bartizan/static/{digest}/{name}", static),
            Route("/.bartizan/sw.js", static),
            Route("/.bartizan/error", error),
            Route("/.bartizan/api/{name:path}", canned.api, methods=["POST"]),
            Route("/app/{rest:path}", canned.app, methods=["GET", "POST"]),
            Route("/", canned.app, methods=["GET", "POST"]),
        ]
    )  # fmt: skip
    config = uvicorn.Config(
        Security(app, Problems(site.error), origin),
        ssl_certfile=str(issued.certificate),
        ssl_keyfile=str(issued.key),
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    try:
        yield canned
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
