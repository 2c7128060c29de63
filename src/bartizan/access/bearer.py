"""Access tokens of API clients at the edge: good only together with a fresh proof of the device's key (RFC 9449)."""

from __future__ import annotations

from hmac import compare_digest

from bartizan.access.devices.dpop import WINDOW, verify_proof
from bartizan.access.presented import Presented
from bartizan.access.sessions.model import Session, digest_of
from bartizan.errors import ProofError
from bartizan.pipeline import Exchange, StepUp
from bartizan.storage.state.interface import State

__all__ = ["Bearer", "refusal"]

_PREFIX = b"jti/"


class Bearer:
    """Verifies proofs for requests to ``origin`` (``https://host``); what was used once is kept in the state."""

    def __init__(self, state: State, origin: str) -> None:
        self._state = state
        self._origin = origin

    async def verify(self, exchange: Exchange, presented: Presented, session: Session, now: float) -> None:
        """Raise ``ProofError`` unless the device of ``session`` made the proof for this very request."""
        request = exchange.request
        url = self._origin + request.path
        proof = verify_proof(
            presented.proof or (), method=request.method, url=url, now=now, access_token=presented.token
        )
        if not compare_digest(proof.thumbprint, session.thumbprint):
            raise ProofError(
                "invalid_dpop_proof", "The DPoP proof does not hold: another key than the token's made it."
            )
        if proof.nonce is not None and not -WINDOW <= now - proof.issued <= WINDOW:
            raise ProofError("invalid_dpop_proof", "The DPoP proof does not hold: iat is not now.")
        used = _PREFIX + proof.thumbprint.encode() + digest_of(proof.jti)
        if not await self._state.add(used, b"", 2 * WINDOW + 1):
            raise ProofError("invalid_dpop_proof", "The DPoP proof does not hold: it was used already.")


def refusal(error: ProofError) -> StepUp:
    """Return the answer to a proof that does not hold (RFC 9449 section 7.1)."""
    code = "use_dpop_nonce" if error.code == "use_dpop_nonce" else "invalid_dpop_proof"
    value = f'DPoP error="{code}", error_description="{error}", algs="ES256"'
    because = f"a proof of the device's key was refused: {error}"
    return StepUp(401, because=because, detail=str(error), headers=((b"www-authenticate", value.encode()),))
