"""The real decoy process: behind a real edge, shut in, killed, stopped."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs
from tests.decoy.test_har import VALIDATOR
from tests.decoy.test_knowledge import DOCUMENT
from tests.support.diverting import ACTOR, diverting
from tests.support.gateway import Gateway
from tests.support.net import RawClient, wait_until
from tests.support.upstream import Upstream

from bartizan.config.model import Config
from bartizan.decoy.contract import socket_path, transcripts_directory
from bartizan.decoy.entry import Entry
from bartizan.decoy.har import har
from bartizan.decoy.listen import SOCKET, listen
from bartizan.decoy.server import DecoyServer
from bartizan.decoy.settings import decoy_config
from bartizan.decoy.stats import DecoyReport
from bartizan.decoy.transcript import read_transcript
from bartizan.errors import DecoyError
from bartizan.supervisor.handle import OrderFailed, ProcessHandle, _spawn


@pytest.fixture
def directory() -> Iterator[Path]:
    """A short path: that of a Unix socket has 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="bz") as path:
        yield Path(path)


def config(directory: Path, upstream: Upstream | None = None, **divert: Any) -> dict[str, Any]:
    node = {"address": "127.0.0.1:9"} if upstream is None else upstream.node
    return {
        "listeners": [{"name": "main", "address": "127.0.0.1:0"}],
        "storage": {"directory": str(directory)},
        "upstreams": [{"name": "api", "nodes": [node]}],
        "routes": [{"name": "shop", "paths": ["/*"], "upstream": "api"}],
        "deception": {"divert": {"enabled": True, **divert}},
    }


@contextmanager
def decoy(directory: Path, **divert: Any) -> Iterator[subprocess.Popen[bytes]]:
    """``bartizan decoy serve`` until the end of the block."""
    file = directory / "bartizan.yaml"
    file.write_text(json.dumps(config(directory, **divert)))
    command = [sys.executable, "-m", "bartizan.cli", "decoy", "serve", "-c", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            wait_until(lambda: socket_path(directory).exists())
            yield process
            process.terminate()
            process.wait(10)
        finally:
            process.kill()


def ask(gateway: Gateway, request: bytes) -> tuple[int, dict[str, str], bytes]:
    with RawClient(gateway.port) as client:
        client.send(request)
        return client.response()


def entries(directory: Path) -> list[Entry]:
    return list(read_transcript(transcripts_directory(directory), ACTOR))


def post(target: str, media_type: str, body: bytes) -> bytes:
    head = f"POST {target} HTTP/1.1\r\nHost: shop.test\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\nCookie: sid=real\r\nUser-Agent: sqlmap/1.7\r\n\r\n" + body


def test_all_kinds_of_requests_come_out_as_har_without_credentials(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    multipart = b'--b\r\nContent-Disposition: form-data; name="token"\r\n\r\nreal\r\n--b--\r\n'
    requests = [
        b"GET /orders?q=%27+or+1=1&api_key=real HTTP/1.1\r\nHost: shop.test\r\nAuthorization: Basic real\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: shop.test\r\n\r\n",
        post("/orders", "application/json", b'{"password": "real", "n": 1}'),
        post("/login", "application/x-www-form-urlencoded", b"user=ada&password=real"),
        post("/upload", "multipart/form-data; boundary=b", multipart),
        post("/image", "image/png", b"\x00\xff" * 40),
        post("/big", "text/plain", b"x" * 100_000),
        b"POST /chunked HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"DELETE /bad HTTP/1.1\r\nHost: shop.test\r\nX-Bad: 1\r\n\r\n",
    ]
    with (
        Upstream() as upstream, diverting(monkeypatch), decoy(directory, body_bytes=5000),
        Gateway(directory, config(directory, upstream)) as gateway,
    ):  # fmt: skip
        statuses = [ask(gateway, each)[0] if b"HEAD" not in each else head(gateway, each) for each in requests]
        wait_until(lambda: len(entries(directory)) == len(requests))
        assert upstream.received == b""
    written = entries(directory)
    document = har(written)
    VALIDATOR.validate(document)
    assert b"real" not in json.dumps(document).encode()
    assert [entry.status for entry in written] == statuses
    by_path = {entry.url.partition("shop.test")[2].partition("?")[0]: entry for entry in written}
    assert by_path["/orders"].method == "POST"
    assert by_path["/image"].body == b"\x00\xff" * 40
    assert (len(by_path["/big"].body), by_path["/big"].body_size, by_path["/big"].cut) == (5000, 100_000, True)
    assert by_path["/chunked"].body == b"abc"
    assert (by_path["/bad"].status, by_path["/bad"].by) == (403, "guard")
    assert written[0].payloads == ["SQL injection"]


def head(gateway: Gateway, request: bytes) -> int:
    with RawClient(gateway.port) as client:
        client.send(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        return int(client.until_close().split(b" ")[1])


def test_a_process_that_is_shut_in_answers_by_its_document(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = directory / "api.json"
    file.write_text(json.dumps(DOCUMENT))
    with (
        Upstream() as upstream, diverting(monkeypatch), decoy(directory, openapi={"api": str(file)}),
        Gateway(directory, config(directory, upstream)) as gateway,
    ):  # fmt: skip
        status, _, body = ask(gateway, b"GET /orders HTTP/1.1\r\nHost: h\r\n\r\n")
        assert status == 200
        assert set(json.loads(body)[0]) == {"id", "name", "paid"}
        created = ask(gateway, post("/orders", "application/json", b'{"name": "mine"}'))
        assert created[0] == 201
        made = json.loads(created[2])
        assert json.loads(ask(gateway, b"GET /orders/%d HTTP/1.1\r\nHost: h\r\n\r\n" % made["id"])[2]) == made


def test_the_process_is_shut_in(directory: Path) -> None:
    with decoy(directory) as process:
        wait_until((directory / "decoy" / "transcripts").exists)
        status = Path(f"/proc/{process.pid}/status").read_text()
    assert "Seccomp:\t2\n" in status
    assert "NoNewPrivs:\t1\n" in status


def test_it_leaves_when_it_is_told_to(directory: Path) -> None:
    with decoy(directory) as process:
        wait_until((directory / "decoy" / "transcripts").exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_kill_9_under_load_leaves_a_transcript_that_is_whole(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        Upstream() as upstream, diverting(monkeypatch), Gateway(directory, config(directory, upstream)) as gateway,
    ):  # fmt: skip
        with decoy(directory) as process:
            answered = [ask(gateway, b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % number)[0] for number in range(10)]
            os.kill(process.pid, signal.SIGKILL)
            process.wait(10)
            assert ask(gateway, b"GET /down HTTP/1.1\r\nHost: h\r\n\r\n")[0] == 502
        assert len(entries(directory)) >= len(answered) - 1
        with decoy(directory):
            wait_until(lambda: ask(gateway, b"GET /again HTTP/1.1\r\nHost: h\r\n\r\n")[0] == 404)
            wait_until(lambda: entries(directory)[-1].url.endswith("/again"))
        assert upstream.received == b""


async def test_a_supervisor_starts_and_drains_it(directory: Path) -> None:
    first = decoy_config(Config.model_validate(config(directory)))
    process, channel = await _spawn("bartizan.decoy.process", 0, first.logging)
    handle = ProcessHandle("the decoy process", process, channel, DecoyReport())
    with listen(directory) as sock:
        await handle.start(first, {SOCKET: sock})
        with pytest.raises(OrderFailed, match="another process"):
            await handle.prepare(first, {})
        reader, writer = await asyncio.open_unix_connection(str(socket_path(directory)))
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 421 ")
        writer.close()
        report = await handle.report()
        assert report.resident_bytes > 10_000_000
        await handle.drain(2.0)
    handle.close()
    assert handle.exited.result() == 0


async def test_what_it_may_open_is_its_own_directory_and_its_documents(directory: Path) -> None:
    asked: list[tuple[list[Path], list[Path]]] = []

    def restrict(readable: list[Path], writable: list[Path]) -> bool:
        asked.append((readable, writable))
        return False

    server = DecoyServer(structlog.get_logger(), restrict=restrict)
    with capture_logs() as told:
        await server.start(decoy_config(Config.model_validate(config(directory))), {SOCKET: listen(directory)})
    assert asked == [([], [directory / "decoy"])]
    assert "no Landlock" in told[0]["event"]
    assert server.report().requests == {}
    await asyncio.wait_for(server.drain(1.0), 5)
    await server.close()


async def test_transcripts_that_cannot_be_kept_are_told_at_the_start(directory: Path) -> None:
    with listen(directory) as sock:
        transcripts_directory(directory).write_text("no directory")
        server = DecoyServer(structlog.get_logger(), restrict=lambda *_: True)
        with pytest.raises(DecoyError, match="transcripts cannot be kept"):
            await server.start(decoy_config(Config.model_validate(config(directory))), {SOCKET: sock})
