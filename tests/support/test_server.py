from __future__ import annotations

import sys
import urllib.request
from pathlib import Path

import pytest

from tests.support.net import RawClient, free_port
from tests.support.nginx import Nginx
from tests.support.redis import RedisServer
from tests.support.server import ServerProcess


def test_a_server_that_does_not_start_tells_why(tmp_path: Path) -> None:
    server = ServerProcess([sys.executable, "-c", "raise SystemExit('no luck')"], free_port(), tmp_path / "log")
    with pytest.raises(RuntimeError, match="no luck"):
        server.start()
    server.stop()


def test_nginx_serves_what_it_is_told(tmp_path: Path) -> None:
    with Nginx(tmp_path / "nginx", "location / { return 200 'hello'; }") as nginx:
        with urllib.request.urlopen(f"http://127.0.0.1:{nginx.port}/", timeout=10) as answer:
            assert answer.read() == b"hello"
        port = nginx.port
    with pytest.raises(ConnectionRefusedError):
        RawClient(port)


def test_redis_comes_back_empty_at_the_same_address(tmp_path: Path) -> None:
    def ask(command: bytes, answer: bytes) -> None:
        with RawClient(server.port) as client:
            client.send(command + b"\r\n")
            assert client.until(b"\r\n") == answer + b"\r\n"

    with RedisServer(tmp_path) as server:
        ask(b"SET key value", b"+OK")
        ask(b"EXISTS key", b":1")
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            RawClient(server.port)
        server.start()
        ask(b"EXISTS key", b":0")
