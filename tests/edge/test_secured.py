"""The edge over TLS, behind load balancers, with TLS to its upstreams, and with a real WebSocket client."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.certificates import Authority
from tests.support.gateway import Gateway
from tests.support.net import RawClient, free_port, wait_until
from tests.support.nginx import Nginx
from tests.support.upstream import Connection, Upstream
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def listening(upstream: Upstream, **listener: Any) -> dict[str, Any]:
    return {
        "listeners": [{"name": "main", "address": "127.0.0.1:0", **listener}],
        "upstreams": [{"name": "api", "nodes": [upstream.node]}],
        "routes": [{"name": "api", "upstream": "api"}],
    }


def over_tls(gateway: Gateway, context: ssl.SSLContext, request: bytes) -> bytes:
    """Send a request over TLS and read until the end."""
    raw = socket.create_connection(("127.0.0.1", gateway.port), 10)
    with raw, context.wrap_socket(raw, server_hostname="localhost") as sock:
        sock.sendall(request)
        return b"".join(iter(lambda: sock.recv(65536), b""))


GET = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def test_https_is_served_and_said_to_the_upstream(upstream: Upstream, authority: Authority, tmp_path: Path) -> None:
    tls = {"certificates": [authority.issue("localhost").config]}
    with Gateway(tmp_path, listening(upstream, tls=tls)) as gateway:
        assert over_tls(gateway, authority.client_context(), GET).endswith(b"\r\n\r\nok")
    assert b"x-forwarded-proto: https\r\n" in upstream.received


def test_an_early_refusal_arrives_over_tls_too(upstream: Upstream, authority: Authority, tmp_path: Path) -> None:
    tls = {"certificates": [authority.issue("localhost").config]}
    config = listening(upstream, tls=tls, limits={"body_bytes": 1000})
    body = b"x" * 200_000
    request = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with Gateway(tmp_path, config) as gateway:
        assert over_tls(gateway, authority.client_context(), request).startswith(b"HTTP/1.1 413 ")


def test_a_client_certificate_is_required_where_the_listener_says_so(
    upstream: Upstream, authority: Authority, tmp_path: Path
) -> None:
    clients = {"mode": "required", "ca": str(authority.path)}
    tls = {"certificates": [authority.issue("localhost").config], "client_certificates": clients}
    with Gateway(tmp_path, listening(upstream, tls=tls)) as gateway:
        assert over_tls(gateway, authority.client_context("alice"), GET).endswith(b"ok")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            over_tls(gateway, authority.client_context(), GET)
        wait_until(lambda: gateway.worker.report().refused.get("tls_client_certificate_missing") == 1)


def test_connections_that_do_not_finish_their_handshake_have_a_limit(
    upstream: Upstream, authority: Authority, tmp_path: Path
) -> None:
    tls = {"certificates": [authority.issue("localhost").config], "handshake_timeout": "1s"}
    config = listening(upstream, tls=tls, limits={"connections": 5})
    with Gateway(tmp_path, config) as gateway:
        silent = [socket.create_connection(("127.0.0.1", gateway.port), 10) for _ in range(8)]
        wait_until(lambda: gateway.worker.report().refused.get("handshakes_per_worker") == 3)
        wait_until(lambda: gateway.worker.report().refused.get("tls_timeout") == 5)
        assert over_tls(gateway, authority.client_context(), GET).endswith(b"ok")
        for sock in silent:
            sock.close()


def test_only_trusted_proxies_may_say_who_the_client_is(upstream: Upstream, tmp_path: Path) -> None:
    forged = b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.9, 10.1.1.1\r\nX-Request-Id: mine-1\r\n\r\n"
    with Gateway(tmp_path / "one", listening(upstream)) as gateway, RawClient(gateway.port) as client:
        client.send(forged)
        assert client.response()[0] == 200
    assert b"x-forwarded-for: 127.0.0.1\r\n" in upstream.received
    assert b"mine-1" not in upstream.received
    trusting = listening(upstream) | {"trusted_proxies": ["127.0.0.0/8", "10.0.0.0/8"]}
    trusting["guards"] = {"denylist": {"deny": ["198.51.100.0/24"]}}
    with Gateway(tmp_path / "two", trusting) as gateway, RawClient(gateway.port) as client:
        client.send(forged)
        assert client.response()[0] == 403
        client.send(forged.replace(b"198.51.100.9", b"203.0.113.5"))
        assert client.response()[0] == 200
    assert b"x-forwarded-for: 203.0.113.5, 10.1.1.1, 127.0.0.1\r\n" in upstream.received
    assert b"x-request-id: mine-1\r\n" in upstream.received


def test_a_proxy_protocol_header_names_the_client(upstream: Upstream, tmp_path: Path) -> None:
    config = listening(upstream, proxy_protocol="v1") | {"trusted_proxies": ["127.0.0.0/8"]}
    config["guards"] = {"denylist": {"deny": ["198.51.100.0/24"]}}
    with Gateway(tmp_path, config) as gateway:
        with RawClient(gateway.port) as client:
            client.send(b"PROXY TCP4 198.51.100.9 127.0.0.1 4711 443\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.response()[0] == 403
        with RawClient(gateway.port) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.until_close() == b""
        assert gateway.worker.report().refused["proxy_protocol_bad_header"] == 1


def test_tls_to_an_upstream_is_verified(authority: Authority, tmp_path: Path) -> None:
    issued = authority.issue("localhost", "127.0.0.1").config
    port = free_port()
    certificate = f"ssl_certificate {issued['certificate']}; ssl_certificate_key {issued['key']};"
    server = f"listen 127.0.0.1:{port} ssl; {certificate} location / {{ return 200 secret; }}"
    with Nginx(tmp_path / "nginx", server):
        node = {"address": f"127.0.0.1:{port}"}
        config = {
            "upstreams": [
                {"name": "good", "nodes": [node], "tls": {"ca": str(authority.path), "server_name": "localhost"}},
                {"name": "bad", "nodes": [node], "tls": {"ca": str(authority.path), "server_name": "other.example"}},
            ],
            "routes": [
                {"name": "good", "paths": ["/good"], "upstream": "good"},
                {"name": "bad", "paths": ["/bad"], "upstream": "bad"},
            ],
        }
        with Gateway(tmp_path, config) as gateway, RawClient(gateway.port) as client:
            client.send(b"GET /good HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.response()[2] == b"secret"
            client.send(b"GET /bad HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.response()[0] == 502


def test_a_unix_socket_is_an_upstream_too(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        config = {
            "upstreams": [{"name": "api", "nodes": [{"address": f"unix:{path}"}]}],
            "routes": [{"name": "api", "upstream": "api"}],
        }
        with Gateway(tmp_path / "g", config) as gateway, RawClient(gateway.port) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            sock, _ = listener.accept()
            with sock:
                Connection(sock).read_request()
                sock.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nunix")
                assert client.response()[2] == b"unix"


def test_a_real_websocket_passes_through(tmp_path: Path) -> None:
    def echo(connection: ServerConnection) -> None:
        for message in connection:
            connection.send(message)

    with serve(echo, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.socket.getsockname()[1]
        config = {
            "upstreams": [{"name": "ws", "nodes": [{"address": f"127.0.0.1:{port}"}]}],
            "routes": [{"name": "ws", "upstream": "ws", "upgrade": True}],
        }
        with Gateway(tmp_path, config) as gateway, connect(f"ws://127.0.0.1:{gateway.port}/chat") as client:
            for size in (1, 1000, 300_000):
                client.send(b"x" * size)
                assert client.recv() == b"x" * size
        server.shutdown()
        thread.join()


def test_a_refused_request_is_in_the_journal_with_its_reason(upstream: Upstream, tmp_path: Path) -> None:
    with Gateway(tmp_path, listening(upstream)) as gateway, RawClient(gateway.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n")
        answer = client.until_close()
    reference = json.loads(answer.partition(b"\r\n\r\n")[2])["instance"].rpartition(":")[2]
    config = tmp_path / "bartizan.yaml"
    config.write_text(json.dumps(listening(upstream) | {"storage": {"directory": str(tmp_path)}}))
    command = [sys.executable, "-m", "bartizan.cli", "journal", "find", reference, "-c", str(config)]
    story = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "400" in story.stdout
    assert "malformed" in story.stdout
