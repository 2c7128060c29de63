"""HTTP/1.1 through the whole edge, byte by byte over raw sockets."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.gateway import Gateway
from tests.support.net import RawClient
from tests.support.upstream import OK, Connection, Upstream, always


def routes(upstream: Upstream, **route: Any) -> dict[str, Any]:
    """Return a configuration with one route to one upstream."""
    return {
        "upstreams": [{"name": "api", "nodes": [upstream.node], "timeouts": {"response": "2s", "read": "2s"}}],
        "routes": [{"name": "api", "upstream": "api", **route}],
    }


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def gateway(upstream: Upstream, tmp_path: Path) -> Iterator[Gateway]:
    with Gateway(tmp_path, routes(upstream)) as running:
        yield running


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def test_a_request_is_serialised_anew_and_answered(upstream: Upstream, gateway: Gateway) -> None:
    with RawClient(gateway.port) as client:
        client.send(
            b"GET /a?b=c HTTP/1.1\r\nHOST: Example.org\r\nX-Odd:   v  \r\nConnection: keep-alive, x-odd2\r\nX-Odd2: 1\r\n\r\n"  # noqa: E501
        )
        status, _, body = client.response()
    assert (status, body) == (200, b"ok")
    head = upstream.received
    assert head.startswith(b"GET /a?b=c HTTP/1.1\r\nhost: Example.org\r\nx-odd: v\r\n")
    assert b"x-odd2" not in head
    assert b"connection" not in head
    assert b"x-forwarded-for: 127.0.0.1\r\n" in head


def test_pipelined_requests_are_answered_in_order(upstream: Upstream, gateway: Gateway) -> None:
    def echo_path(connection: Connection) -> None:
        while True:
            path = connection.read_request().split(b" ")[1]
            connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(path), path))

    upstream.handler = echo_path
    count = 300
    with RawClient(gateway.port) as client:
        client.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(count)))
        assert [client.response()[2] for _ in range(count)] == [b"/%d" % number for number in range(count)]


def test_chunks_and_trailers_pass_both_ways(upstream: Upstream, gateway: Gateway) -> None:
    upstream.handler = always(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n")
    with RawClient(gateway.port) as client:
        client.send(
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nX-Check: 2\r\n\r\n"
        )
        answer = client.until(b"x-sum: 1\r\n\r\n")
    assert b"transfer-encoding: chunked\r\n" in answer
    assert answer.endswith(b"3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n")
    assert upstream.received.endswith(b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-check: 2\r\n\r\n")


def test_100_continue_is_sent_only_when_the_body_is_wanted(upstream: Upstream, gateway: Gateway) -> None:
    with RawClient(gateway.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert client.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.send(b"hello")
        assert client.response()[0] == 200
    assert b"expect" not in upstream.received
    assert upstream.received.endswith(b"hello")


def test_a_request_that_is_refused_before_its_body_gets_no_100(upstream: Upstream, tmp_path: Path) -> None:
    with Gateway(tmp_path, routes(upstream, body_bytes=10)) as gateway, RawClient(gateway.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n")
        answer = client.until_close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in answer
    assert not upstream.received


def test_head_has_the_length_and_no_body(upstream: Upstream, gateway: Gateway) -> None:
    upstream.handler = always(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n")
    with RawClient(gateway.port) as client:
        client.send(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" * 2)
        for _ in range(2):
            assert b"content-length: 500\r\n" in client.until(b"\r\n\r\n")
        assert not client.buffer
    assert len(upstream.connections) == 1


def test_absolute_form_names_the_host(upstream: Upstream, gateway: Gateway) -> None:
    with RawClient(gateway.port) as client:
        client.send(b"GET http://real.example/x?y HTTP/1.1\r\nHost: other\r\n\r\n")
        assert client.response()[0] == 200
    assert upstream.received.startswith(b"GET /x?y HTTP/1.1\r\nhost: real.example\r\n")


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_answers_without_a_body_keep_the_connection(upstream: Upstream, gateway: Gateway, status: bytes) -> None:
    upstream.handler = always(b"HTTP/1.1 %b\r\n\r\n" % status)
    with RawClient(gateway.port) as client:
        client.send(GET * 2)
        heads = [client.until(b"\r\n\r\n") for _ in range(2)]
    assert all(head.startswith(b"HTTP/1.1 " + status[:3]) and b"chunked" not in head for head in heads)


def test_http_1_0_is_answered_and_closed(upstream: Upstream, gateway: Gateway) -> None:
    upstream.handler = always(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    with RawClient(gateway.port) as client:
        client.send(b"GET / HTTP/1.0\r\n\r\n")
        answer = client.until_close()
    assert answer.endswith(b"\r\n\r\nabc")
    assert b"chunked" not in answer


def test_a_body_that_ends_with_the_connection_is_passed_on_as_chunks(upstream: Upstream, gateway: Gateway) -> None:
    def close_delimited(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\nall of it")

    upstream.handler = close_delimited
    with RawClient(gateway.port) as client:
        client.send(GET)
        assert b"all of it" in client.until(b"0\r\n\r\n")


def test_a_body_that_breaks_off_cuts_the_client_too(upstream: Upstream, gateway: Gateway) -> None:
    def breaks_off(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")

    upstream.handler = breaks_off
    with RawClient(gateway.port) as client:
        client.send(GET)
        answer = client.until_close()
    assert b"hello" in answer
    assert not answer.endswith(b"0\r\n\r\n")


def test_an_early_answer_reaches_a_client_that_still_sends(upstream: Upstream, gateway: Gateway) -> None:
    def early(connection: Connection) -> None:
        connection.read_until(b"\r\n\r\n")
        connection.send(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\n\r\nstop")
        time.sleep(0.5)

    upstream.handler = early
    with RawClient(gateway.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000)
        answer = client.until_close()
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert answer.endswith(b"stop")


def test_an_upgrade_becomes_a_tunnel_where_the_route_allows_it(upstream: Upstream, tmp_path: Path) -> None:
    def switch(connection: Connection) -> None:
        connection.read_until(b"\r\n\r\n")
        connection.send(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nfirst")
        while data := connection.sock.recv(65536):
            connection.send(data.upper())

    upstream.handler = switch
    request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly"
    with Gateway(tmp_path, routes(upstream, upgrade=True)) as gateway, RawClient(gateway.port) as client:
        client.send(request)
        head = client.until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"upgrade: websocket\r\n" in head
        assert client.exactly(10) == b"firstEARLY"
        client.send(b"more")
        assert client.exactly(4) == b"MORE"


def test_an_upgrade_is_an_ordinary_request_where_the_route_does_not(upstream: Upstream, gateway: Gateway) -> None:
    with RawClient(gateway.port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + GET)
        assert client.response()[0] == 200
        assert client.response()[0] == 200
    assert b"upgrade" not in upstream.received


def test_h2c_is_never_passed_on(upstream: Upstream, tmp_path: Path) -> None:
    with Gateway(tmp_path, routes(upstream, upgrade=True)) as gateway, RawClient(gateway.port) as client:
        client.send(
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n"  # noqa: E501
        )
        assert client.response()[0] == 200
    assert b"h2c" not in upstream.received
    assert b"http2-settings" not in upstream.received


def test_bodies_stream_both_ways_in_bounded_memory(upstream: Upstream, gateway: Gateway) -> None:
    size = 64 * 1024 * 1024
    piece = os.urandom(65536)
    digests: dict[str, str] = {}

    def swap(connection: Connection) -> None:
        head = connection.read_until(b"\r\n\r\n")
        digest, left = hashlib.sha256(), size
        data = head.partition(b"\r\n\r\n")[2]
        connection.received = b""
        while True:
            digest.update(data)
            left -= len(data)
            if not left:
                break
            data = connection.sock.recv(1 << 20)
        digests["up"] = digest.hexdigest()
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        for _ in range(size // len(piece)):
            connection.send(piece)

    upstream.handler = swap
    expected = hashlib.sha256(piece * (size // len(piece))).hexdigest()
    before = gateway.worker.report().resident_bytes
    peak = 0
    with RawClient(gateway.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
        sender = threading.Thread(target=lambda: [client.sock.sendall(piece) for _ in range(size // len(piece))])
        sender.start()
        client.until(b"\r\n\r\n")
        digest, left = hashlib.sha256(client.buffer), size - len(client.buffer)
        while left:
            data = client.sock.recv(1 << 20)
            assert data
            digest.update(data)
            left -= len(data)
            peak = max(peak, gateway.worker.report().resident_bytes) if left % 7 == 0 else peak
        sender.join()
    assert digests["up"] == digest.hexdigest() == expected
    assert max(peak, gateway.worker.report().resident_bytes) - before < 40 * 1024 * 1024


def test_what_upstreams_may_not_send_is_a_502(upstream: Upstream, gateway: Gateway) -> None:
    answers = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nabc",
        b"HTTP/1.1 200 OK\nX: y\n\n",
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\r\n",
    ]
    for answer in answers:
        upstream.handler = always(answer)
        with RawClient(gateway.port) as client:
            client.send(GET)
            assert client.response()[0] == 502, answer


def test_nobody_there_is_502_and_no_answer_is_504(tmp_path: Path) -> None:
    with Upstream(lambda connection: time.sleep(3)) as slow:
        config = routes(slow)
        config["upstreams"].append({"name": "dead", "nodes": [{"address": "127.0.0.1:1"}]})
        config["routes"][0]["timeout"] = "300ms"
        config["routes"].append({"name": "dead", "paths": ["/dead"], "upstream": "dead"})
        with Gateway(tmp_path, config) as gateway, RawClient(gateway.port) as client:
            client.send(b"GET /dead HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.response()[0] == 502
            client.send(GET)
            assert client.response()[0] == 504


def test_no_route_is_404_and_another_method_405(upstream: Upstream, tmp_path: Path) -> None:
    config = routes(upstream, paths=["/only"], methods=["GET"])
    with Gateway(tmp_path, config) as gateway, RawClient(gateway.port) as client:
        client.send(GET)
        assert client.response()[0] == 404
        client.send(b"DELETE /only HTTP/1.1\r\nHost: a\r\n\r\n")
        status, fields, _ = client.response()
        assert status == 405
        assert fields[b"allow"] == b"GET, HEAD"


def test_a_stale_connection_is_not_the_clients_problem(upstream: Upstream, gateway: Gateway) -> None:
    def one_answer(connection: Connection) -> None:
        connection.read_request()
        connection.send(OK)

    upstream.handler = one_answer
    for _ in range(20):
        with RawClient(gateway.port) as client:
            client.send(GET)
            assert client.response()[0] == 200


def test_after_a_refused_request_nothing_of_the_connection_is_read(upstream: Upstream, gateway: Gateway) -> None:
    with RawClient(gateway.port) as client:
        client.send(
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + GET
        )
        answer = client.until_close()
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"connection: close" in answer
    assert not upstream.received


def test_a_body_refused_on_its_way_ends_both_connections(upstream: Upstream, gateway: Gateway) -> None:
    with RawClient(gateway.port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        upstream.wait_for(lambda: b"abc" in upstream.received)
        client.send(b"zz\r\n" + GET)
        answer = client.until_close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert not upstream.received.endswith(b"0\r\n\r\n")
    with RawClient(gateway.port) as client:
        client.send(GET)
        assert client.response()[0] == 200
    assert len(upstream.connections) == 2
