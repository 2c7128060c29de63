"""The backend behind the gateway that tests are run through: it answers as their requests ask it to."""

from __future__ import annotations

import asyncio

from bartizan.http.lenient import LenientRequest, read_request
from bartizan.perimeter.waf.testing import Generation
from bartizan.perimeter.waf.testing.reflect import answer

__all__ = ["Backend"]

_MOST = 64 * 2**20  # bytes of one request


class Backend:
    """Serves on a free port of the loopback interface: ``async with Backend() as port``. One request a connection."""

    def __init__(self, generation: Generation = Generation.V4) -> None:
        self._generation = generation
        self._server: asyncio.Server

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _request(reader)
            if request is not None:
                writer.write(answer(request, self._generation).wire())
                await writer.drain()
        except ConnectionError:
            pass  # the gateway has gone: nobody waits for an answer
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> LenientRequest | None:
    """Return one request as the gateway sends it, when all of it is there; None when it does not come."""
    content = b""
    while len(content) < _MOST:
        head, end, body = content.partition(b"\r\n\r\n")
        if end and _is_whole(head.lower(), body):
            return read_request(content)
        data = await reader.read(65536)
        if not data:
            return None
        content += data
    return None


def _is_whole(head: bytes, body: bytes) -> bool:
    if b"\r\ntransfer-encoding:" in head:
        return body.endswith(b"\r\n0\r\n\r\n") or body == b"0\r\n\r\n"
    length = head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0].strip()
    return len(body) >= int(length or b"0")
