from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

import pytest
from structlog.testing import CapturingLogger
from tests.support.redis import RedisServer

from bartizan.config.model import State as Settings
from bartizan.errors import StateError
from bartizan.perimeter.denylist import BanList, Bans, bans
from bartizan.pipeline import Client
from bartizan.storage.state import Entry, State, following, open_state
from bartizan.storage.state.interface import FeedItem
from bartizan.storage.state.lmdb_engine import LmdbState

CLIENT = Client("192.0.2.7", 4711, 4, 0xC0000207)
OTHER = Client("2001:db8::7", 4711, 6, 0x20010DB8 << 96 | 7)
MAP_SIZE = 2**24


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(params=["lmdb", "valkey"])
async def state(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[State]:
    if request.param == "lmdb":
        settings = Settings(map_size=MAP_SIZE)
    else:
        url = request.getfixturevalue("server").url
        settings = Settings(engine="valkey", url=url, timeout="5s", key_prefix=os.urandom(8).hex())
    opened = open_state(settings, tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def embedded(tmp_path: Path) -> AsyncIterator[LmdbState]:
    opened = Flaky(tmp_path, MAP_SIZE)
    yield opened
    await opened.close()


class Flaky(LmdbState):
    """A state that fails as long as ``error`` is set, and where something may happen in the middle of a scan."""

    error: Exception | None = None
    meanwhile: Mapping[int, Callable[[], Awaitable[None]]] = MappingProxyType({})
    """By the number of the entry of a scan that has to wait for it."""

    async def read(self, topic: bytes, after: bytes | None, limit: int = 1000) -> list[FeedItem]:
        if self.error is not None:
            raise self.error
        return await super().read(topic, after, limit)

    async def scan(self, prefix: bytes) -> AsyncIterator[Entry]:
        number = 0
        async for entry in super().scan(prefix):
            if number in self.meanwhile:
                await self.meanwhile[number]()
            number += 1
            yield entry


@asynccontextmanager
async def followed(replica: Bans) -> AsyncIterator[None]:
    task = asyncio.create_task(replica.follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def comes_true(condition: Callable[[], object], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for happens elsewhere
            await asyncio.sleep(0.01)


def replica_of(state: State, log: object = None, **options: int) -> Bans:
    return Bans(state, log if log is not None else CapturingLogger(), **options)  # type: ignore[arg-type]


async def test_bans_are_made_listed_and_lifted(state: State) -> None:
    moments = iter((1000.0, 2000.0))
    banned = BanList(state, lambda: next(moments))
    first = await banned.ban("192.0.2.7", reason="probing", made_by="ann", duration=None)
    second = await banned.ban("2001:DB8::/32", reason="", made_by="ben", duration=3600.0)
    assert (first.network, first.expires) == ("192.0.2.7/32", None)
    assert (second.network, second.expires) == ("2001:db8::/32", 5600.0)
    assert await banned.all() == [first, second]
    assert await banned.unban("192.0.2.7/32")
    assert not await banned.unban("192.0.2.7")
    assert await banned.all() == [second]


async def test_a_ban_replaces_one_of_the_same_network(state: State) -> None:
    banned = BanList(state)
    await banned.ban("192.0.2.0/24", reason="old", made_by="ann", duration=60.0)
    await banned.ban("::ffff:192.0.2.0/120", reason="new", made_by="ann", duration=None)
    assert [ban.reason for ban in await banned.all()] == ["new"]


@pytest.mark.parametrize("network", ["nobody", "192.0.2.7/24", ""])
async def test_what_is_no_network_is_not_banned(embedded: LmdbState, network: str) -> None:
    banned = BanList(embedded)
    with pytest.raises(ValueError, match=r"not an address|prefix"):
        await banned.ban(network, reason="", made_by="ann", duration=None)
    with pytest.raises(ValueError, match=r"not an address|prefix"):
        await banned.unban(network)


@pytest.mark.parametrize("duration", [0.0, -1.0, float("nan")])
async def test_a_ban_lasts_some_time(embedded: LmdbState, duration: float) -> None:
    with pytest.raises(ValueError, match="longer than 0 seconds"):
        await BanList(embedded).ban("192.0.2.7", reason="", made_by="ann", duration=duration)


async def test_texts_are_bounded(embedded: LmdbState) -> None:
    ban = await BanList(embedded).ban("192.0.2.7", reason="x" * 10_000, made_by="y" * 10_000, duration=None)
    assert (len(ban.reason), len(ban.made_by)) == (bans.MAX_REASON, bans.MAX_NAME)


async def test_bans_reach_every_edge_by_the_feed_and_so_does_their_end(state: State) -> None:
    banned, edges = BanList(state), [replica_of(state) for _ in range(2)]
    await banned.ban("2001:db8::/48", reason="before", made_by="ann", duration=None)
    for edge in edges:
        await edge.load()
        assert edge.match(OTHER, time.time()) is not None
    async with followed(edges[0]), followed(edges[1]):
        await banned.ban("192.0.2.0/24", reason="probing", made_by="ann", duration=None)
        await comes_true(lambda: all(edge.match(CLIENT, time.time()) for edge in edges))
        found = edges[0].match(CLIENT, time.time())
        assert found is not None
        assert (found.network, found.reason, found.made_by) == ("192.0.2.0/24", "probing", "ann")
        await banned.unban("192.0.2.0/24")
        await comes_true(lambda: not any(edge.match(CLIENT, time.time()) for edge in edges))
        assert all(edge.match(OTHER, time.time()) for edge in edges)


async def test_a_ban_ends_by_itself(state: State) -> None:
    edge = replica_of(state)
    ban = await BanList(state).ban("192.0.2.7", reason="", made_by="ann", duration=0.4)
    await edge.load()
    assert ban.expires is not None
    assert edge.match(CLIENT, ban.expires - 0.001) is not None
    assert edge.match(CLIENT, ban.expires) is None
    async with followed(edge):
        await comes_true(lambda: len(edge) == 0)


async def test_a_ban_that_was_lifted_long_ago_does_not_come_back_with_a_scan(state: State) -> None:
    banned, edge = BanList(state), replica_of(state)
    await banned.ban("192.0.2.7", reason="", made_by="ann", duration=None)
    await banned.unban("192.0.2.7")
    await edge.load()
    assert edge.match(CLIENT, time.time()) is None


async def test_what_changes_during_a_scan_is_not_lost(embedded: Flaky) -> None:
    banned, edge = BanList(embedded), replica_of(embedded)
    await banned.ban("192.0.2.7", reason="", made_by="ann", duration=None)
    await edge.load()

    async def meanwhile() -> None:
        await banned.unban("192.0.2.7")
        await banned.ban("2001:db8::7", reason="", made_by="ann", duration=None)
        await edge.catch_up()

    embedded.meanwhile = {0: meanwhile}
    await edge.load()
    assert edge.match(CLIENT, time.time()) is None
    assert edge.match(OTHER, time.time()) is not None


async def test_the_feed_is_followed_during_a_long_scan(embedded: Flaky, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bans, "POLL", 0.0)
    banned, edge = BanList(embedded), replica_of(embedded)
    for number in range(1000):
        await banned.ban(f"10.0.{number // 256}.{number % 256}", reason="", made_by="ann", duration=None)
    await edge.load()
    seen = []

    async def ban() -> None:
        await banned.ban("192.0.2.7", reason="", made_by="ann", duration=None)

    async def look() -> None:
        seen.append(edge.match(CLIENT, time.time()) is not None)

    embedded.meanwhile = {0: ban, 500: look}
    await edge.load()
    assert seen == [True]
    assert len(edge) == 1001
    assert edge.match(CLIENT, time.time()) is not None


async def test_missed_messages_are_made_up_for_by_a_scan(embedded: Flaky, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "RESCAN", 0.0)
    banned, edge = BanList(embedded), replica_of(embedded)
    await banned.ban("192.0.2.7", reason="", made_by="ann", duration=None)
    await edge.load()
    await embedded.delete(b"ban/4/32/c0000207")
    async with followed(edge):
        await comes_true(lambda: edge.match(CLIENT, time.time()) is None)


@pytest.mark.parametrize("error", [StateError("the server is away"), RuntimeError("a defect")])
async def test_what_is_known_stays_in_force_while_the_state_is_away(embedded: Flaky, error: Exception) -> None:
    log = CapturingLogger()
    banned, edge = BanList(embedded), replica_of(embedded, log)
    await banned.ban("192.0.2.7", reason="", made_by="ann", duration=None)
    await edge.load()
    embedded.error = error
    async with followed(edge):
        await comes_true(lambda: log.calls)
        assert edge.match(CLIENT, time.time()) is not None
        await embedded.delete(b"ban/4/32/c0000207")
        await asyncio.sleep(3 * bans.POLL)
        assert len(log.calls) == 1
        embedded.error = None
        await comes_true(lambda: edge.match(CLIENT, time.time()) is None)


async def test_what_cannot_be_read_is_passed_over(embedded: LmdbState) -> None:
    log = CapturingLogger()
    banned, edge = BanList(embedded), replica_of(embedded, log)
    await embedded.put(b"ban/0", b"\xc1")
    await embedded.put(
        b"ban/1", b"\x85\xa7network\xa6nobody\xa6reason\xa0\xa7made_by\xa0\xa7made_at\x00\xa7expires\xc0"
    )
    for payload in (b"", b"\xc1", b"\x81\xa7network\xa6nobody"):
        await embedded.publish(b"bans", payload, 60.0)
    await banned.ban("192.0.2.7", reason="", made_by="ann", duration=None)
    await edge.load()
    assert edge.match(CLIENT, time.time()) is not None
    assert len(log.calls) == 5


async def test_a_replica_is_bounded(embedded: LmdbState) -> None:
    log = CapturingLogger()
    banned, edge = BanList(embedded), replica_of(embedded, log, maximum=2)
    for number in range(3):
        await banned.ban(f"192.0.2.{number}", reason="", made_by="ann", duration=100.0 + number)
    await edge.load()
    assert len(edge) == 2
    assert edge.match(Client("192.0.2.0", 0, 4, 0xC0000200), time.time()) is None
    assert log.calls[0].kwargs["limit"] == 2
    await banned.ban("192.0.2.9", reason="", made_by="ann", duration=None)
    await edge.catch_up()
    assert len(edge) == 2
    assert len(log.calls) == 2
