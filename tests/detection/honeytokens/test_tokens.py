"""Planted tokens are remembered without their secrets, and known to every replica."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog import get_logger

from bartizan.config.model import State as Settings
from bartizan.detection.honeytokens import tokens as module
from bartizan.detection.honeytokens.tokens import HoneytokenList, digest_of_jti, digest_of_secret, follow_planted
from bartizan.storage.state import State, open_state

SECRET = b"sk_live_0123456789abcdefghijklmn"


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    opened = open_state(Settings(), tmp_path)
    yield opened
    await opened.close()


async def test_a_token_is_planted_followed_and_forgotten(state: State) -> None:
    tokens, replica = HoneytokenList(state, lambda: 1000.0), follow_planted(state, get_logger())
    digest = digest_of_secret(SECRET)
    made = await tokens.plant("api_key", digest, place=" repository infra/terraform ", made_by="root", form="live")
    assert (made.place, made.made_at, made.made_by, made.form) == ("repository infra/terraform", 1000.0, "root", "live")
    await replica.catch_up()
    assert replica.held == {digest: made}
    other = follow_planted(state, get_logger())
    await other.load()
    assert other.held == {digest: made}
    assert await tokens.all() == [made]
    assert await tokens.forget(made.id) == made
    assert await tokens.forget(made.id) is None
    await replica.catch_up()
    assert replica.held == {}


async def test_the_state_has_no_secret(state: State) -> None:
    await HoneytokenList(state).plant("api_key", digest_of_secret(SECRET), place="wiki", made_by="root")
    assert [SECRET in entry.value or SECRET in entry.key async for entry in state.scan(b"")] == [False]


async def test_a_place_has_to_be_said(state: State) -> None:
    with pytest.raises(ValueError, match="place"):
        await HoneytokenList(state).plant("cookie", b"d", place="  ", made_by="root")


async def test_there_is_an_end_to_how_many_are_kept(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PLANTED", 1)
    await HoneytokenList(state).plant("cookie", b"d", place="wiki", made_by="root")
    with pytest.raises(ValueError, match="forget some"):
        await HoneytokenList(state).plant("cookie", b"e", place="wiki", made_by="root")


def test_a_jti_and_a_secret_of_the_same_text_are_not_the_same() -> None:
    assert digest_of_jti("a") != digest_of_secret(b"a")
