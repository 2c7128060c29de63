"""Nonces for proofs: made without being stored, good once, for some minutes (RFC 9449 section 8)."""

from __future__ import annotations

import base64
import secrets
import struct
from collections.abc import Callable
from hmac import compare_digest

from bartizan.access.devices.jws import decode_base64url
from bartizan.errors import ProofError
from bartizan.storage.state.interface import State

__all__ = ["NonceSpent", "Nonces"]

LIFETIME = 300.0  # seconds
AHEAD = 5.0  # seconds that the clock of the machine which made it may be ahead
_RANDOM, _MAC = 12, 16  # bytes
_TIME = struct.Struct("!Q")  # microseconds
_SIZE = _TIME.size + _RANDOM + _MAC
_LENGTH = 48  # characters
_PREFIX = b"nonce/"


class NonceSpent(ProofError):
    """A nonce of ours came a second time: whoever sent it has seen a proof of somebody else, or sends twice."""

    def __init__(self) -> None:
        super().__init__("use_dpop_nonce", "The nonce of the proof was used already.")


class Nonces:
    """Makes nonces and takes each back once; ``mac`` is keyed (``Vault.mac``), ``clock`` Unix time in seconds."""

    def __init__(self, mac: Callable[[str, bytes], bytes], state: State, clock: Callable[[], float]) -> None:
        self._mac = mac
        self._state = state
        self._clock = clock

    def issue(self) -> str:
        """Return a new nonce."""
        data = _TIME.pack(int(self._clock() * 1e6)) + secrets.token_bytes(_RANDOM)
        return base64.urlsafe_b64encode(data + self._tag(data)).decode()

    async def spend(self, nonce: str | None) -> None:
        """Take a nonce back; raises ``ProofError`` (``use_dpop_nonce``) if it is not ours or too old.

        Raises ``NonceSpent``, which is one, if it was spent before.
        """
        data = self._read(nonce)
        if data is None:
            raise ProofError("use_dpop_nonce", "The proof needs a nonce that was given here and is fresh.")
        if not await self._state.add(_PREFIX + data, b"", LIFETIME + AHEAD):
            raise NonceSpent

    def _read(self, nonce: str | None) -> bytes | None:
        if nonce is None or len(nonce) != _LENGTH or not nonce.isascii():
            return None
        try:
            raw = decode_base64url(nonce.encode())
        except ValueError:
            return None
        data, tag = raw[:-_MAC], raw[-_MAC:]
        if len(raw) != _SIZE or not compare_digest(tag, self._tag(data)):
            return None
        age = self._clock() - _TIME.unpack_from(data)[0] / 1e6
        return data if -AHEAD <= age <= LIFETIME else None

    def _tag(self, data: bytes) -> bytes:
        return self._mac("nonce", data)[:_MAC]
