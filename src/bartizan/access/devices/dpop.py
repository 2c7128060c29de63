"""Proofs of a device's key: DPoP proof JWTs, checked as RFC 9449 section 4.3 lists it.

Fresh is a proof that has a nonce of ours (then clocks do not count: section 11.1), or one that was made within
``WINDOW`` seconds. That a nonce, or the ``jti`` of a proof without one, is used once only is for the caller to see to.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from hmac import compare_digest
from typing import Any

import msgspec

from bartizan.access.devices.jwk import DeviceKey, parse_jwk
from bartizan.access.devices.jws import Jws, is_signed_by, split_jws
from bartizan.errors import ProofError, RequestError
from bartizan.http.target import normalise_path, parse_host

__all__ = ["WINDOW", "Proof", "verify_proof"]

WINDOW = 60.0  # seconds that the clocks of an API client and ours may differ
MAX_PROOF = 4096  # bytes
MAX_JTI = 256  # characters
_URL = re.compile(r"(https?)://([^/?#@]{1,300})(/[^?#]*)?(?:[?#].*)?", re.IGNORECASE | re.DOTALL)
_PORTS = {"https": 443, "http": 80}


class _Header(msgspec.Struct):
    typ: str
    alg: str
    jwk: dict[str, Any]
    crit: Any = None


class _Claims(msgspec.Struct):
    jti: str
    htm: str
    htu: str
    iat: float
    nonce: str | None = None
    ath: str | None = None


class Proof(msgspec.Struct, frozen=True):
    """A proof that holds: ``key`` signed it. ``nonce`` and ``jti`` are for the caller to spend."""

    key: DeviceKey
    jti: str
    nonce: str | None
    issued: float

    @property
    def thumbprint(self) -> str:
        """Of the key (RFC 7638)."""
        return self.key.thumbprint


_decode_header = msgspec.json.Decoder(_Header).decode
_decode_claims = msgspec.json.Decoder(_Claims).decode


def verify_proof(
    proofs: Sequence[str | bytes], *, method: str, url: str, now: float, access_token: str | None = None
) -> Proof:
    """Return the proof of a request, given the values of all its DPoP header fields.

    ``url`` is the request's, ``now`` Unix time in seconds. ``access_token`` is the token that came with it. Raises
    ``ProofError`` with the code ``invalid_dpop_proof``, or ``invalid_key``; the message says which check failed.
    """
    if len(proofs) != 1:
        raise _refused("there is no DPoP header" if not proofs else "there is more than one DPoP header")
    header, claims, jws = _parse(proofs[0])
    if header.typ != "dpop+jwt":
        raise _refused("typ is not dpop+jwt")
    if header.alg != "ES256":
        raise _refused("alg is not ES256")
    if header.crit is not None:
        raise _refused("crit names extensions, and none is known here")
    key = parse_jwk(header.jwk)
    if not is_signed_by(jws, key.key):
        raise _refused("the signature does not hold")
    _check(claims, method, url, now, access_token)
    return Proof(key, claims.jti, claims.nonce, claims.iat)


def _parse(proof: str | bytes) -> tuple[_Header, _Claims, Jws]:
    try:
        jws = split_jws(proof, MAX_PROOF)
        return _decode_header(jws.header), _decode_claims(jws.payload), jws
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise _refused("it is not a well-formed JWT with typ, alg, jwk, jti, htm, htu and iat") from None


def _check(claims: _Claims, method: str, url: str, now: float, access_token: str | None) -> None:
    if claims.htm != method:
        raise _refused("htm is not the method of the request")
    if not _is_same(claims.htu, url):
        raise _refused("htu is not the URL of the request")
    if not 1 <= len(claims.jti) <= MAX_JTI:
        raise _refused(f"jti is not 1 to {MAX_JTI} characters")
    if claims.nonce is None and not -WINDOW <= now - claims.iat <= WINDOW:
        raise _refused("iat is not now; see to the clock of the client, or use the nonce that was given")
    if access_token is None:
        return
    digest = hashlib.sha256(access_token.encode("utf-8", "surrogatepass")).digest()
    expected = base64.urlsafe_b64encode(digest).rstrip(b"=")
    if claims.ath is None or not compare_digest(claims.ath.encode("utf-8", "surrogatepass"), expected):
        raise _refused("ath is not the hash of the access token")


def _is_same(htu: str, url: str) -> bool:
    """Compare URLs without query and fragment, normalised (RFC 3986 section 6.2.2 and 6.2.3)."""
    if htu == url:
        return True
    one, other = _normal(htu), _normal(url)
    return one is not None and one == other


def _normal(url: str) -> tuple[str, str, int | None, str] | None:
    """Return scheme, host, port and path as the gateway writes those of requests; None for what is no http(s) URL."""
    found = _URL.fullmatch(url)
    if found is None:
        return None
    scheme = found[1].lower()
    try:
        host, port = parse_host(found[2].encode("ascii"))
        path = normalise_path((found[3] or "/").encode("ascii"), "keep")
    except (RequestError, UnicodeEncodeError):
        return None
    return scheme, host, port or _PORTS[scheme], path


def _refused(what: str) -> ProofError:
    return ProofError("invalid_dpop_proof", f"The DPoP proof does not hold: {what}.")
