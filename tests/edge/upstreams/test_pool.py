from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bartizan.config.model.upstreams import Pool as PoolConfig
from bartizan.edge.upstreams.address import parse_address
from bartizan.edge.upstreams.node import Node
from bartizan.edge.upstreams.pool import Pool
from bartizan.errors import UpstreamUnavailable


@pytest.fixture
async def make_pool(serve: Any, link: Any, clock: Any) -> Callable[..., Awaitable[tuple[Pool[Any], Any]]]:
    """Make a pool of real connections to a server of its own."""

    async def make(**options: object) -> tuple[Pool[Any], Any]:
        server = await serve()
        node = Node(parse_address(server.address))

        async def dial() -> Any:
            return await link(node, ("127.0.0.1", server.port), None, None)

        node.pool = Pool(node.name, PoolConfig.model_validate(options), dial, clock)
        return node.pool, server

    return make


async def test_the_connection_that_was_used_last_is_taken_first(make_pool: Any) -> None:
    pool, _ = await make_pool()
    assert pool.take() is None
    first, second = await pool.connect(), await pool.connect()
    assert (pool.connections, pool.idle) == (2, 0)
    pool.release(first)
    pool.release(second)
    assert (pool.connections, pool.idle) == (2, 2)
    assert pool.take() is second
    assert pool.take() is first
    assert pool.take() is None
    for connection in (first, second):
        pool.release(connection)
    pool.retire()


async def test_an_idle_connection_that_the_node_closes_is_forgotten(make_pool: Any) -> None:
    pool, server = await make_pool()
    connection = await pool.connect()
    pool.release(connection)
    await asyncio.sleep(0.02)
    server.cut()
    await connection.lost.wait()
    assert (pool.connections, pool.idle) == (0, 0)
    assert pool.take() is None


async def test_a_connection_that_dies_in_use_is_not_kept(make_pool: Any) -> None:
    pool, server = await make_pool()
    connection = await pool.connect()
    await asyncio.sleep(0.02)
    server.cut()
    await connection.lost.wait()
    assert pool.connections == 1
    pool.release(connection)
    assert (pool.connections, pool.idle) == (0, 0)


async def test_connections_idle_for_too_long_are_neither_taken_nor_kept(make_pool: Any, clock: Any) -> None:
    pool, _ = await make_pool(idle_timeout="10s")
    first, second = await pool.connect(), await pool.connect()
    pool.release(first)
    clock.now += 6
    pool.release(second)
    clock.now += 5
    pool.sweep()
    assert (pool.connections, pool.idle) == (1, 1)
    clock.now += 6
    assert pool.take() is None
    assert (pool.connections, pool.idle) == (0, 0)
    await asyncio.gather(first.lost.wait(), second.lost.wait())


async def test_only_so_many_are_kept_idle(make_pool: Any) -> None:
    pool, _ = await make_pool(max_idle=1)
    connections = [await pool.connect() for _ in range(3)]
    for connection in connections:
        pool.release(connection)
    assert (pool.connections, pool.idle) == (1, 1)
    pool.retire()
    await asyncio.gather(*(connection.lost.wait() for connection in connections))


async def test_who_waits_gets_the_next_connection_in_order(make_pool: Any) -> None:
    pool, server = await make_pool(max_connections=1, pending_timeout="5s")
    held = await pool.connect()
    order: list[str] = []

    async def exchange(name: str) -> None:
        connection = await pool.connect()
        order.append(name)
        pool.release(connection)

    waiting = [asyncio.create_task(exchange(name)) for name in "abc"]
    await asyncio.sleep(0)
    assert pool.pending == 3
    pool.release(held)
    await asyncio.gather(*waiting)
    assert order == ["a", "b", "c"]
    assert (server.connections, pool.connections, pool.idle) == (1, 1, 1)
    pool.retire()


async def test_who_waits_gets_room_when_a_connection_is_closed(make_pool: Any) -> None:
    pool, _ = await make_pool(max_connections=1, pending_timeout="5s")
    held = await pool.connect()
    waiting = asyncio.create_task(pool.connect())
    await asyncio.sleep(0)
    held.close()
    pool.release(held)
    fresh = await waiting
    assert fresh is not held
    assert pool.connections == 1
    pool.release(fresh)
    pool.retire()


async def test_waiting_ends_in_a_clear_error(make_pool: Any) -> None:
    pool, _ = await make_pool(max_connections=1, max_pending=1, pending_timeout="50ms")
    held = await pool.connect()
    waiting = asyncio.create_task(pool.connect())
    await asyncio.sleep(0)
    with pytest.raises(UpstreamUnavailable, match="1 exchanges waiting"):
        await pool.connect()
    with pytest.raises(UpstreamUnavailable, match=r"in use for 0\.05 s: raise pool\.max_connections"):
        await waiting
    assert (pool.pending, pool.connections) == (0, 1)
    pool.release(held)
    assert pool.take() is held
    pool.release(held)
    pool.retire()


async def test_one_who_stops_waiting_leaves_nothing_behind(make_pool: Any) -> None:
    pool, _ = await make_pool(max_connections=1, pending_timeout="5s")
    held = await pool.connect()
    early, late = asyncio.create_task(pool.connect()), asyncio.create_task(pool.connect())
    await asyncio.sleep(0)
    early.cancel()
    await asyncio.sleep(0)
    pool.release(held)  # goes to the second, who is cancelled before it can run
    late.cancel()
    await asyncio.gather(early, late, return_exceptions=True)
    assert (pool.pending, pool.connections, pool.idle) == (0, 1, 1)
    pool.retire()
    assert pool.connections == 0


async def test_a_failed_dial_gives_its_room_to_the_next(make_pool: Any) -> None:
    pool, server = await make_pool(max_connections=1, pending_timeout="5s")
    held = await pool.connect()
    waiting = [asyncio.create_task(pool.connect()) for _ in range(2)]
    await asyncio.sleep(0)
    await server.stop()
    held.close()
    pool.release(held)
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(result, OSError) for result in results)
    assert pool.connections == 0


async def test_flush_closes_idle_ones_now_and_used_ones_later(make_pool: Any) -> None:
    pool, _ = await make_pool()
    idle, used = await pool.connect(), await pool.connect()
    pool.release(idle)
    pool.flush()
    assert (pool.connections, pool.idle) == (1, 0)
    assert used.reusable
    pool.release(used)
    assert (pool.connections, pool.idle) == (0, 0)
    fresh = await pool.connect()
    pool.release(fresh)
    assert pool.idle == 1
    pool.retire()


async def test_a_retired_pool_still_serves_but_keeps_nothing(make_pool: Any) -> None:
    pool, _ = await make_pool()
    pool.retire()
    connection = await pool.connect()
    assert connection.reusable
    pool.release(connection)
    assert (pool.connections, pool.idle) == (0, 0)
    await connection.lost.wait()
