"""A certificate authority for tests, and a TLS server on uvloop whose inner protocol obeys one-line commands."""

from __future__ import annotations

import asyncio
import collections
import datetime as dt
import hashlib
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bartizan.config.model.listeners import ListenerTls
from bartizan.edge.layers import InnerFactory, PeerName
from bartizan.edge.tls.contexts import CertificateStore, build_store
from bartizan.edge.tls.layer import TlsServerLayer, TlsSettings
from bartizan.pipeline import TlsInfo

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


class Authority:
    """Issues certificates and revocation lists into a directory."""

    def __init__(self, directory: Path, name: str = "Test CA") -> None:
        self.directory = directory
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = (
            self._builder(self.name, self.key.public_key(), NOW + 30 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self.key, SHA256())
        )
        self.pem = directory / f"{name}.pem"
        self.pem.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, until: dt.datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 10 * DAY)
            .not_valid_after(until)
        )

    def issue(self, *names: str, client: bool = False, until: dt.datetime = NOW + 10 * DAY) -> dict[str, str]:
        """Write a certificate and its key; return the two paths as the configuration names them."""
        stem = names[0].replace("*", "any") + ("-client" if client else "")
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        builder = self._builder(subject, key.public_key(), until)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if not client:
            general = [_general_name(name) for name in names]
            builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
        certificate_file, key_file = self.directory / f"{stem}.pem", self.directory / f"{stem}.key"
        certificate_file.write_bytes(builder.sign(self.key, SHA256()).public_bytes(Encoding.PEM))
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return {"certificate": str(certificate_file), "key": str(key_file)}

    def revoke(
        self,
        *certificates: dict[str, str],
        until: dt.datetime = NOW + DAY,
        since: dt.datetime = NOW - 5 * DAY,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> str:
        """Write a revocation list of these certificates; return its path."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.name).last_update(since).next_update(until)
        for entry in certificates:
            serial = x509.load_pem_x509_certificate(Path(entry["certificate"]).read_bytes()).serial_number
            revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - DAY).build()
            builder = builder.add_revoked_certificate(revoked)
        file = self.directory / "crl.pem"
        file.write_bytes(builder.sign(key or self.key, SHA256()).public_bytes(Encoding.PEM))
        return str(file)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Obedient(asyncio.Protocol):
    """Obeys the line it gets first: ``info``, ``echo``, ``send N``, ``recv N``, ``close``, ``abort``, ``shut``..."""

    def __init__(self, server: TlsServer, peername: PeerName | None, info: TlsInfo | None) -> None:
        self.server = server
        self.peername = peername
        self.info = info
        self.command: list[str] = []
        self.to_send = 0
        self.received = 0
        self.digest = hashlib.sha256()
        self.can_write = True
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        assert transport.get_extra_info("tls_info") is self.info
        transport.set_write_buffer_limits(64 * 1024)
        self.server.protocols.append(self)

    def data_received(self, data: bytes) -> None:
        assert self.transport.is_reading(), "data while reading is paused"
        if not self.command:
            line, _, data = data.partition(b"\n")
            self.command = line.decode().split()
            self.obey(self.command[0])
        if self.command[:1] == ["echo"]:
            self.transport.write(data)
        elif self.command[:1] == ["recv"] and data:
            self.absorb(data)

    def obey(self, command: str) -> None:
        if command == "info":
            assert self.info is not None
            facts = {name: getattr(self.info, name) for name in ("version", "cipher", "server_name", "alpn", "ja4")}
            facts |= {"resumed": self.info.resumed, "peer": bool(self.info.peer_certificate), "from": self.peername}
            self.transport.writelines([json.dumps(facts).encode(), b"\n"])
            self.command = []
        elif command == "send":
            self.to_send = int(self.command[1])
            self.pump()
        elif command == "close":
            self.transport.write(b"bye")
            self.transport.close()
        elif command == "abort":
            self.transport.abort()
        elif command == "shut":
            self.transport.write(b"bye")
            self.transport.write_eof()
            self.transport.write(b"too late")
            self.command = ["recv", "3"]

    def absorb(self, data: bytes) -> None:
        """Take data in bouts with pauses in between, so that back-pressure has to work."""
        self.received += len(data)
        self.digest.update(data)
        if self.received >= int(self.command[1]):
            self.server.digests.append(self.digest.hexdigest())
            self.transport.write(self.digest.hexdigest().encode())
        else:
            self.transport.pause_reading()
            self.server.loop.call_later(0.0005, self.transport.resume_reading)

    def pump(self) -> None:
        while self.to_send and self.can_write:
            chunk = min(self.to_send, 100_000)
            self.to_send -= chunk
            self.transport.write(b"z" * chunk)
            self.server.most_buffered = max(self.server.most_buffered, self.transport.get_write_buffer_size())

    def pause_writing(self) -> None:
        self.can_write = False

    def resume_writing(self) -> None:
        self.can_write = True
        self.pump()

    def eof_received(self) -> bool:
        self.server.ends.append("eof")
        if self.command and self.command[0] == "hold":
            self.server.loop.call_later(0.01, self.after_eof)
            return True
        return False

    def after_eof(self) -> None:
        self.transport.write(b"still here")
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.ends.append("lost")


class TlsServer:
    """A listener with the TLS layer, on uvloop in a thread of its own."""

    def __init__(self, tls: dict[str, Any]) -> None:
        self.store: CertificateStore = build_store(ListenerTls.model_validate(tls), NOW)
        self.failures: collections.Counter[str] = collections.Counter()
        self.protocols: list[Obedient] = []
        self.digests: list[str] = []
        self.ends: list[str] = []
        self.most_buffered = 0
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen()
        self.address: tuple[str, int] = self.socket.getsockname()
        self.errors: list[dict[str, Any]] = []
        self.loop = uvloop.new_event_loop()
        self.loop.set_exception_handler(lambda _, context: self.errors.append(context))
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.settings = TlsSettings(lambda: self.store, self._failed)

    def inner(self, peername: PeerName | None, info: TlsInfo | None) -> asyncio.BaseProtocol:
        return Obedient(self, peername, info)

    def layer(self, inner: InnerFactory, peername: PeerName | None = None) -> asyncio.Protocol:
        return TlsServerLayer(self.settings, inner, self.loop, peername)

    def _failed(self, reason: str) -> None:
        self.failures[reason] += 1

    def start(self, factory: Callable[[], asyncio.BaseProtocol] | None = None) -> TlsServer:
        self.thread.start()
        make = factory or (lambda: self.layer(self.inner))
        self.listener = self.wait(self.loop.create_server(make, sock=self.socket))
        return self

    def wait(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until something that the server's loop will do has happened."""

        async def poll() -> None:
            async with asyncio.timeout(20):
                while not condition():  # noqa: ASYNC110 - any condition, not one event
                    await asyncio.sleep(0.002)

        self.wait(poll())

    async def _shut_down(self) -> None:
        self.listener.close()
        for protocol in self.protocols:
            protocol.transport.abort()
        await asyncio.sleep(0.01)

    def stop(self) -> None:
        self.wait(self._shut_down())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
        self.socket.close()
        assert not self.errors

    def connect(
        self, context: ssl.SSLContext, name: str | None = "localhost", session: ssl.SSLSession | None = None
    ) -> ssl.SSLSocket:
        raw = socket.create_connection(self.address, timeout=20)
        try:
            return context.wrap_socket(raw, server_hostname=name, session=session, suppress_ragged_eofs=False)
        except BaseException:
            raw.close()
            raise

    def raw(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=20)

    def ask(self, context: ssl.SSLContext, name: str | None = "localhost") -> dict[str, Any]:
        """Connect and return what the server knows of the connection."""
        with self.connect(context, name) as client:
            return info_of(client)


def info_of(client: ssl.SSLSocket) -> dict[str, Any]:
    client.sendall(b"info\n")
    answer = b""
    while not answer.endswith(b"\n"):
        piece = client.recv(65536)
        if not piece:
            raise ConnectionError("closed")
        answer += piece
    result: dict[str, Any] = json.loads(answer)
    return result


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def other_authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "Other CA")


@pytest.fixture
def client_context(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.pem))


@pytest.fixture
def serve(authority: Authority) -> Iterator[Callable[..., TlsServer]]:
    """Start servers: ``serve(**fields of ListenerTls)``, by default with one certificate for localhost."""
    servers = []

    def start(**tls: Any) -> TlsServer:
        tls.setdefault("certificates", [authority.issue("localhost", "127.0.0.1")])
        servers.append(TlsServer(tls))
        return servers[-1].start()

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def info() -> Callable[[ssl.SSLSocket], dict[str, Any]]:
    return info_of
