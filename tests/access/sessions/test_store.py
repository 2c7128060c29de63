"""Sessions in the shared state, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from tests.support.redis import RedisServer
from tests.support.sessions import NOW, Clock, make_session

from bartizan.access.sessions.model import Session, split_token
from bartizan.access.sessions.store import SessionStore
from bartizan.storage.state.interface import State
from bartizan.storage.state.lmdb_engine import LmdbState
from bartizan.storage.state.valkey_engine import ValkeyState


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["lmdb", "valkey"])
async def state(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[State]:
    opened: State
    if request.param == "lmdb":
        opened = LmdbState(tmp_path, 2**24, clock)
    else:
        server = request.getfixturevalue("redis")
        opened = ValkeyState(server.url, timeout=5, key_prefix=tmp_path.name)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(state: State, clock: Clock) -> SessionStore:
    return SessionStore(state, clock)


def later(session: Session) -> Session:
    return msgspec.structs.replace(session, aal=3)


async def test_a_session_is_found_by_its_token_with_all_its_attributes(store: SessionStore) -> None:
    session = make_session()
    token, digest = await store.begin(session)
    found = await store.find(token)
    assert found is not None
    assert found.digest == digest
    assert msgspec.structs.replace(found.session, secret=b"") == session


async def test_no_other_token_finds_it(store: SessionStore) -> None:
    token, _ = await store.begin(make_session())
    other, _ = await store.begin(make_session())
    handle = token.partition(".")[0]
    for wrong in ("", handle, token[:-1], token + "A", f"{handle}.{other.partition('.')[2]}", f"{handle}.{'A' * 43}"):
        assert await store.find(wrong) is None


async def test_the_state_holds_nothing_that_opens_a_session(store: SessionStore, state: State) -> None:
    token, _ = await store.begin(make_session())
    kept = [entry async for entry in state.scan(b"")]
    assert kept
    for part in token.split("."):
        assert all(part.encode() not in entry.key + entry.value for entry in kept)


async def test_an_ended_session_is_gone_at_once_and_told_of(store: SessionStore) -> None:
    token, digest = await store.begin(make_session())
    assert await store.end(digest, "logout")
    assert await store.find(token) is None
    assert not await store.end(digest, "logout")
    [(cursor, ended)] = await store.ends(None)
    assert (ended.digest, ended.id, ended.reason) == (digest, "session-1", "logout")
    assert await store.ends(cursor) == []


async def test_a_rotated_token_is_good_at_once_and_the_old_one_a_moment_more(store: SessionStore, clock: Clock) -> None:
    token, digest = await store.begin(make_session())
    parts = split_token(token)
    assert parts is not None
    new = await store.rotate(digest, later, parts[0])
    assert new is not None
    assert new != token
    for each in (new, token):
        found = await store.find(each)
        assert found is not None
        assert found.session.aal == 3
    clock.forward(10)
    assert await store.find(token) is None
    assert await store.find(new) is not None


async def test_ending_a_rotated_session_ends_both_its_tokens(store: SessionStore) -> None:
    token, digest = await store.begin(make_session())
    new = await store.rotate(digest, later, token.partition(".")[0])
    await store.end(digest, "revoked")
    assert new is not None
    assert [await store.find(token), await store.find(new)] == [None, None]


async def test_use_is_noted_now_and_then(store: SessionStore, state: State) -> None:
    token, digest = await store.begin(make_session())
    found = await store.find(token)
    assert found is not None
    await store.touch(found, NOW + 29, "192.0.2.7")
    assert (await store.by_digest(digest) or found).session.seen == NOW
    await store.touch(found, NOW + 30, "192.0.2.8")
    again = await store.by_digest(digest)
    assert again is not None
    assert (again.session.seen, again.session.address) == (NOW + 30, "192.0.2.8")


async def test_use_does_not_bring_back_what_ended(store: SessionStore) -> None:
    token, digest = await store.begin(make_session())
    found = await store.find(token)
    assert found is not None
    await store.end(digest, "revoked")
    await store.touch(found, NOW + 60, "192.0.2.7")
    assert await store.find(token) is None
    assert await store.change(digest, later) is None
    assert await store.rotate(digest, later, token.partition(".")[0]) is None


async def test_changes_at_once_are_all_made(store: SessionStore) -> None:
    _, digest = await store.begin(make_session(aal=0))

    def raised(session: Session) -> Session:
        return msgspec.structs.replace(session, aal=session.aal + 1)

    await asyncio.gather(*(store.change(digest, raised) for _ in range(5)))
    found = await store.by_digest(digest)
    assert found is not None
    assert found.session.aal == 5


async def test_a_session_leaves_the_state_when_its_lifetime_is_over(tmp_path: Path, clock: Clock) -> None:
    state = LmdbState(tmp_path, 2**24, clock)
    store = SessionStore(state, clock)
    token, _ = await store.begin(make_session())
    clock.forward(7199)
    assert await store.find(token) is not None
    clock.forward(1)
    assert await store.find(token) is None
    await state.close()


async def test_a_revoked_session_comes_back_once_as_it_was(store: SessionStore) -> None:
    token, digest = await store.begin(make_session())
    found = await store.find(token)
    assert await store.revoke(digest, "risk")
    assert await store.find(token) is None
    assert [(ended.digest, ended.reason) for _, ended in await store.ends(None)] == [(digest, "risk")]
    assert await store.restore(digest) is not None
    assert await store.find(token) == found
    assert await store.restore(digest) is None


async def test_of_several_that_revoke_a_session_one_does(store: SessionStore) -> None:
    _, digest = await store.begin(make_session())
    assert sorted(await asyncio.gather(*(store.revoke(digest, "risk") for _ in range(5)))) == [False] * 4 + [True]
    assert await store.restore(digest) is not None, "it was kept all the same"


async def test_a_session_that_ended_otherwise_or_would_have_run_out_does_not_come_back(
    store: SessionStore, clock: Clock
) -> None:
    _, ended = await store.begin(make_session())
    await store.end(ended, "logout")
    assert not await store.revoke(ended, "risk")
    assert await store.restore(ended) is None
    _, short = await store.begin(make_session(expires=NOW + 100))
    await store.revoke(short, "risk")
    clock.forward(101)
    assert await store.restore(short) is None
    assert await store.by_digest(short) is None


async def test_an_end_that_cannot_be_read_does_not_hide_those_behind_it(store: SessionStore, state: State) -> None:
    _, digest = await store.begin(make_session())
    await state.publish(b"sessions", b"\xc1", 60)
    await store.end(digest, "logout")
    assert [ended.digest for _, ended in await store.ends(None)] == [digest]
