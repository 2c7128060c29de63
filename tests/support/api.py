"""An application behind the gateway: a real ASGI app on a real server, with pages, a form, a stream and a WebSocket."""

from __future__ import annotations

import asyncio
import html
import threading
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from tests.support.net import free_port, wait_for_port

_PAGE = """<!DOCTYPE html><html lang="en"><title>{title}</title><h1>{title}</h1>
<form action="/transfers?from=giro" method="post" enctype="multipart/form-data">
<label>Amount <input name="amount" value="2000"></label><label>To <input name="to" value="Zoë &amp; Co"></label>
<label>Receipt <input name="receipt" type="file"></label><button>Send</button></form>"""


class Api:
    """Serves until the end of the ``with`` block; ``transfers`` are what was sent, ``seen`` all request heads."""

    def __init__(self) -> None:
        self.port = free_port()
        self.transfers: list[dict[str, str]] = []
        self.seen: list[dict[str, str]] = []
        app = Starlette(
            routes=[
                Route("/transfers", self._transfer, methods=["POST"]),
                Route("/stream", self._stream),
                WebSocketRoute("/ws", self._socket),
                Route("/{path:path}", self._page, methods=["GET", "POST", "DELETE"]),
            ]
        )
        settings = uvicorn.Config(app, port=self.port, log_config=None, lifespan="off")
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> Api:
        self._thread.start()
        wait_for_port(self.port)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)

    async def _page(self, request: Request) -> Response:
        self.seen.append({":path": request.url.path, **request.headers})
        if "text/html" in request.headers.get("accept", ""):
            return HTMLResponse(_PAGE.format(title=html.escape(f"Page {request.url.path}")))
        return JSONResponse({"path": request.url.path, "headers": dict(request.headers)})

    async def _transfer(self, request: Request) -> Response:
        self.seen.append({":path": request.url.path, **request.headers})
        if request.headers["content-type"].startswith("application/json"):
            fields = {name: str(value) for name, value in (await request.json()).items()}
        else:
            async with request.form() as form:
                fields = {
                    name: value if isinstance(value, str) else (await value.read()).decode()
                    for name, value in form.items()
                }
        self.transfers.append({**fields, **request.query_params})
        return HTMLResponse(
            f"<!DOCTYPE html><html lang='en'><title>Sent</title><h1>Sent {html.escape(fields['amount'])}"
        )

    @staticmethod
    async def _stream(request: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield b"data: tick\n\n"
                await asyncio.sleep(0.05)

        return StreamingResponse(pieces(), media_type="text/event-stream")

    @staticmethod
    async def _socket(socket: WebSocket) -> None:
        await socket.accept()
        async for text in socket.iter_text():
            await socket.send_text(f"heard {text}")
