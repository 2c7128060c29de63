"""How many attempts to log in there may be, and how many wrong ones in a row.

Two kinds of attempts are counted apart. Those from a device that the account trusts, and that proved its key, have a
share of their own: nobody else can use it up, so nobody can lock a person out by guessing. All others are counted by
account, address and network at once. An account is any name that was typed, whether there is such a person or not.
"""

from __future__ import annotations

import hashlib

from bartizan.config.model import LoginLimits
from bartizan.errors import AccessError, TooManyAttempts
from bartizan.storage.state.interface import GcraLimit, State

__all__ = ["FAILURES", "ConsecutiveFailures", "LoginThrottle"]

PERIOD = 900.0  # seconds that limits are for
FAILURES = 100  # in a row, SP 800-63B-4 section 3.2.2
FACTORS = ("password", "totp", "recovery", "push", "webauthn")


class LoginThrottle:
    """Counts attempts in the shared state, exactly, over all processes and machines. Methods raise ``StateError``."""

    def __init__(self, state: State, limits: LoginLimits) -> None:
        self._state = state
        self._limits = limits

    async def admit(
        self, *, account: str, device: str | None, address: str, network: str, now: float | None = None
    ) -> None:
        """Count an attempt, or raise ``TooManyAttempts``; what is refused is not counted.

        ``account`` is the normalised name. ``device`` names a device that this account trusts and whose proof was
        verified, and is None for any other. ``network`` is the /24 or /48 of ``address``; both are empty for a client
        without one. ``now``, Unix seconds, is by default the state's own clock.
        """
        limits = self._limits
        if device is not None:
            counted = [_limit("device", f"{account}/{device}", limits.per_device)]
        else:
            counted = [_limit("account", account, limits.per_account)]
            if address:
                counted.append(_limit("address", address, limits.per_address))
                counted.append(_limit("network", network, limits.per_network))
        results = await self._state.gcra(counted, now)
        if not all(result.allowed for result in results):
            raise TooManyAttempts(max(result.retry_after for result in results))


class ConsecutiveFailures:
    """Ends guessing at a factor from a trusted device after 100 wrong answers in a row, however slowly they come.

    Counted by person, factor and device: others who guess do not count against a person's own device. As many guesses
    as ``LoginThrottle`` lets through at once may be under way when the last one is counted, so it ends that much
    earlier.
    """

    def __init__(self, state: State, limits: LoginLimits) -> None:
        self._state = state
        self._most = FAILURES - min(limits.per_device, FAILURES // 2)

    async def admit(self, principal: str, factor: str, device: str) -> None:
        """Raise ``AccessError`` (``factor_locked``) if there have been too many wrong answers."""
        count = await self._state.get(_key("failures", f"{principal}/{factor}/{device}"))
        if count is not None and int(count) >= self._most:
            raise AccessError(
                "factor_locked",
                "There were too many wrong answers from this device. Log in in another way, or ask an administrator.",
            )

    async def failed(self, principal: str, factor: str, device: str) -> None:
        """An answer was wrong."""
        await self._state.increment(_key("failures", f"{principal}/{factor}/{device}"))

    async def succeeded(self, principal: str, factor: str, device: str) -> None:
        """An answer was right: earlier ones count no more."""
        await self._state.delete(_key("failures", f"{principal}/{factor}/{device}"))

    async def logged_in(self, principal: str, device: str) -> None:
        """A login came to its end on this device, which unlocks every factor (SP 800-63B-4 section 3.2.2)."""
        for factor in FACTORS:
            await self.succeeded(principal, factor, device)


def _limit(kind: str, about: str, rate: int) -> GcraLimit:
    return GcraLimit(_key(kind, about), rate, PERIOD, rate)


def _key(kind: str, about: str) -> bytes:
    """Hash what is counted: a password that was typed as a name must not be found in the state."""
    digest = hashlib.sha256(about.encode("utf-8", "surrogatepass")).digest()[:16]
    return b"login/%b/%b" % (kind.encode(), digest)
