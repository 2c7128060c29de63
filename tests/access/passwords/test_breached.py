"""The range service, over real connections to a real server that answers as each test says."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.certificates import Authority

from bartizan.access.passwords.breached import MAX_ANSWER, BreachedPasswords
from bartizan.config.model import BreachedPasswords as Settings
from bartizan.errors import PasswordRefused, RangeServiceError

PASSWORD = "P@ssw0rd, seen before"
DIGEST = hashlib.sha1(PASSWORD.encode()).hexdigest().upper()
PADDING = "\r\n".join(f"{number:035X}:0" for number in range(800))
FOUND = f"{PADDING}\r\n{DIGEST[5:]}:3861493\r\n{'F' * 35}:2"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answer(body: str | bytes, head: str = "HTTP/1.1 200 OK", *, length: int | None = None) -> bytes:
    raw = body.encode() if isinstance(body, str) else body
    return f"{head}\r\nContent-Length: {len(raw) if length is None else length}\r\n\r\n".encode() + raw


class Service:
    """Answers every question with ``answer`` and keeps the questions."""

    def __init__(self, reply: bytes, handler: Handler | None = None) -> None:
        self.reply = reply
        self.questions: list[bytes] = []
        self._handler = handler

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.questions.append(await reader.readuntil(b"\r\n\r\n"))
            if self._handler is not None:
                await self._handler(reader, writer)
            else:
                writer.write(self.reply)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def running(service: Service, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}/range/"
    finally:
        server.close()


def client(url: str, tls: ssl.SSLContext | None = None, **changes: Any) -> BreachedPasswords:
    return BreachedPasswords(Settings.model_validate({"url": url, "timeout": "20s"} | changes), tls)


async def test_a_password_that_is_known_is_refused_with_how_often_it_was_seen() -> None:
    async with running(Service(answer(FOUND))) as url:
        assert await client(url).seen(PASSWORD) == 3861493
        with pytest.raises(PasswordRefused) as refused:
            await client(url).check(PASSWORD)
    assert refused.value.reasons == ("It is known from breaches, where it was seen 3861493 times.",)


@pytest.mark.parametrize("body", ["", PADDING, f"{DIGEST[5:]}:0\r\n", f"{DIGEST[5:-1]}:7", f"{DIGEST}:7"])
async def test_a_password_that_is_not_known_may_be_had(body: str) -> None:
    async with running(Service(answer(body))) as url:
        assert await client(url).seen(PASSWORD) == 0
        assert await client(url).check(PASSWORD)


async def test_the_service_gets_five_digits_and_nothing_else_of_the_password() -> None:
    service = Service(answer(FOUND))
    async with running(service) as url:
        await client(url).seen(PASSWORD)
    head = service.questions[0].decode()
    assert head.startswith(f"GET /range/{DIGEST[:5]} HTTP/1.1\r\n")
    assert "\r\nAdd-Padding: true\r\n" in head
    assert "\r\nHost: 127.0.0.1:" in head
    assert DIGEST[5:] not in head.upper()
    assert "ssw0rd" not in head


async def test_a_query_in_the_url_keeps_the_digits_at_its_end() -> None:
    service = Service(answer(FOUND))
    async with running(service) as url:
        assert await client(f"{url}?key=1&prefix=").seen(PASSWORD) > 0
    assert service.questions[0].startswith(f"GET /range/?key=1&prefix={DIGEST[:5]} HTTP/1.1\r\n".encode())


async def test_forms_of_a_password_that_are_the_same_here_are_asked_for_alike() -> None:
    service = Service(answer(FOUND))
    async with running(service) as url:
        await client(url).seen("thé")
        await client(url).seen("the\u0301")
    first, second = (question.split(b" HTTP")[0] for question in service.questions)
    assert first == second


async def test_encrypted_connections_are_to_whom_the_certificate_names(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    service = Service(answer(FOUND))
    async with running(service, authority.server_context("127.0.0.1")) as url:
        assert await client(url, authority.client_context()).seen(PASSWORD) > 0
        with pytest.raises(RangeServiceError, match="CERTIFICATE_VERIFY_FAILED"):
            await client(url).seen(PASSWORD)
    async with running(service, authority.server_context("elsewhere.example")) as url:
        with pytest.raises(RangeServiceError, match="CERTIFICATE_VERIFY_FAILED"):
            await client(url, authority.client_context()).seen(PASSWORD)
    assert len(service.questions) == 1


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "307 Temporary", "404 No", "429 Many", "500 Error", "204 No"]
)
async def test_other_answers_than_200_are_failures_and_redirects_lead_nowhere(status: str) -> None:
    elsewhere = Service(answer(FOUND))
    async with running(elsewhere) as target:
        service = Service(answer("", f"HTTP/1.1 {status}\r\nLocation: {target}"))
        async with running(service) as url:
            with pytest.raises(RangeServiceError, match=status[:3]):
                await client(url).seen(PASSWORD)
    assert elsewhere.questions == []


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"not HTTP at all\r\n\r\n",
        answer(FOUND, length=len(FOUND) + 1),
        answer(f"{DIGEST[5:]}:many"),
        answer(f"{DIGEST[5:]}:-1"),
        answer(f"{DIGEST[5:]}"),
        answer(f"{DIGEST[5:]}:{'9' * 5000}"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n0:0",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_answers_that_are_no_answer_are_failures(reply: bytes) -> None:
    async with running(Service(reply)) as url:
        with pytest.raises(RangeServiceError):
            await client(url).seen(PASSWORD)


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.0 200 OK\r\n\r\n" + FOUND.encode(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(FOUND), FOUND.encode()),
        answer(FOUND.replace("\r\n", "\n").lower()),
    ],
    ids=["until the end of the connection", "in chunks", "in small letters"],
)
async def test_answers_in_any_form_that_http_has_are_read(reply: bytes) -> None:
    async with running(Service(reply)) as url:
        assert await client(url).seen(PASSWORD) == 3861493


async def test_an_answer_without_an_end_is_not_read_for_ever() -> None:
    sent = 0

    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"0" * 4096)
            sent += 4096
            await writer.drain()

    async with running(Service(b"", endless)) as url:
        with pytest.raises(RangeServiceError, match="more than"):
            await client(url).seen(PASSWORD)
    assert sent < MAX_ANSWER * 40  # what buffers of the system took


async def test_a_service_that_dawdles_is_not_waited_for() -> None:
    async def dawdle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not reader.at_eof():
            writer.write(b"0")
            await writer.drain()
            await asyncio.sleep(0.005)

    async with running(Service(b"", dawdle)) as url:
        with pytest.raises(RangeServiceError, match="in time"):
            await client(url, timeout="200ms").seen(PASSWORD)


async def test_a_service_that_fails_refuses_nobody_unless_that_is_asked_for() -> None:
    async with running(Service(answer("", "HTTP/1.1 503 Busy"))) as url:
        assert not await client(url).check(PASSWORD)
        with pytest.raises(PasswordRefused) as refused:
            await client(url, on_error="deny").check(PASSWORD)
    assert "cannot be checked now" in refused.value.reasons[0]
    assert not await client(url).check(PASSWORD)  # nobody listens there any more
    with pytest.raises(PasswordRefused):
        await client(url, on_error="deny").check(PASSWORD)


@settings(max_examples=40)
@given(st.binary(max_size=300), st.booleans())
def test_whatever_comes_is_an_answer_or_a_failure(junk: bytes, in_body: bool) -> None:
    async def ask() -> None:
        async with running(Service(answer(junk) if in_body else junk)) as url:
            with suppress(RangeServiceError):
                assert await client(url).seen(PASSWORD) >= 0

    asyncio.run(ask())
