"""Device Bound Session Credentials with a real Chromium, whose keys are in software for the test.

Chromium takes part only for a name that it finds registrable, and with a certificate that it finds right: so it is told
that ``app.example.com`` is here, and what key it has.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from tests.support.browser import chromium
from tests.support.certificates import Authority
from tests.support.net import wait_for_port, wait_until
from tests.support.sessions import Clock

from bartizan.access.devices.dbsc import (
    CHALLENGE,
    PROOF_COOKIE,
    REFRESH_PATH,
    REGISTER_PATH,
    REGISTRATION,
    RESPONSE,
    Dbsc,
    instructions,
    proof_cookie,
)
from bartizan.errors import ProofError
from bartizan.storage.state.lmdb_engine import LmdbState

HOST = "app.example.com"
SESSION = b"s" * 32
FEATURES = "DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting"


class Server:
    """Serves pages for one session that stands for everybody's; ``seen`` is what happened, in order."""

    def __init__(self, directory: Path, sock: socket.socket) -> None:
        self.origin = f"https://{HOST}:{sock.getsockname()[1]}"
        self.seen: list[str] = []
        self._dbsc = Dbsc(LmdbState(directory / "state", 2**22, Clock()), self.origin)
        routes = [
            Route("/login", self._login),
            Route(REGISTER_PATH, self._register, methods=["POST"]),
            Route(REFRESH_PATH, self._refresh, methods=["POST"]),
            Route("/{page}", self._page),
        ]
        issued = Authority(directory).issue(HOST)
        self.certificate = issued.certificate
        config = uvicorn.Config(
            Starlette(routes=routes),
            log_level="error",
            ssl_certfile=str(issued.certificate),
            ssl_keyfile=str(issued.key),
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [sock]})

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(20)

    async def _login(self, request: Request) -> Response:
        return PlainTextResponse("in", headers={REGISTRATION: await self._dbsc.offer(SESSION) or ""})

    async def _register(self, request: Request) -> Response:
        try:
            await self._dbsc.register(SESSION, request.headers.get(RESPONSE), 7200.0)
        except ProofError as error:
            self.seen.append(str(error))
            return Response(status_code=400)
        self.seen.append("registered")
        return JSONResponse(instructions("s1"), headers={"Set-Cookie": proof_cookie(300.0)})

    async def _refresh(self, request: Request) -> Response:
        assert request.headers["Sec-Secure-Session-Id"].strip('"') == "s1"
        assert request.headers["Sec-Fetch-Site"] == "same-origin"
        challenge = {CHALLENGE: await self._dbsc.challenge(SESSION, "s1", 600.0)}
        if not await self._dbsc.refresh(SESSION, "s1", request.headers.get(RESPONSE)):
            self.seen.append("challenged")
            return Response(status_code=403, headers=challenge)
        self.seen.append("proved")
        return Response(headers=challenge | {"Set-Cookie": proof_cookie(300.0)})

    async def _page(self, request: Request) -> Response:
        self.seen.append(f"{request.url.path} {'with' if PROOF_COOKIE in request.cookies else 'without'}")
        return PlainTextResponse("page")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as sock, Server(tmp_path, sock) as server:
        wait_for_port(sock.getsockname()[1])
        yield server


def test_chromium_registers_a_key_and_proves_it_before_it_asks_for_a_page(server: Server) -> None:
    extra = (f"--host-resolver-rules=MAP {HOST} 127.0.0.1", f"--enable-features={FEATURES}")
    with chromium(server.certificate, extra) as browser:
        context = browser.new_context(base_url=server.origin)
        page = context.new_page()
        page.goto("/login")
        wait_until(lambda: bool(context.cookies()))  # it registers in the background
        page.goto("/first")
        context.clear_cookies(name=PROOF_COOKIE)
        page.goto("/second")
        context.clear_cookies(name=PROOF_COOKIE)
        page.goto("/third")
        context.close()
    seen = [event for event in server.seen if "favicon" not in event]
    assert seen == [
        "registered",
        "/first with",
        "challenged",  # the browser had no challenge yet
        "proved",
        "/second with",
        "proved",  # it had the one that came with the last proof
        "/third with",
    ]
