"""Real servers, certificates and connections for the tests of upstreams."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bartizan.config.model.upstreams import Upstream
from bartizan.edge.upstreams import Endpoint, Node, UpstreamEvent, UpstreamGroup, Wiring


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Link(asyncio.Protocol):
    """The smallest connection that a pool can hold, over a real socket."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.reusable = True
        self.idle_since = 0.0
        self.lost = asyncio.Event()
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        self.lost.set()
        self.node.pool.closed(self)

    def close(self) -> None:
        self.reusable = False
        self.transport.abort()


async def connect_link(node: Node, endpoint: Endpoint, context: ssl.SSLContext | None, name: str | None) -> Link:
    loop = asyncio.get_running_loop()
    name = name if context else None
    if isinstance(endpoint, str):
        _, link = await loop.create_unix_connection(lambda: Link(node), endpoint, ssl=context, server_hostname=name)
    else:
        _, link = await loop.create_connection(lambda: Link(node), *endpoint, ssl=context, server_hostname=name)
    return link


class Server:
    """A server that answers every request head with ``status``, counts, and can go away and come back."""

    def __init__(self, path: str | None = None, context: ssl.SSLContext | None = None) -> None:
        self.status = 200
        self.raw: bytes | None = None
        self.silent = False
        self.connections = 0
        self.requests: list[bytes] = []
        self.names: list[str | None] = []
        self.port = 0
        self._path = path
        self._context = context
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}" if self._path is None else f"unix:{self._path}"

    async def start(self) -> None:
        if self._path is not None:
            self._server = await asyncio.start_unix_server(self._serve, self._path, ssl=self._context)
        else:
            self._server = await asyncio.start_server(
                self._serve, "127.0.0.1", self.port, ssl=self._context, reuse_address=True
            )
            self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()
        await asyncio.sleep(0)

    def cut(self) -> None:
        """Close all connections."""
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
                if self.silent:
                    continue
                answer = self.raw or b"HTTP/1.1 %d X\r\ncontent-length: 0\r\n\r\n" % self.status
                writer.write(answer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()


@dataclass
class Authority:
    """A certificate authority of the test's own; files are written to ``directory``."""

    directory: Path
    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self.certificate = self._certify(self.name, self.key, authority=True, names=[])
        self.path = self.directory / f"{self.name}.pem"
        self.path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str) -> tuple[Path, Path]:
        """Write a certificate for a DNS name and its key; returns both paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certify(name, key, authority=False, names=[name])
        paths = self.directory / f"{name}.crt", self.directory / f"{name}.key"
        paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        paths[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return paths

    def server_context(self, name: str) -> ssl.SSLContext:
        """Return a server's context with a certificate for ``name``."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*self.issue(name))
        return context

    def _certify(
        self, name: str, key: ec.EllipticCurvePrivateKey, *, authority: bool, names: list[str]
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False
            )
        return builder.sign(self.key, hashes.SHA256())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def link() -> Callable[..., Awaitable[Link]]:
    """The connector that opens real sockets."""
    return connect_link


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Awaitable[Server]]]:
    """Start servers, and stop them at the end."""
    servers: list[Server] = []

    async def start(path: str | None = None, context: ssl.SSLContext | None = None) -> Server:
        server = Server(path, context)
        servers.append(server)
        await server.start()
        return server

    yield start
    for server in servers:
        await server.stop()
    await asyncio.sleep(0.01)


@pytest.fixture
def events() -> list[UpstreamEvent]:
    return []


@pytest.fixture
def wiring(clock: Clock, events: list[UpstreamEvent]) -> Wiring[Link]:
    return Wiring(connect_link, clock, structlog.get_logger(), events=events.append, rng=random.Random(1))


@pytest.fixture
async def make_group(wiring: Wiring[Link]) -> AsyncIterator[Callable[..., UpstreamGroup[Link]]]:
    """Build groups from configurations, and stop them at the end."""
    groups: list[UpstreamGroup[Link]] = []

    def make(*addresses: str | dict[str, object], **options: object) -> UpstreamGroup[Link]:
        nodes = [{"address": each} if isinstance(each, str) else each for each in addresses]
        group = UpstreamGroup(Upstream.model_validate({"name": "api", "nodes": nodes, **options}), wiring)
        groups.append(group)
        return group

    yield make
    for group in groups:
        await group.stop()


async def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for something that real sockets bring about."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for is another process's or the kernel's doing
            await asyncio.sleep(0.005)


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    return wait_until


@pytest.fixture
def make_authority(tmp_path: Path) -> Callable[[str], Authority]:
    return lambda name: Authority(tmp_path, name)
