from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
import structlog

from bartizan.edge.upstreams.address import Endpoint, parse_address
from bartizan.edge.upstreams.node import Node
from bartizan.edge.upstreams.resolve import Resolver, system_lookup
from bartizan.errors import UpstreamUnreachable


class Names:
    """A name service whose answers the test sets: addresses, or an error."""

    def __init__(self) -> None:
        self.answer: list[str] | Exception = ["127.0.0.1"]
        self.asked = 0

    async def __call__(self, host: str, port: int) -> tuple[Endpoint, ...]:
        self.asked += 1
        await asyncio.sleep(0)
        if isinstance(self.answer, Exception):
            raise self.answer
        return tuple((address, port) for address in self.answer)


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def moved() -> list[Node]:
    return []


@pytest.fixture
def resolver(names: Names, moved: list[Node]) -> Resolver:
    return Resolver(0.02, structlog.get_logger(), lookup=names, moved=moved.append, rng=random.Random(1))


async def test_the_system_resolves_localhost() -> None:
    assert ("127.0.0.1", 8080) in await system_lookup("localhost", 8080)


async def test_a_name_is_resolved_once_for_all_who_wait(resolver: Resolver, names: Names) -> None:
    node = Node(parse_address("api.test:80"))
    found = await asyncio.gather(*(resolver.endpoints(node) for _ in range(10)))
    assert found == [(("127.0.0.1", 80),)] * 10
    assert names.asked == 1


async def test_literal_addresses_are_never_looked_up(resolver: Resolver, names: Names) -> None:
    assert await resolver.endpoints(Node(parse_address("10.0.0.7:80"))) == (("10.0.0.7", 80),)
    assert await resolver.endpoints(Node(parse_address("unix:/run/a"))) == ("/run/a",)
    assert names.asked == 0


@pytest.mark.parametrize("answer", [OSError("no such host"), UnicodeError("label too long"), []])
async def test_a_name_that_was_never_known_is_an_error(resolver: Resolver, names: Names, answer: Any) -> None:
    names.answer = answer
    with pytest.raises(UpstreamUnreachable, match=r"api\.test:80 cannot be resolved") as caught:
        await resolver.endpoints(Node(parse_address("api.test:80")))
    assert not caught.value.sent


async def test_one_who_goes_away_does_not_spoil_it_for_others(resolver: Resolver, names: Names) -> None:
    node = Node(parse_address("api.test:80"))
    impatient = asyncio.create_task(resolver.endpoints(node))
    patient = asyncio.create_task(resolver.endpoints(node))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == (("127.0.0.1", 80),)


async def test_names_are_resolved_again_and_keep_their_last_good_answer(
    resolver: Resolver, names: Names, moved: list[Node], until: Any
) -> None:
    node = Node(parse_address("api.test:80"))
    task = asyncio.create_task(resolver.keep_fresh(node))
    await until(lambda: node.endpoints == (("127.0.0.1", 80),))
    names.answer = ["127.0.0.1", "127.0.0.2"]
    await until(lambda: len(node.endpoints) == 2)
    assert moved == []
    names.answer = OSError("the name server is down")
    asked = names.asked
    await until(lambda: names.asked >= asked + 2)
    assert len(node.endpoints) == 2
    names.answer = ["127.0.0.3"]
    await until(lambda: node.endpoints == (("127.0.0.3", 80),))
    assert moved == [node]
    task.cancel()
    await resolver.stop()
    with pytest.raises(asyncio.CancelledError):
        await task
