"""Which authentication assurance level (AAL) a set of proven factors has, after NIST SP 800-63B-4. Pure.

proven                                             AAL  why (clauses of SP 800-63B-4)
one factor, not a passkey                           1   2.1.1: any single authenticator
password + recovery code                            2   2.2.1: password and a look-up secret (3.1.1, 3.1.2)
password + push                                     2   2.2.1: password and an out-of-band device (3.1.1, 3.1.3)
password + TOTP                                     2   2.2.1: password and a single-factor OTP (3.1.1, 3.1.4)
WebAuthn with user verification                     2   2.2.1: multi-factor cryptographic (3.1.7); B.3: UV makes it one
the same, its key bound to its authenticator,       3   2.3.1: cryptographic with a key that cannot be exported, and a
  + password or another factor                          password (3.1.6, 3.1.1); B.2: a synced key is no such key

WebAuthn alone could be AAL3 by 2.3.1 if its authenticator were known to be hardware. Without attestation only its own
flags say so: a second factor that is checked here makes up for that. Two factors without a password or WebAuthn stay
AAL1, since a combination of single-factor authenticators has to include a password (2.2.1).
"""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["ADDITIONAL", "assurance"]

ADDITIONAL = ("webauthn", "totp", "push", "recovery")
"""Factors besides the password, the strongest first."""
_PHYSICAL = frozenset(("totp", "push", "recovery"))
"""Something one has (2.2.1), other than WebAuthn."""


def assurance(factors: Collection[str], *, device_bound: bool) -> int:
    """Return the AAL, 1 to 3, or 0 for no factor.

    ``device_bound``: the WebAuthn key that was used is not backup eligible (Web Authentication Level 3, 6.1.3).
    """
    if not factors:
        return 0
    password = "password" in factors
    physical = not _PHYSICAL.isdisjoint(factors)
    if "webauthn" in factors:
        return 3 if device_bound and (password or physical) else 2
    return 2 if password and physical else 1
