"""The ring of signing keys: one signs, those before it are still shown until nothing of theirs can be valid.

All processes of a machine share the ring through one file. Each looks at most every second whether it has changed. A
file that is lost or damaged meanwhile changes nothing for those who have the keys; ``open`` and ``rotate`` tell of it.
"""

from __future__ import annotations

import base64
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey

from bartizan.errors import SealError
from bartizan.keys.files import locked, read_secret, write_secret

__all__ = ["Algorithm", "KeyRing"]

Algorithm = Literal["EdDSA", "ES256"]
SHOWN_FOR = 3600.0  # seconds that a retired key stays in the JWKS
LOOK = 1.0  # seconds between two looks at the file
_FILE = "signing.json"


class _Entry(msgspec.Struct):
    """A key with when it began and ceased to sign (Unix seconds)."""

    algorithm: str
    jwk: dict[str, str]
    made: float
    retired: float | None = None


class _Key:
    """A key ready to sign."""

    def __init__(self, entry: _Entry) -> None:
        self.entry = entry
        self.key = (OKPKey if entry.algorithm == "EdDSA" else ECKey).import_key(dict(entry.jwk))
        self.kid = self.key.thumbprint()

    def public(self) -> dict[str, Any]:
        shown: dict[str, Any] = dict(self.key.as_dict(private=False))
        return shown | {"kid": self.kid, "use": "sig", "alg": self.entry.algorithm}


class KeyRing:
    """Signs JWTs (RFC 7519) and shows the keys to verify them with (RFC 7517); ``clock`` is Unix time in seconds."""

    def __init__(self, file: Path, algorithm: Algorithm, clock: Callable[[], float]) -> None:
        self._file = file
        self._algorithm = algorithm
        self._clock = clock
        self._keys: list[_Key] = []
        self._seen: tuple[int, int] | None = None
        self._looked = float("-inf")

    @classmethod
    def open(cls, directory: Path, algorithm: Algorithm, clock: Callable[[], float]) -> KeyRing:
        """Return the ring of a directory; a key is made where none for ``algorithm`` signs. Raises ``SealError``."""
        ring = cls(directory / _FILE, algorithm, clock)
        ring._change(replace=False)
        return ring

    def sign(self, claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
        """Return a signed JWT; its ``kid`` is the thumbprint of the key (RFC 7638)."""
        return self._encode(self._signing(), claims, header)

    def sign_alike(self, claims: dict[str, Any]) -> str:
        """Return a signed JWT that is the same for the same claims while the key is (RFC 6979 section 3.2)."""
        key = self._signing()
        token = self._encode(key, claims, None)
        private = key.key.private_key if isinstance(key.key, ECKey) else None
        if private is None:
            return token  # Ed25519 signs alike by itself
        signed = token.rpartition(".")[0]
        signature = private.sign(signed.encode("ascii"), ECDSA(SHA256(), deterministic_signing=True))
        numbers = b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(signature))
        return f"{signed}.{base64.urlsafe_b64encode(numbers).rstrip(b'=').decode('ascii')}"

    def _encode(self, key: _Key, claims: dict[str, Any], header: dict[str, Any] | None) -> str:
        fields = {"typ": "JWT", **(header or {}), "alg": self._algorithm, "kid": key.kid}
        with warnings.catch_warnings():  # RFC 9864 would have us say Ed25519, which few verifiers know yet
            warnings.simplefilter("ignore", SecurityWarning)
            return jwt.encode(fields, claims, key.key, algorithms=["EdDSA", "ES256"])

    def jwks(self) -> dict[str, Any]:
        """Return the public keys: that which signs, and those that did until an hour ago."""
        self._look()
        now = self._clock()
        shown = [key for key in self._keys if key.entry.retired is None or now - key.entry.retired < SHOWN_FOR]
        return {"keys": [key.public() for key in shown]}

    def rotate(self) -> str:
        """Have a new key sign from now on, in every process within a second; returns its ``kid``."""
        self._change(replace=True)
        return self._signing().kid

    def _signing(self) -> _Key:
        """Return the key that signs: the one in force, or the last where a newer configuration has another kind."""
        self._look()
        ours = [key for key in self._keys if key.entry.algorithm == self._algorithm]
        if not ours:
            raise SealError(f"{self._file} has no key for {self._algorithm}: restart Bartizan, it makes one")
        return next((key for key in ours if key.entry.retired is None), ours[-1])

    def _look(self) -> None:
        now = self._clock()
        if 0 <= now - self._looked < LOOK:
            return
        self._looked = now
        try:
            stat = self._file.stat()
            seen = stat.st_mtime_ns, stat.st_ino
            if seen != self._seen:
                self._keys = self._ready() or self._keys
                self._seen = seen
        except (OSError, SealError):
            if not self._keys:
                raise

    def _change(self, *, replace: bool) -> None:
        with locked(self._file.parent):
            now = self._clock()
            entries = [entry for entry in self._read() if entry.retired is None or now - entry.retired < SHOWN_FOR]
            current = [each for each in entries if each.retired is None]
            if replace or all(each.algorithm != self._algorithm for each in current):
                for each in current:
                    each.retired = now
                entries.append(_new(self._algorithm, now))
                write_secret(self._file, msgspec.json.encode(entries))
            self._keys = self._ready()
        self._looked = float("-inf")

    def _ready(self) -> list[_Key]:
        try:
            return [_Key(entry) for entry in self._read()]
        except (ValueError, JoseError) as error:
            raise SealError(f"{self._file} has a key that is none ({error}): remove the file to begin anew") from None

    def _read(self) -> list[_Entry]:
        data = read_secret(self._file)
        try:
            return [] if data is None else msgspec.json.decode(data, type=list[_Entry])
        except msgspec.MsgspecError as error:
            raise SealError(f"{self._file} is damaged ({error}): restore it, or remove it to begin anew") from None

    def __repr__(self) -> str:
        return f"KeyRing({str(self._file)!r})"


def _new(algorithm: Algorithm, now: float) -> _Entry:
    key = OKPKey.generate_key("Ed25519") if algorithm == "EdDSA" else ECKey.generate_key("P-256")
    return _Entry(algorithm, {name: str(value) for name, value in key.as_dict(private=True).items()}, now)
