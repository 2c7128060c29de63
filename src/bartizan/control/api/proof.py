"""The proof that comes with every request to the API: a device's key, for this request, with a nonce that is spent."""

from __future__ import annotations

import msgspec
from starlette.requests import Request

from bartizan.access.devices.dpop import Proof, verify_proof
from bartizan.access.devices.jws import decode_base64url
from bartizan.access.devices.nonces import NonceSpent
from bartizan.access.flows.alarms import alarm
from bartizan.access.flows.visitor import Visitor
from bartizan.control.api.session import access_token
from bartizan.control.requests import ClientInfo, client_of
from bartizan.control.services import Services
from bartizan.errors import ProofError

__all__ = ["proven_visitor"]

_HINTS = ("sec-ch-ua", "sec-ch-ua-platform", "sec-ch-ua-mobile")


class _Nonce(msgspec.Struct):
    nonce: str | None = None


async def proven_visitor(request: Request, services: Services) -> Visitor:
    """Return who asks. Raises ``ProofError``: ``use_dpop_nonce`` where another try with the nonce given would do."""
    proofs = request.headers.getlist("dpop")
    client = client_of(request)
    try:
        proof = verify_proof(
            proofs,
            method=request.method,
            url=services.origin + request.url.path,
            now=services.clock(),
            access_token=access_token(request),
        )
    except ProofError as error:
        if error.code == "invalid_dpop_proof" and len(proofs) == 1 and _lacks_nonce(proofs[0]):
            raise _nonce_needed() from error  # a clock that is wrong does not matter with a nonce
        raise
    visitor = _visitor(request, client, proof)
    try:
        await services.nonces.spend(proof.nonce)
    except NonceSpent:
        alarm(services.parts, visitor, "access.proof_replayed")
        raise
    return visitor


def _visitor(request: Request, client: ClientInfo, proof: Proof) -> Visitor:
    hints = {name: text for name in _HINTS if (text := request.headers.get(name)) is not None}
    return Visitor(
        client.address, client.ja4, client.user_agent, client.exchange, proof.thumbprint, proof.key.jwk, hints
    )


def _lacks_nonce(proof: str) -> bool:
    try:
        claims = decode_base64url(proof[:4096].split(".")[1].encode())
        return msgspec.json.decode(claims, type=_Nonce).nonce is None
    except (IndexError, ValueError, msgspec.MsgspecError):
        return False


def _nonce_needed() -> ProofError:
    return ProofError("use_dpop_nonce", "The proof needs a nonce that was given here and is fresh.")
