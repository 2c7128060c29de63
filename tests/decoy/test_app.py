"""The application on a real Unix socket, asked as the edge asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import structlog

from bartizan.config.model.deception import Tarpit as TarpitSettings
from bartizan.decoy.app import DecoyApp
from bartizan.decoy.asked import Answer, Asked
from bartizan.decoy.contract import DecoyContext, encode_context
from bartizan.decoy.entry import Entry
from bartizan.decoy.recorder import Recorder
from bartizan.decoy.stats import Stats
from bartizan.decoy.tarpit import Tarpit
from bartizan.decoy.transcript import Transcripts, read_transcript
from bartizan.process.alarm import Alarm
from bartizan.process.asgi import AsgiServer, listen

CONTEXT = DecoyContext(
    exchange="01a2", actor="session:s1", risk=90.0, route="shop", upstream="api", path="/orders", scheme="https",
    received=1_700_000_000.0, sent=0.0, address="192.0.2.7", length=0,
)  # fmt: skip


class Echoing:
    """Answers with what was asked."""

    def __init__(self, wait: float) -> None:
        self.asked: list[Asked] = []
        self._wait = wait

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        body = b"%d bytes" % asked.size
        return Answer(201, [(b"x-b", b"1"), (b"content-length", b"%d" % len(body)), (b"x-a", b"2")], body, self._wait)


class Site:
    """The application, where it listens, and what it wrote."""

    def __init__(self, directory: Path, wait: float, tarpit: TarpitSettings) -> None:
        self.path = directory / "s"
        self.transcripts = directory / "transcripts"
        self.answers = Echoing(wait)
        self.stats = Stats()
        self.tarpit = Tarpit(tarpit)
        written = Transcripts(self.transcripts, actors=9, actor_bytes=1 << 20, total_bytes=1 << 24)
        self.recorder = Recorder(written, structlog.get_logger())
        self.alarm = Alarm(asyncio.get_running_loop())
        self.app = DecoyApp(
            self.answers, self.recorder, self.tarpit, self.stats, self.alarm, structlog.get_logger(), body_bytes=1000
        )

    async def ask(self, head: str, body: bytes = b"", **context: object) -> bytes:
        told = encode_context(msgspec.structs.replace(CONTEXT, sent=time.monotonic(), **context))
        return await self.raw(f"{head}bartizan-decoy: {told.decode()}\r\n", body)

    async def raw(self, head: str, body: bytes = b"") -> bytes:
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        sent = f"{head}host: shop.test\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write(sent.encode("latin-1") + body)
        answer = await reader.read()
        writer.close()
        return answer

    def entries(self, actor: str = "session:s1") -> list[Entry]:
        self.recorder.close()
        return list(read_transcript(self.transcripts, actor))


@asynccontextmanager
async def serving(directory: Path, wait: float = 0.0, **tarpit: object) -> AsyncIterator[Site]:
    site = Site(directory, wait, TarpitSettings.model_validate(tarpit))
    server = AsgiServer(site.app, dates=False)
    await server.start(listen(site.path, "the decoy"))
    yield site
    await server.drain(1.0)
    site.alarm.close()


async def test_the_answer_is_sent_as_it_is(tmp_path: Path) -> None:
    async with serving(tmp_path) as site:
        answer = await site.ask("GET /orders?x=1 HTTP/1.1\r\nUser-Agent: curl\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[1:] == [b"x-b: 1", b"content-length: 7", b"x-a: 2", b"connection: close"]
    assert head.startswith(b"HTTP/1.1 201 ")
    assert body == b"0 bytes"
    (asked,) = site.answers.asked
    assert (asked.method, asked.path, asked.query, asked.context.upstream) == ("GET", "/orders", "x=1", "api")
    assert asked.field(b"user-agent") == "curl"
    assert asked.field(b"bartizan-decoy") == ""


async def test_the_answer_comes_at_its_time_and_not_before(tmp_path: Path) -> None:
    async with serving(tmp_path, wait=0.1) as site:
        began = time.monotonic()
        await site.ask("GET / HTTP/1.1\r\n")
        assert time.monotonic() - began >= 0.099
    (entry,) = site.entries()
    assert entry.wait == pytest.approx(0.1, abs=0.01)


async def test_what_was_asked_and_answered_is_in_the_transcript(tmp_path: Path) -> None:
    async with serving(tmp_path) as site:
        await site.ask(
            "POST /orders%2F1?q=%27%20or%201=1 HTTP/1.1\r\nContent-Type: application/json\r\nX-Odd: a\r\n",
            b'{"password": "real", "n": 1}',
        )
    (entry,) = site.entries()
    assert entry.url == "https://shop.test/orders%2F1?q=%27%20or%201=1"
    assert entry.fields == [("content-type", "application/json"), ("x-odd", "a"), ("host", "shop.test")]
    assert entry.body == b'{"password": "***", "n": 1}'
    assert (entry.body_size, entry.cut, entry.payloads) == (28, False, ["SQL injection"])
    assert (entry.status, entry.response_body, entry.by) == (201, b"28 bytes", "decoy")
    assert entry.response_fields[0] == ("x-b", "1")
    assert (entry.exchange, entry.route, entry.address, entry.risk) == ("01a2", "shop", "192.0.2.7", 90.0)
    assert site.stats.report().requests == {"2xx": 1}


async def test_a_large_body_is_read_to_its_end_and_cut_in_the_transcript(tmp_path: Path) -> None:
    async with serving(tmp_path) as site:
        answer = await site.ask("PUT /f HTTP/1.1\r\nContent-Type: image/png\r\n", b"\x00\xff" * 1_000_000)
    assert answer.endswith(b"2000000 bytes")
    assert len(site.answers.asked[0].body) == 1024 * 1024
    (entry,) = site.entries()
    assert (entry.body, entry.body_size, entry.cut) == (b"\x00\xff" * 500, 2_000_000, True)


async def test_a_copy_is_written_down_and_not_answered(tmp_path: Path) -> None:
    async with serving(tmp_path, wait=5.0) as site:
        answer = await site.ask("POST / HTTP/1.1\r\n", b"abc", answered=403, length=70)
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert site.answers.asked == []
    (entry,) = site.entries()
    assert (entry.status, entry.by, entry.body, entry.body_size, entry.cut) == (403, "guard", b"abc", 70, True)


@pytest.mark.parametrize("context", ["", "bartizan-decoy: !\r\n", "bartizan-decoy: a\r\nbartizan-decoy: b\r\n"])
async def test_who_does_not_come_from_the_edge_is_not_answered(tmp_path: Path, context: str) -> None:
    async with serving(tmp_path) as site:
        answer = await site.raw(f"GET / HTTP/1.1\r\n{context}")
    assert answer.startswith(b"HTTP/1.1 421 ")
    assert site.answers.asked == []


async def test_the_worst_are_answered_drop_by_drop(tmp_path: Path) -> None:
    async with serving(tmp_path, at=80, duration="0.2s") as site:
        began = time.monotonic()
        answer = await site.ask("GET / HTTP/1.1\r\n")
        assert time.monotonic() - began >= 0.19
        assert answer.endswith(b"\r\n\r\n0 bytes")
        assert (await site.ask("GET / HTTP/1.1\r\n", risk=10.0)).endswith(b"0 bytes")
    assert site.tarpit.held == 0
    assert [(entry.by, entry.receive) for entry in site.entries()] == [("tarpit", 0.2), ("decoy", 0.0)]


async def test_a_defect_shows_as_an_error_without_a_body(tmp_path: Path) -> None:
    async with serving(tmp_path) as site:
        site.answers.asked = None  # type: ignore[assignment]
        answer = await site.ask("GET / HTTP/1.1\r\n")
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert answer.endswith(b"\r\n\r\n")
    assert [entry.status for entry in site.entries()] == [500]


async def test_a_full_disk_stops_no_answer(tmp_path: Path) -> None:
    async with serving(tmp_path) as site:
        site.transcripts.rmdir()
        assert (await site.ask("GET / HTTP/1.1\r\n")).endswith(b"0 bytes")
        site.recorder.close()
    assert site.recorder.dropped == 1
