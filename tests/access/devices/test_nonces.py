"""Nonces: ours, fresh, and good once, in whichever process they come back."""

import asyncio
import base64
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.sessions import Clock

from bartizan.access.devices.nonces import AHEAD, LIFETIME, Nonces
from bartizan.errors import ProofError
from bartizan.keys.vault import Vault
from bartizan.storage.state.lmdb_engine import LmdbState

VAULT = Vault(bytes(32))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def nonces(tmp_path: Path, clock: Clock) -> Nonces:
    return Nonces(VAULT.mac, LmdbState(tmp_path, 2**22, clock), clock)


async def refused(nonces: Nonces, nonce: str | None) -> None:
    with pytest.raises(ProofError) as caught:
        await nonces.spend(nonce)
    assert caught.value.code == "use_dpop_nonce"


async def test_a_nonce_is_good_once(nonces: Nonces) -> None:
    nonce = nonces.issue()
    await nonces.spend(nonce)
    await refused(nonces, nonce)


async def test_of_many_who_spend_one_at_once_one_succeeds(nonces: Nonces) -> None:
    nonce = nonces.issue()
    outcomes = await asyncio.gather(*(nonces.spend(nonce) for _ in range(20)), return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1


async def test_another_process_takes_it_back(tmp_path: Path, clock: Clock) -> None:
    state = LmdbState(tmp_path, 2**22, clock)
    nonce = Nonces(VAULT.mac, state, clock).issue()
    await Nonces(VAULT.mac, state, clock).spend(nonce)
    await refused(Nonces(VAULT.mac, state, clock), nonce)


async def test_none_is_like_another(nonces: Nonces) -> None:
    made = [nonces.issue() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert all(len(nonce) == 48 and nonce.isascii() for nonce in made)


async def test_it_is_good_for_five_minutes(nonces: Nonces, clock: Clock) -> None:
    first, second = nonces.issue(), nonces.issue()
    clock.forward(LIFETIME - 1)
    await nonces.spend(first)
    clock.forward(2)
    await refused(nonces, second)


async def test_one_that_was_spent_is_remembered_while_it_would_be_good(nonces: Nonces, clock: Clock) -> None:
    clock.forward(AHEAD - 1)
    nonce = nonces.issue()
    clock.forward(1 - AHEAD)
    await nonces.spend(nonce)
    clock.forward(LIFETIME + AHEAD - 2)
    await refused(nonces, nonce)


async def test_one_from_the_future_is_refused(nonces: Nonces, clock: Clock) -> None:
    nonce = nonces.issue()
    clock.forward(-AHEAD - 1)
    await refused(nonces, nonce)


async def test_one_of_another_key_or_purpose_is_refused(tmp_path: Path, nonces: Nonces, clock: Clock) -> None:
    state = LmdbState(tmp_path / "other", 2**22, clock)
    await refused(nonces, Nonces(Vault(b"x" * 32).mac, state, clock).issue())
    await refused(nonces, Nonces(lambda _, data: VAULT.mac("other", data), state, clock).issue())


@pytest.mark.parametrize("nonce", [None, "", "x", "é" * 48, "=" * 48, "A" * 48, "A" * 10_000])
async def test_what_is_no_nonce_is_refused(nonces: Nonces, nonce: str | None) -> None:
    await refused(nonces, nonce)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.integers(0, 35), st.integers(0, 7))
def test_a_changed_bit_is_refused(nonces: Nonces, at: int, bit: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(nonces.issue()))
    raw[at] ^= 1 << bit
    asyncio.run(refused(nonces, base64.urlsafe_b64encode(bytes(raw)).decode()))
