"""Queries without the secrets that people put into them."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote

__all__ = ["MASK", "is_secret", "mask_query"]

MASK = "***"
_MAX_NAME = 80  # characters of a name that are looked at
_SEPARATORS = str.maketrans("", "", "-_. ")
_PARTS = (
    "accesskey",
    "apikey",
    "assertion",
    "credential",
    "jwt",
    "passphrase",
    "passw",
    "privatekey",
    "saml",
    "secret",
    "session",
    "signature",
    "token",
)
_WHOLE = frozenset(
    ("auth", "authcode", "authorization", "bearer", "code", "hmac", "key", "mac", "otp", "pass", "pin", "pwd", "sid",
     "sig", "ticket", "totp")
)  # fmt: skip


def mask_query(query: str) -> str:
    """Return a query with ``***`` for the values of parameters whose names say that they are secret.

    Names are compared without case, separators and percent-encoding: ``access_token``, ``X-Amz-Signature``,
    ``user[password]``, ``code``. Both ``&`` and ``;`` separate parameters.
    """
    if ";" not in query:  # most queries have neither that nor a secret
        for parameter in query.split("&"):
            if is_secret(parameter[:_MAX_NAME].partition("=")[0]):
                break
        else:
            return query
    return "&".join([_masked(parameter) for parameter in query.split("&")])


def _masked(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    if equals and is_secret(name[:_MAX_NAME]):
        return f"{name}={MASK}"
    if ";" in parameter:
        return ";".join([_masked(part) for part in parameter.split(";")])
    return parameter


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Tell whether a parameter of this name holds something that must not be shown; see ``mask_query``."""
    plain = unquote(name).lower().translate(_SEPARATORS)
    last = plain.rstrip("]").rpartition("[")[2]
    return last in _WHOLE or plain in _WHOLE or any(part in plain for part in _PARTS)
