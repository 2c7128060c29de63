"""Hashing of passwords with Argon2id (RFC 9106). It takes its time: call it in a thread of ``HashingThreads``.

Whoever tries names must not learn from the time whether a name exists. So verifying against nothing does the same work,
and verifying against a hash of less work than others does the rest as well: parameters differ between machines, and
from one start to the next.
"""

from __future__ import annotations

import secrets
import time
import unicodedata
from base64 import b64encode
from collections.abc import Callable

from argon2 import Parameters as Stored
from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.low_level import ARGON2_VERSION, hash_secret_raw

from bartizan.access.passwords.parameters import FLOOR, HASH_BYTES, LANES, MIB, SALT_BYTES, Parameters, cost, tuned

__all__ = ["MAX_LENGTH", "Passwords", "normalised"]

MAX_LENGTH = 1024  # characters, before and after normalisation
REHASH_BELOW = 0.75
"""Of the present work. With less tolerance, machines of about the same speed would hash anew for each other."""
LEARNT = 0.125  # how much each measurement of the cost counts against those before


def normalised(password: str) -> str | None:
    """Return the form that is hashed and compared, NFKC (SP 800-63B-4 section 3.1.1.2), or None if it is too long."""
    if len(password) > MAX_LENGTH:
        return None
    text = unicodedata.normalize("NFKC", password)
    return text if len(text) <= MAX_LENGTH else None


class Passwords:
    """Hashes and verifies with ``parameters``. Threads may share it.

    What it learns of costs may be lost when two threads learn at once; it is learnt again.
    """

    def __init__(self, parameters: Parameters = FLOOR) -> None:
        self.parameters = parameters
        self._hasher = PasswordHasher(parameters.passes, parameters.memory, LANES, HASH_BYTES, SALT_BYTES, type=Type.ID)
        self._costliest = parameters
        self._dummy = _nobodys(parameters)
        self._cost = 0.0  # seconds of the costliest; 0 while not known

    @classmethod
    def tune(
        cls, target: tuple[float, float] = (0.1, 0.25), measure: Callable[[Parameters], float] = cost
    ) -> Passwords:
        """Return one that takes a time within ``target``, in seconds, on this machine; takes about a second itself."""
        return cls(tuned(target, measure))

    def hash(self, password: str) -> bytes:
        """Return the hash with its parameters and salt, in PHC string format. Raises ``ValueError`` when too long."""
        text = normalised(password)
        if text is None:
            raise ValueError("the password is longer than any that a policy allows")
        return self._hasher.hash(_encoded(text)).encode()

    def verify(self, hash: bytes | None, password: str) -> bool:  # noqa: A002 - what it is
        """Tell whether this is the password that was hashed; with no hash it is not, which takes as long to find."""
        begun = time.thread_time()
        text = normalised(password)
        secret = _encoded(text or "")
        stored = _parameters(hash)
        if hash is None or stored is None:
            right, done = self._check(self._dummy, secret), self._costliest
        else:
            right = self._check(hash.decode(), secret)
            done = Parameters(stored.memory_cost, stored.time_cost)
        self._even_out(done, begun)
        return right and stored is not None and text is not None

    def needs_rehash(self, hash: bytes) -> bool:  # noqa: A002 - what it is
        """Tell whether a hash is of another kind, or of notably less work than is right now."""
        stored = _parameters(hash)
        if stored is None or stored.memory_cost < FLOOR.memory:
            return True
        present = (Type.ID, ARGON2_VERSION, HASH_BYTES, LANES)
        if (stored.type, stored.version, stored.hash_len, stored.parallelism) != present:
            return True
        return stored.memory_cost * stored.time_cost < REHASH_BELOW * self.parameters.work

    def _check(self, stored: str, secret: bytes) -> bool:
        try:
            return self._hasher.verify(stored, secret)
        except Argon2Error:
            return False

    def _even_out(self, done: Parameters, begun: float) -> None:
        """Go on until as much time was spent as on the costliest hash seen, which is what nobody's costs.

        Processor time, since the work says too little of it: what fits into the processor's cache is much quicker.
        """
        if done.work >= self._costliest.work:
            if done.work > self._costliest.work:
                self._costliest, self._dummy, self._cost = done, _nobodys(done), 0.0
            took = time.thread_time() - begun
            self._cost += (took - self._cost) * (LEARNT if self._cost else 1)
            return
        if not self._cost:
            start = time.thread_time()
            self._check(self._dummy, b"")
            self._cost = time.thread_time() - start
        while time.thread_time() - begun < self._cost:
            hash_secret_raw(b"", secrets.token_bytes(SALT_BYTES), 1, MIB, LANES, HASH_BYTES, Type.ID)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _parameters(hash: bytes | None) -> Stored | None:  # noqa: A002 - what it is
    try:
        return None if hash is None else extract_parameters(hash.decode())
    except (InvalidHashError, UnicodeDecodeError):
        return None


def _nobodys(parameters: Parameters) -> str:
    """Return a hash of no password, in PHC string format, without any work."""
    salt, digest = (b64encode(secrets.token_bytes(count)).rstrip(b"=").decode() for count in (SALT_BYTES, HASH_BYTES))
    return f"$argon2id$v={ARGON2_VERSION}$m={parameters.memory},t={parameters.passes},p={LANES}${salt}${digest}"
