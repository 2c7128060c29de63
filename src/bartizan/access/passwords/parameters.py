"""How much work a password hash is, and how much of it this machine does in the time that a login may take."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

from argon2.low_level import Type, hash_secret_raw

__all__ = ["FLOOR", "HASH_BYTES", "LANES", "MIB", "PASSES", "SALT_BYTES", "Parameters", "cost", "tuned"]

MIB = 1024  # KiB
LANES = 1  # a hash keeps to one core; other cores are for other hashes
HASH_BYTES, SALT_BYTES = 32, 16  # RFC 9106 section 4
MIN_MEMORY, MAX_MEMORY = 19 * MIB, 256 * MIB
PASSES = 2
ROUNDS = 4  # of approaching the target; the time is not quite proportional to the work


@dataclass(frozen=True, slots=True)
class Parameters:
    """Of Argon2id (RFC 9106): ``memory`` in KiB, and how often it is passed over."""

    memory: int
    passes: int

    @property
    def work(self) -> int:
        """Return the number of KiB written, to which the time is about proportional."""
        return self.memory * self.passes


FLOOR = Parameters(MIN_MEMORY, PASSES)
"""What the OWASP Password Storage Cheat Sheet asks for at the least, however slow the machine."""


def cost(parameters: Parameters) -> float:
    """Return the seconds of processor time that a hash takes here: the least of three, as disturbances only add."""
    return min(_once(parameters) for _ in range(3))


def tuned(target: tuple[float, float], measure: Callable[[Parameters], float] = cost) -> Parameters:
    """Return parameters for a hash that takes from ``target[0]`` to ``target[1]`` seconds, within bounds.

    More memory first, as that is what attackers with special hardware lack (RFC 9106 section 4): 19 to 256 MiB. Then
    more passes.
    """
    least, most = target
    found = FLOOR
    for _ in range(ROUNDS):
        took = measure(found)
        if least <= took <= most:
            return found
        better = _for_work(found.work * sqrt(least * most) / max(took, 1e-6))
        if better == found:
            return found
        found = better
    return found


def _for_work(work: float) -> Parameters:
    memory = round(work / PASSES / MIB) * MIB
    if memory <= MAX_MEMORY:
        return Parameters(max(MIN_MEMORY, memory), PASSES)
    return Parameters(MAX_MEMORY, max(PASSES, min(round(work / MAX_MEMORY), 64)))


def _once(parameters: Parameters) -> float:
    salt = secrets.token_bytes(SALT_BYTES)
    begun = time.thread_time()
    hash_secret_raw(b"a password", salt, parameters.passes, parameters.memory, LANES, HASH_BYTES, Type.ID)
    return time.thread_time() - begun
