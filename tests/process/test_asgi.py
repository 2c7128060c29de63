import asyncio
import socket
import stat
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from bartizan.errors import ControlError
from bartizan.process.asgi import AsgiServer, listen


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/slow":
        await asyncio.sleep(0.1)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2"), (b"b", b"1")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def ask(path: Path, target: str = "/") -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(f"GET {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer


async def test_an_application_is_served_with_its_own_fields_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "own" / "s"
    server = AsgiServer(app, dates=False)
    await server.start(listen(path, "it"))
    answer = await ask(path)
    await server.drain(1.0)
    assert answer.lower() == b"http/1.1 200 ok\r\ncontent-length: 2\r\nb: 1\r\nconnection: close\r\n\r\nok"


async def test_requests_under_way_are_answered_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "s"
    server = AsgiServer(app)
    await server.start(listen(path, "it"))
    asked = asyncio.create_task(ask(path, "/slow"))
    await asyncio.sleep(0.03)
    await server.drain(5.0)
    assert b"date: " in (await asked).lower()
    assert (await asked).endswith(b"ok")


def test_a_socket_is_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "own" / "s"
    listen(path, "it").close()
    listen(path, "it").close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_path_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="shorter path"):
        listen(tmp_path / ("x" * 120), "it")


async def test_a_socket_that_is_none_is_told() -> None:
    left, right = socket.socketpair()
    right.close()
    left.close()
    with pytest.raises((OSError, ValueError)):
        await AsgiServer(app).start(left)
