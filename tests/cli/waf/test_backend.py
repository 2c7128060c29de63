import asyncio

import pytest

from bartizan.cli.waf.backend import Backend


async def ask(*parts: bytes) -> bytes:
    async with Backend() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)
        if not parts:
            writer.write_eof()
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    "parts",
    [
        (b"PUT /anything HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",),
        (b"PUT /anything HTTP/1.1\r\nContent-Len", b"gth: 5\r\n\r\nhe", b"llo"),
        (b"PUT /anything HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", b"lo\r\n0\r\n\r\n"),
    ],
)
async def test_a_request_is_answered_when_all_of_it_is_there(parts: tuple[bytes, ...]) -> None:
    assert (await ask(*parts)).endswith(b"\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")


async def test_a_connection_without_a_request_is_closed() -> None:
    assert await ask() == b""
