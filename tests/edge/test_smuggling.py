"""Every case of request smuggling, over raw sockets, with a real nginx behind that tells what reached it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.support.gateway import Gateway
from tests.support.malformed import MALFORMED
from tests.support.net import RawClient, wait_until
from tests.support.nginx import Nginx

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
PROBES = {
    "plain": b"GET /plain?x=1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "content-length": b"POST /cl HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "chunked": b"POST /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
    "a request inside a body": b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED)
    + SMUGGLED,
    "dot segments": b"GET /a/./b/../c HTTP/1.1\r\nHost: a\r\n\r\n",
    "connection names a header of ours": b"GET /hop HTTP/1.1\r\nHost: a\r\nConnection: x-forwarded-for\r\n\r\n",
    "forged addresses": b"GET /forged HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9\r\nForwarded: for=9.9.9.9\r\n\r\n",  # noqa: E501
}
RECEIVED = {
    "plain": "GET /plain?x=1 HTTP/1.1|a|127.0.0.1|-|-",
    "content-length": "POST /cl HTTP/1.1|a|127.0.0.1|5|-",
    "chunked": "POST /chunked HTTP/1.1|a|127.0.0.1|-|chunked",
    "a request inside a body": f"POST /body HTTP/1.1|a|127.0.0.1|{len(SMUGGLED)}|-",
    "dot segments": "GET /a/c HTTP/1.1|a|127.0.0.1|-|-",
    "connection names a header of ours": "GET /hop HTTP/1.1|a|127.0.0.1|-|-",
    "forged addresses": "GET /forged HTTP/1.1|a|127.0.0.1|-|-",
}


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    http = "log_format seen '$request|$http_host|$http_x_forwarded_for|$http_content_length|$http_transfer_encoding';"
    server = "access_log seen.log seen; location / { client_max_body_size 1m; return 200 ok; }"
    with Nginx(tmp_path_factory.mktemp("nginx"), server, http) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(nginx: Nginx, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    config = {
        "upstreams": [{"name": "nginx", "nodes": [{"address": f"127.0.0.1:{nginx.port}"}]}],
        "routes": [{"name": "all", "upstream": "nginx"}],
    }
    with Gateway(tmp_path_factory.mktemp("gateway"), config) as running:
        yield running


def seen(nginx: Nginx) -> list[str]:
    """Return what nginx has logged so far."""
    log = nginx.directory / "seen.log"
    return [line for line in log.read_text().splitlines() if "HTTP" in line] if log.exists() else []


def ask(gateway: Gateway, data: bytes) -> int:
    with RawClient(gateway.port) as client:
        client.send(data)
        return client.response()[0]


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_request_is_400_and_nothing_behind_it_is_served(gateway: Gateway, nginx: Nginx, name: str) -> None:
    with RawClient(gateway.port) as client:
        client.send(MALFORMED[name] + SMUGGLED)
        answer = client.until_close()
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert len(re.findall(rb"HTTP/1.1 \d{3} ", answer)) == 1
    assert b"connection: close\r\n" in answer
    assert ask(gateway, b"GET /after HTTP/1.1\r\nHost: a\r\n\r\n") == 200
    assert not any("smuggled" in line for line in seen(nginx))


@pytest.mark.parametrize("name", PROBES)
def test_nginx_behind_receives_one_reading_of_a_request(gateway: Gateway, nginx: Nginx, name: str) -> None:
    before = len(seen(nginx))
    assert ask(gateway, PROBES[name]) == 200
    assert ask(gateway, b"GET /fence HTTP/1.1\r\nHost: a\r\n\r\n") == 200
    wait_until(lambda: len(seen(nginx)) >= before + 2)  # nginx writes its log after it has answered
    assert [line for line in seen(nginx)[before:] if "fence" not in line] == [RECEIVED[name]]
