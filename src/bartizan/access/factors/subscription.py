"""Web Push subscriptions (RFC 8030, RFC 8291), as browsers send them: where to post, and for whom to encrypt.

The endpoint is a URL that a client chose, and that we post to. So it is only ever a push service that the configuration
names, and what is not named by its very host may neither be inside our networks nor on another port.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Iterable
from typing import Annotated, Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from bartizan.errors import AccessError

__all__ = ["PushServices", "Subscription", "is_public", "read_subscription"]

HTTPS = 443
_ENDPOINT = re.compile(r"https://([a-z0-9.-]{1,253})(?::([0-9]{1,5}))?(/[A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]{0,1900})")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class _Keys(msgspec.Struct):
    p256dh: Annotated[str, msgspec.Meta(min_length=87, max_length=88)]
    auth: Annotated[str, msgspec.Meta(min_length=22, max_length=24)]


class _Form(msgspec.Struct):
    """PushSubscriptionJSON (Push API section 8.3)."""

    endpoint: Annotated[str, msgspec.Meta(max_length=2048)]
    keys: _Keys


class Subscription(NamedTuple):
    """Where to post, and for whom to encrypt. ``trusted``: the configuration names this very host."""

    endpoint: str
    host: str
    port: int
    target: str
    p256dh: str
    auth: str
    trusted: bool

    @property
    def origin(self) -> str:
        """The push service's, as a VAPID audience."""
        return f"https://{self.host}" if self.port == HTTPS else f"https://{self.host}:{self.port}"

    def stored(self) -> dict[str, Any]:
        """Return it for ``Device.push``."""
        return {"endpoint": self.endpoint, "keys": {"p256dh": self.p256dh, "auth": self.auth}}


class PushServices:
    """The hosts that ``access.push.services`` names; ``*.example.org`` are all below ``example.org``."""

    def __init__(self, names: Iterable[str]) -> None:
        lowered = [name.lower().rstrip(".") for name in names]
        self._exact = frozenset(name for name in lowered if not name.startswith("*."))
        self._below = tuple(name[1:] for name in lowered if name.startswith("*."))

    def names(self, host: str) -> bool:
        """Tell whether the configuration names this very host."""
        return host in self._exact

    def covers(self, host: str) -> bool:
        """Tell whether the configuration names the host, or one that it is below."""
        return host in self._exact or any(host.endswith(below) for below in self._below)


def read_subscription(value: object, services: PushServices) -> Subscription:
    """Return what ``PushSubscription.toJSON()`` gave, or ``Device.push`` holds.

    Raises ``AccessError`` (``push_subscription``) for what has another form, or is of a service that is not named.
    """
    try:
        form = msgspec.convert(value, _Form)
    except msgspec.ValidationError:
        raise _refused("The subscription is not one that a browser makes.") from None
    host, port, target = _split(form.endpoint)
    if not services.covers(host):
        raise _refused(f"Messages are not sent by {host}. Ask an administrator to allow this push service.")
    trusted = services.names(host)
    if port != HTTPS and not trusted:
        raise _refused("A push service listens on port 443.")
    p256dh, auth = _decode(form.keys.p256dh), _decode(form.keys.auth)
    if len(auth) != 16:
        raise _refused("The subscription's secret has another length than 16 bytes.")
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), p256dh)
    except ValueError:
        raise _refused("The subscription's key is not a point of P-256.") from None
    return Subscription(form.endpoint, host, port, target, _encode(p256dh), _encode(auth), trusted)


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the Internet, and does not stand for one that is not."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _split(endpoint: str) -> tuple[str, int, str]:
    match = _ENDPOINT.fullmatch(endpoint)
    if match is None:
        raise _refused("The subscription's endpoint is not an address of a push service.")
    host, port, target = match[1], HTTPS if match[2] is None else int(match[2]), match[3]
    if not all(_LABEL.fullmatch(label) for label in host.split(".")) or not 0 < port < 65536:
        raise _refused("The subscription's endpoint is not an address of a push service.")
    return host, port, target


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _refused("The subscription's keys are not base64url.") from None


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _refused(message: str) -> AccessError:
    return AccessError("push_subscription", message)
