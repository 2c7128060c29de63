from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bartizan.edge.upstreams import UpstreamEvent
from bartizan.errors import TlsError, UpstreamTimeout, UpstreamUnavailable, UpstreamUnreachable
from bartizan.http.headers import Headers
from bartizan.http.message import Request

A, B, C = "10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"
PASSIVE = {"health_checks": {"passive": {"consecutive_failures": 2, "ejection_time": "10s"}}}
GONE = UpstreamUnreachable("the node closed the connection", sent=True)


def kinds(events: list[UpstreamEvent]) -> list[tuple[str | None, str]]:
    return [(event.node, event.kind) for event in events]


async def test_one_try_after_the_other_uses_one_connection(make_group: Any, serve: Any) -> None:
    server = await serve()
    group = make_group(server.address)
    for _ in range(3):
        node = group.pick()
        connection = group.acquire(node) or await group.connect(node)
        assert (node.in_flight, group.in_flight) == (1, 1)
        group.succeeded(node, 200)
        group.release(node, connection)
    assert group.in_flight == 0
    (status,) = group.status().nodes
    assert (status.connections, status.idle, status.picks, status.failures) == (1, 1, 3, 0)
    assert status.addresses == ("127.0.0.1",)


async def test_a_connection_that_cannot_be_made_leaves_nothing_in_flight(make_group: Any, serve: Any) -> None:
    server = await serve()
    await server.stop()
    group = make_group(server.address)
    node = group.pick()
    with pytest.raises(UpstreamUnreachable):
        await group.connect(node)
    assert (group.in_flight, node.pool.connections) == (0, 0)


async def test_failures_in_a_row_eject_a_node_until_its_time_is_over(
    make_group: Any, clock: Any, events: list[UpstreamEvent]
) -> None:
    group = make_group(A, B, **PASSIVE)
    bad, good = group.nodes
    group.failed(bad, GONE)
    group.failed(bad, UpstreamTimeout("slow"))
    assert {group.pick() for _ in range(4)} == {good}
    assert group.status().nodes[0].ejected
    clock.now += 10
    assert {group.pick() for _ in range(4)} == {bad, good}
    assert kinds(events) == [(A, "ejected"), (A, "returned")]
    assert "slow; 2 failures in a row" in events[0].because


async def test_statuses_that_mean_failure_eject_and_others_do_not(make_group: Any) -> None:
    group = make_group(A, B, **PASSIVE)
    bad, good = group.nodes
    for _ in range(2):
        group.succeeded(bad, 503)
        group.succeeded(good, 500)
    assert (bad.ejected, good.ejected) == (True, False)
    assert (bad.failures, good.failures) == (2, 0)


async def test_a_success_in_between_and_what_is_not_the_node_s_fault_do_not_eject(make_group: Any) -> None:
    group = make_group(A, B, **PASSIVE)
    node = group.nodes[0]
    for _ in range(5):
        group.failed(node, GONE)
        group.succeeded(node, 200)
        group.failed(node, GONE, stale=True)
        group.failed(node, UpstreamUnavailable("the pool is full"))
    assert not node.ejected
    assert node.failures == 5


async def test_no_node_is_an_error_that_says_why(make_group: Any) -> None:
    group = make_group(A, B, {"address": C, "weight": 0})
    first, second, _ = group.nodes
    group.drain(first)
    first.healthy = second.healthy = False
    group.drain(second)
    with pytest.raises(UpstreamUnavailable, match="none of its 3 nodes may be used: 2 unhealthy, 2 draining, 1 of"):
        group.pick()


async def test_a_retry_goes_elsewhere_or_else_to_a_node_that_was_tried(make_group: Any) -> None:
    group = make_group(A, B)
    first, second = group.nodes
    assert {group.pick(None, [first]) for _ in range(4)} == {second}
    assert group.pick(None, [first, second]) in group.nodes


async def test_a_draining_node_finishes_what_it_has(make_group: Any, serve: Any) -> None:
    first, second = await serve(), await serve()
    group = make_group(first.address, second.address)
    node = group.nodes[0]
    idle, used = await group.connect(node), await group.connect(node)
    group.release(node, idle)
    group.drain(node)
    assert {group.pick() for _ in range(4)} == {group.nodes[1]}
    assert used.reusable
    assert not idle.reusable
    group.release(node, used)
    assert node.pool.connections == 0


async def test_the_breaker_opens_probes_and_closes(make_group: Any, clock: Any, events: list[UpstreamEvent]) -> None:
    group = make_group(
        A,
        health_checks={"passive": None},
        circuit_breaker={"min_requests": 4, "half_open_requests": 1, "open_time": "5s"},
    )
    node = group.nodes[0]
    for _ in range(4):
        assert group.pick() is node
        group.succeeded(node, 502)
    with pytest.raises(UpstreamUnavailable, match=r"circuit breaker is open for up to 5\.0 s more"):
        group.pick()
    assert group.status().circuit == "open"
    clock.now += 5
    assert group.pick() is node
    with pytest.raises(UpstreamUnavailable, match="half_open"):
        group.pick()
    group.succeeded(node, 200)
    assert group.pick() is node
    assert kinds(events) == [(None, "circuit_open"), (None, "circuit_half_open"), (None, "circuit_closed")]


async def test_exchanges_fill_the_retry_budget_and_retries_do_not(make_group: Any) -> None:
    group = make_group(A, B, retries={"attempts": 1, "budget_percent": 50})
    for _ in range(20):
        group.pick()
    for _ in range(100):
        group.pick(None, [group.nodes[0]])

    asked = [group.may_retry(GONE, "GET", 0, sent=True, replayable=True) for _ in range(100)]
    assert sum(asked) == 30 + 10


async def test_retries_follow_the_configuration(make_group: Any) -> None:
    group = make_group(A, B, retries={"attempts": 1, "statuses": ["5xx"]})
    assert group.may_retry(GONE, "GET", 0, sent=True, replayable=True)
    assert not group.may_retry(GONE, "GET", 1, sent=True, replayable=True)
    assert group.may_retry(GONE, "GET", 1, sent=True, replayable=True, stale=True)
    assert not group.may_retry(GONE, "POST", 0, sent=True, replayable=True, stale=True)
    assert group.may_retry_status(500, "PUT", 0, replayable=True)
    assert not group.may_retry_status(404, "PUT", 0, replayable=True)


@pytest.mark.parametrize(
    ("setting", "tls", "address", "host"),
    [
        ("preserve", None, A, b"client.test:8443"),
        ("node", None, "api.test:80", b"api.test"),
        ("node", {"verify": False}, "api.test:80", b"api.test:80"),
        ("fixed.test", None, A, b"fixed.test"),
    ],
)
async def test_the_host_that_nodes_see(make_group: Any, setting: str, tls: Any, address: str, host: bytes) -> None:
    group = make_group(address, host_header=setting, tls=tls)
    request = Request("GET", b"/", Headers(), authority="client.test:8443")
    assert group.host_header(group.nodes[0], request) == host


async def test_active_checks_take_a_dead_node_out_and_bring_it_back(
    make_group: Any, serve: Any, events: list[UpstreamEvent], until: Any
) -> None:
    first, second = await serve(), await serve()
    active = {"interval": "50ms", "unhealthy_threshold": 2, "healthy_threshold": 2}
    group = make_group(first.address, second.address, health_checks={"active": active})
    assert len({group.pick() for _ in range(2)}) == 2
    group.start()
    group.start()
    await first.stop()
    await until(lambda: not group.nodes[0].usable)
    assert {group.pick() for _ in range(4)} == {group.nodes[1]}
    assert [node.healthy for node in group.status().nodes] == [False, True]
    await first.start()
    await until(lambda: group.nodes[0].usable)
    assert kinds(events) == [(first.address, "unhealthy"), (first.address, "healthy")]


async def test_idle_connections_are_swept_in_the_background(
    make_group: Any, serve: Any, clock: Any, until: Any
) -> None:
    server = await serve()
    group = make_group(server.address, pool={"idle_timeout": "20ms"})
    group.start()
    node = group.pick()
    group.release(node, await group.connect(node))
    clock.now += 1
    await until(lambda: node.pool.connections == 0)


async def test_names_are_resolved_before_they_are_needed(make_group: Any, serve: Any, until: Any) -> None:
    server = await serve()
    group = make_group(f"localhost:{server.port}")
    group.start()
    (node,) = group.nodes
    await until(lambda: bool(node.endpoints))
    connection = await group.connect(node)
    group.release(node, connection)


async def test_a_stopped_group_ends_its_work_but_not_its_exchanges(make_group: Any, serve: Any) -> None:
    server = await serve()
    group = make_group(server.address, health_checks={"active": {"interval": "50ms"}})
    before = asyncio.all_tasks()
    group.start()
    node = group.pick()
    held, idle = await group.connect(node), await group.connect(node)
    group.release(node, idle)
    await group.stop()
    assert {task for task in asyncio.all_tasks() - before if "serve" not in repr(task)} == set()
    assert held.reusable
    late = await group.connect(group.pick())
    for connection in (held, late):
        group.release(node, connection)
    assert (node.pool.connections, group.in_flight) == (0, 0)


async def test_building_has_no_effects_and_refuses_what_cannot_work(make_group: Any, tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    make_group(A, "api.test:80", health_checks={"active": {}})
    assert asyncio.all_tasks() == before
    with pytest.raises(ValueError, match="port from 1 to 65535"):
        make_group("api")
    with pytest.raises(TlsError, match=r"none\.pem"):
        make_group(A, tls={"ca": str(tmp_path / "none.pem")})
