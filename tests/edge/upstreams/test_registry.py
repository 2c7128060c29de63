from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bartizan.config.model.upstreams import Upstream
from bartizan.edge.upstreams import Upstreams, Wiring
from bartizan.errors import ConfigError

Build = Callable[..., Upstreams[Any]]


def upstream(name: str, *addresses: str, **options: object) -> Upstream:
    return Upstream.model_validate({"name": name, "nodes": [{"address": a} for a in addresses], **options})


@pytest.fixture
async def build(wiring: Wiring[Any]) -> AsyncIterator[Build]:
    built: list[Upstreams[Any]] = []

    def make(configs: list[Upstream], previous: Upstreams[Any] | None = None) -> Upstreams[Any]:
        upstreams = Upstreams.build(configs, previous, wiring)
        built.append(upstreams)
        return upstreams

    yield make
    for upstreams in built:
        await upstreams.stop()


async def test_a_reload_keeps_what_did_not_change_with_its_connections(build: Build, serve: Any) -> None:
    server = await serve()
    old = build([upstream("same", server.address), upstream("gone", server.address), upstream("new", server.address)])
    old.start()
    node = old["same"].pick()
    connection = await old["same"].connect(node)
    old["same"].release(node, connection)
    new = build([upstream("same", server.address), upstream("new", server.address, balancing="least_connections")], old)
    new.start()
    await new.retire(old)
    assert (list(new), len(new)) == (["same", "new"], 2)
    assert new["same"] is old["same"]
    assert new["new"] is not old["new"]
    assert new["same"].acquire(node) is connection
    new["same"].release(node, connection)
    assert connection.reusable


async def test_a_changed_upstream_inherits_what_is_known_of_its_nodes(build: Build, clock: Any) -> None:
    checks = {"passive": {"consecutive_failures": 1}, "active": {"interval": "60s"}}
    old = build([upstream("api", "10.0.0.1:80", "10.0.0.2:80", health_checks=checks)])
    ejected, sick = old["api"].nodes
    old["api"].failed(ejected, "status 503")
    sick.healthy = False
    sick.refresh()
    new = build([upstream("api", "10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", health_checks=checks)], old)
    assert all(node.usable for node in new["api"].nodes)
    new.start()
    assert {new["api"].pick().name for _ in range(6)} == {"10.0.0.3:80"}
    clock.now += 10
    assert {new["api"].pick().name for _ in range(6)} == {"10.0.0.1:80", "10.0.0.3:80"}


async def test_what_no_check_would_put_right_is_not_inherited(build: Build) -> None:
    old = build([upstream("api", "10.0.0.1:80", "10.0.0.2:80", health_checks={"passive": {"consecutive_failures": 1}})])
    old["api"].failed(old["api"].nodes[0], "status 503")
    old["api"].nodes[1].healthy = False
    new = build([upstream("api", "10.0.0.1:80", "10.0.0.2:80", health_checks={"passive": None})], old)
    new.start()
    assert all(node.usable for node in new["api"].nodes)


async def test_exchanges_on_a_retired_upstream_go_on(build: Build, serve: Any) -> None:
    server = await serve()
    old = build([upstream("api", server.address)])
    old.start()
    group = old["api"]
    node = group.pick()
    held = await group.connect(node)
    new = build([])
    new.start()
    await new.retire(old)
    assert held.reusable
    group.succeeded(node, 200)
    group.release(node, held)
    assert node.pool.connections == 0


async def test_a_reload_that_fails_leaves_nothing_behind(build: Build) -> None:
    old = build([upstream("api", "10.0.0.1:80")])
    old.start()
    before = asyncio.all_tasks()
    bad = [upstream("fine", "api.test:80", health_checks={"active": {}}), upstream("bad", "nonsense")]
    with pytest.raises(ConfigError) as caught:
        build([*bad, upstream("fine", "10.0.0.1:80")], old)
    assert asyncio.all_tasks() == before
    assert [(problem.field, problem.value) for problem in caught.value.problems] == [
        ("upstreams[1]", "bad"),
        ("upstreams[2]", "fine"),
    ]


async def test_a_renewed_certificate_makes_a_new_upstream(build: Build, authority: Any) -> None:
    certificate, key = authority.issue("gateway.test")
    tls = {"ca": str(authority.path), "certificate": str(certificate), "key": str(key)}
    old = build([upstream("api", "api.test:443", tls=tls)])
    assert build([upstream("api", "api.test:443", tls=tls)], old)["api"] is old["api"]
    authority.issue("gateway.test")
    assert build([upstream("api", "api.test:443", tls=tls)], old)["api"] is not old["api"]


async def test_it_can_be_built_in_a_thread(wiring: Wiring[Any]) -> None:
    upstreams = await asyncio.to_thread(Upstreams.build, [upstream("api", "api.test:80")], None, wiring)
    assert upstreams["api"].name == "api"


async def test_memory_and_tasks_stay_flat_over_many_reloads(build: Build, wiring: Wiring[Any], serve: Any) -> None:
    server = await serve()
    current = build([upstream("api", server.address)])
    current.start()
    before = len(asyncio.all_tasks())
    for number in range(50):
        following = Upstreams.build([upstream("api", server.address, dns={"ttl": f"{number + 1}s"})], current, wiring)
        following.start()
        await following.retire(current)
        current = following
    assert len(asyncio.all_tasks()) == before
    await current.stop()
