"""Copies of requests that a guard has refused, as they arrive at the decoy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.edge.test_divert import ask, config, sent
from tests.support.diverting import diverting
from tests.support.gateway import Gateway
from tests.support.net import wait_until
from tests.support.upstream import Upstream, always

from bartizan.decoy.contract import socket_path
from bartizan.edge import mirror

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
def gateway(upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    with diverting(monkeypatch), Gateway(tmp_path, config(upstream)) as made:
        yield made


def dropped(gateway: Gateway) -> int:
    return gateway.worker._gateway._proxy._mirror.dropped


def test_who_is_refused_gets_the_refusal_and_the_decoy_a_copy(gateway: Gateway, tmp_path: Path) -> None:
    with Upstream(always(TAKEN), socket_path(tmp_path)) as decoy:
        status, _, _ = ask(
            gateway,
            b"PUT /login?token=real HTTP/1.1\r\nHost: h\r\nX-Bad: 1\r\nCookie: a=real\r\nContent-Length: 4\r\n\r\nhell",
        )
        assert status == 403
        wait_until(lambda: decoy.received.endswith(b"hell"))
        line, fields, context, body = sent(decoy)
    assert line == b"PUT /login?token=*** HTTP/1.1"
    assert (b"cookie", b"a=***") in fields
    assert (b"content-length", b"4") in fields
    assert (context.answered, context.length, context.upstream, body) == (403, 4, "api", b"hell")
    assert dropped(gateway) == 0


def test_without_a_decoy_the_refusal_is_the_same(gateway: Gateway) -> None:
    status, _, _ = ask(gateway, b"GET / HTTP/1.1\r\nHost: h\r\nX-Bad: 1\r\n\r\n")
    assert status == 403
    wait_until(lambda: dropped(gateway) == 1)


def test_copies_under_way_are_bounded(gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "AT_ONCE", 2)
    with Upstream(lambda connection: connection.read_until(b"never"), socket_path(tmp_path)) as decoy:
        for _ in range(5):
            assert ask(gateway, b"GET / HTTP/1.1\r\nHost: h\r\nX-Bad: 1\r\n\r\n")[0] == 403
        wait_until(lambda: len(decoy.connections) == 2)
        assert dropped(gateway) == 3


def test_who_is_refused_and_not_diverted_is_not_copied(gateway: Gateway, tmp_path: Path) -> None:
    with Upstream(always(TAKEN), socket_path(tmp_path)) as decoy:
        assert ask(gateway, b"GET / HTTP/1.1\r\nHost: h\r\nX-Honest: 1\r\nX-Bad: 1\r\n\r\n")[0] == 403
    assert decoy.received == b""
    assert dropped(gateway) == 0
