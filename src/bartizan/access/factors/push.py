"""Web Push: tells a person's devices that something waits for them (RFC 8030), encrypted for each (RFC 8291).

A message says what is asked and where from; it holds no number and nothing that would answer, so whoever reads it has
nothing. It never matters whether one arrives: pages show what waits all the same.

We post to addresses that clients gave us. So names are resolved here and the connection goes to the address that was
looked at, without proxies and redirects, within a fixed time, and of the answer only the status is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import ssl
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

import msgspec

from bartizan.access.factors.subscription import PushServices, Subscription, is_public, read_subscription
from bartizan.access.factors.vapid import VapidKey
from bartizan.config.model import Push
from bartizan.errors import AccessError
from bartizan.storage.records.entities import Device
from bartizan.storage.records.store import Transaction

__all__ = ["Delivery", "Message", "Pusher", "drop_gone"]

TIMEOUT = 10.0  # seconds for one message, from the name of the service to its status
MAX_PAYLOAD = 2048  # bytes; services take 4096 of ciphertext (RFC 8030 section 7.2)
MAX_HEAD = 16384  # bytes of an answer
VAPID_LIFETIME = 3600  # seconds; a day at most (RFC 8292 section 2)
_AT_ONCE = 8
_ADDRESSES = 3  # of a host, that are tried
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])[ \r]")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sent, and shown by the service worker. ``approval`` is the id of what waits, or empty."""

    kind: Literal["login", "device", "recovery", "reset", "account"]
    title: str
    body: str
    approval: str = ""


class Delivery(NamedTuple):
    """What came of a message.

    ``gone``: the push service knows the subscription no more, so it is to be dropped. ``refused``: it, or we, do not
    take it. ``failed``: nobody answered, or later might be better. ``detail`` is for the log.
    """

    status: Literal["sent", "gone", "refused", "failed"]
    detail: str


class _NotPublic(Exception):
    """A host has an address inside our networks."""


class Pusher:
    """Sends messages. ``origin`` is whom push services may reach where no subject is configured.

    ``clock`` is Unix time in seconds; ``tls`` is for tests, as is ``timeout`` in seconds.
    """

    def __init__(
        self,
        settings: Push,
        origin: str,
        key: VapidKey,
        clock: Callable[[], float],
        *,
        tls: ssl.SSLContext | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self._services = PushServices(settings.services)
        self._subject = settings.subject or origin
        self._key = key
        self._clock = clock
        self._tls = tls or ssl.create_default_context()
        self._timeout = timeout

    @property
    def application_server_key(self) -> str:
        """What ``PushManager.subscribe()`` has to be given."""
        return self._key.public

    def subscription(self, value: object) -> dict[str, object]:
        """Return what a browser sent of its subscription, as it is kept in ``Device.push``. Raises ``AccessError``."""
        return read_subscription(value, self._services).stored()

    async def notify(self, devices: Iterable[Device], message: Message, ttl: float) -> dict[str, Delivery]:
        """Send a message to those devices that have a subscription; returns what came of it by the device's id.

        ``ttl``: seconds that the push service may keep it for a device that is away. Never raises for what a push
        service does.
        """
        limit = asyncio.Semaphore(_AT_ONCE)

        async def one(subscription: Mapping[str, object]) -> Delivery:
            async with limit:
                return await self.send(subscription, message, ttl)

        subscribed = {device.id: device.push for device in devices if device.push is not None}
        deliveries = await asyncio.gather(*(one(subscription) for subscription in subscribed.values()))
        return dict(zip(subscribed, deliveries, strict=True))

    async def send(self, subscription: Mapping[str, object], message: Message, ttl: float) -> Delivery:
        """Send a message to one subscription; see ``notify``."""
        try:
            target = read_subscription(subscription, self._services)
        except AccessError as error:
            return Delivery("refused", str(error))
        try:
            async with asyncio.timeout(self._timeout):
                body = await asyncio.to_thread(_encrypt, target, msgspec.json.encode(message))
                status = await self._post(target, self._head(target, message, ttl, len(body)) + body)
        except TimeoutError:
            return Delivery("failed", f"{target.host} took longer than {self._timeout:g} s")
        except _NotPublic as error:
            return Delivery("refused", str(error))
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            return Delivery("failed", f"{target.host}: {type(error).__name__}")
        return Delivery(_meaning(status), f"{target.host} answered {status}")

    def _head(self, target: Subscription, message: Message, ttl: float, length: int) -> bytes:
        expires = int(self._clock()) + VAPID_LIFETIME
        fields = {
            "Host": target.origin.removeprefix("https://"),
            "Authorization": self._key.authorization(target.origin, self._subject, expires),
            "TTL": str(max(0, round(ttl))),
            "Urgency": "high",
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "Content-Length": str(length),
            "Connection": "close",
        }
        if _TOPIC.fullmatch(message.approval):
            fields["Topic"] = message.approval
        lines = [f"POST {target.target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return "\r\n".join([*lines, "", ""]).encode("ascii")

    async def _post(self, target: Subscription, request: bytes) -> int:
        """Return the status that the push service answers with."""
        failure: OSError | None = None
        for address in await _addresses(target):
            try:
                reader, writer = await asyncio.open_connection(
                    address, target.port, ssl=self._tls, server_hostname=target.host, limit=MAX_HEAD
                )
            except OSError as error:
                failure = error
                continue
            try:
                writer.write(request)
                await writer.drain()
                return await _status(reader)
            finally:
                writer.transport.abort()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
        raise failure or OSError("the name has no address")


def drop_gone(tx: Transaction, devices: Iterable[Device], deliveries: Mapping[str, Delivery]) -> int:
    """Forget the subscriptions that push services know no more, unless they were replaced meanwhile; how many."""
    dropped = 0
    for device in devices:
        delivery = deliveries.get(device.id)
        current = tx.devices.get(device.id)
        if delivery is not None and delivery.status == "gone" and current is not None and current.push == device.push:
            tx.devices.update(msgspec.structs.replace(current, push=None))
            dropped += 1
    return dropped


def _encrypt(target: Subscription, payload: bytes) -> bytes:
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"a message has at most {MAX_PAYLOAD} bytes")
    from pywebpush import WebPusher  # noqa: PLC0415 - 30 MiB that are not needed where nobody has subscribed

    encrypted: bytes = WebPusher(target.stored()).encode(payload, "aes128gcm")["body"]
    return encrypted


async def _addresses(target: Subscription) -> list[str]:
    """Return addresses of the host that may be connected to; raises ``_NotPublic`` and ``OSError``."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(target.host, target.port, type=1)  # SOCK_STREAM
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not target.trusted and not all(is_public(ipaddress.ip_address(address)) for address in addresses):
        raise _NotPublic(f"{target.host} has an address that is not of the Internet; name the host to allow it")
    return addresses[:_ADDRESSES]


async def _status(reader: asyncio.StreamReader) -> int:
    while True:
        match = _STATUS.match(await reader.readuntil(b"\r\n\r\n"))
        if match is None:
            raise ValueError("not HTTP")
        if (status := int(match[1])) >= 200:
            return status


def _meaning(status: int) -> Literal["sent", "gone", "refused", "failed"]:
    if 200 <= status < 300:
        return "sent"
    if status in (404, 410):
        return "gone"
    return "failed" if status == 429 or status >= 500 else "refused"
