"""Access tokens of API clients are good with a fresh proof of their own key, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.device import make_proof, new_key, public_jwk
from tests.support.exchange import make_exchange
from tests.support.sessions import NOW, make_session

from bartizan.access.bearer import Bearer, refusal
from bartizan.access.devices.jwk import parse_jwk
from bartizan.access.presented import Presented
from bartizan.errors import ProofError
from bartizan.storage.state.lmdb_engine import LmdbState

ORIGIN = "https://api.test"
KEY = new_key()
SESSION = make_session(kind="dpop", thumbprint=parse_jwk(public_jwk(KEY)).thumbprint)


@pytest.fixture
async def bearer(tmp_path: Path) -> AsyncIterator[Bearer]:
    state = LmdbState(tmp_path, 2**24)
    yield Bearer(state, ORIGIN)
    await state.close()


def proof(
    key: object = KEY, *, method: str = "GET", path: str = "/orders", token: str = "token", now: float = NOW
) -> bytes:
    return make_proof(key, method, ORIGIN + path, now=now, nonce=None, token=token).encode()  # type: ignore[arg-type]


async def verify(bearer: Bearer, *proofs: bytes, now: float = NOW) -> None:
    await bearer.verify(make_exchange(path="/orders"), Presented("token", list(proofs)), SESSION, now)


async def test_a_proof_is_good_once(bearer: Bearer) -> None:
    made = proof()
    await verify(bearer, made)
    with pytest.raises(ProofError, match="used already"):
        await verify(bearer, made)
    await verify(bearer, proof())


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (proof(new_key()), "another key"),
        (proof(method="POST"), "htm"),
        (proof(path="/other"), "htu"),
        (proof(token="another"), "ath"),
        (proof(now=NOW - 61), "iat"),
        (b"x.y.z", "not"),
    ],
    ids=["key", "method", "path", "token", "time", "form"],
)
async def test_a_proof_for_anything_else_is_refused(bearer: Bearer, made: bytes, why: str) -> None:
    with pytest.raises(ProofError, match=why):
        await verify(bearer, made)


async def test_none_and_two_proofs_are_refused(bearer: Bearer) -> None:
    for proofs in ((), (proof(), proof())):
        with pytest.raises(ProofError):
            await verify(bearer, *proofs)


def test_a_refusal_is_told_as_rfc_9449_says() -> None:
    verdict = refusal(ProofError("invalid_dpop_proof", "It does not hold."))
    assert verdict.status == 401
    assert dict(verdict.headers)[b"www-authenticate"] == (
        b'DPoP error="invalid_dpop_proof", error_description="It does not hold.", algs="ES256"'
    )
