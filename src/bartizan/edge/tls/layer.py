"""The server's side of a TLS handshake (RFC 8446, RFC 5246), on a raw transport.

    HELLO ──ClientHello whole──▶ HANDSHAKE ──done──▶ the raw transport gets a TlsTransport, the inner protocol is made
      └──────── refused, timeout, peer gone ───┴──▶ alert, close; counted by its reason

The ClientHello is read before the TLS engine exists: for the choice of certificate, and for the JA4 fingerprint.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from bartizan.edge.layers import InnerFactory, PeerName
from bartizan.edge.tls.clienthello import ClientHello, ClientHelloError, ClientHelloReader
from bartizan.edge.tls.contexts import CertificateStore
from bartizan.edge.tls.ja4 import ja4
from bartizan.edge.tls.transport import TlsTransport
from bartizan.pipeline import TlsInfo

__all__ = ["FAILURES", "TlsServerLayer", "TlsSettings"]

READ_SIZE = 64 * 1024  # bytes taken from a socket at once, and so the most ciphertext held undecrypted
ALERT_NO_APPLICATION_PROTOCOL = 120
PLAIN_HTTP_ANSWER = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 51\r\nconnection: close\r\n\r\n"
    b"The client sent an HTTP request to an HTTPS port.\r\n"
)

FAILURES = frozenset(
    {
        "plain_text",
        "malformed",
        "too_large",
        "no_application_protocol",
        "unsupported_version",
        "no_shared_cipher",
        "client_certificate_missing",
        "client_certificate_refused",
        "refused_by_client",
        "handshake_failed",
        "timeout",
        "peer_closed",
        "protocol_error",
        "write_failed",
    }
)
"""Every reason that ``TlsSettings.on_failure`` is called with; the last two after the handshake."""

_REASONS = {
    "NO_SHARED_CIPHER": "no_shared_cipher",
    "UNSUPPORTED_PROTOCOL": "unsupported_version",
    "VERSION_TOO_LOW": "unsupported_version",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "client_certificate_missing",
    "CERTIFICATE_VERIFY_FAILED": "client_certificate_refused",
}


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """What all connections of a listener share.

    ``current_store`` is asked once for each new connection, so that a reload concerns only those that come after it.
    ``on_failure`` is called with one of ``FAILURES`` for each connection that fails. ``read_buffer`` is what sockets
    are read into: one for all connections, so that an idle one costs none.
    """

    current_store: Callable[[], CertificateStore]
    on_failure: Callable[[str], None]
    read_buffer: bytearray = field(default_factory=lambda: bytearray(READ_SIZE), repr=False)


class TlsServerLayer(asyncio.Protocol):
    """Does the handshake, then makes the inner protocol with ``inner_factory(peername, TlsInfo)``.

    ``peername`` is who a PROXY protocol header named, if one did. The inner protocol's ``connection_made`` gets a
    ``TlsTransport``.
    """

    __slots__ = (
        "_engine",
        "_hello",
        "_incoming",
        "_inner_factory",
        "_loop",
        "_outgoing",
        "_peername",
        "_raw",
        "_reader",
        "_settings",
        "_store",
        "_timer",
    )

    def __init__(
        self,
        settings: TlsSettings,
        inner_factory: InnerFactory,
        loop: asyncio.AbstractEventLoop,
        peername: PeerName | None = None,
    ) -> None:
        self._settings = settings
        self._inner_factory = inner_factory
        self._loop = loop
        self._peername = peername
        self._store = settings.current_store()
        self._reader = ClientHelloReader()
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._hello: ClientHello | None = None
        self._engine: ssl.SSLObject | None = None
        self._raw: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock."""
        self._raw = transport  # type: ignore[assignment] # asyncio gives a stream transport to a stream protocol
        self._timer = self._loop.call_later(self._store.handshake_timeout, self._fail, "timeout")

    def data_received(self, data: bytes) -> None:
        """Go on with the ClientHello or the handshake."""
        if self._raw is None:
            return
        if self._engine is not None:
            self._incoming.write(data)
            self._handshake(self._raw, self._engine)
            return
        try:
            hello = self._reader.feed(data)
        except ClientHelloError as error:
            self._refuse(error.reason, error.alert)
            return
        if hello is not None:
            self._begin(self._raw, hello)

    def eof_received(self) -> bool:
        """Count a client that leaves within the handshake."""
        self._fail("peer_closed")
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the signature is asyncio's
        """Count a client that was lost within the handshake."""
        self._fail("peer_closed")

    def _begin(self, raw: asyncio.Transport, hello: ClientHello) -> None:
        """Start the TLS engine with the certificate for the name the client asks for."""
        store = self._store
        if hello.alpn and store.alpn.isdisjoint(hello.alpn):
            self._refuse("no_application_protocol", ALERT_NO_APPLICATION_PROTOCOL)
            return
        context = store.context_for(hello.server_name)
        self._hello = hello
        self._engine = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._incoming.write(self._reader.received)
        self._reader.received.clear()
        self._handshake(raw, self._engine)

    def _handshake(self, raw: asyncio.Transport, engine: ssl.SSLObject) -> None:
        try:
            engine.do_handshake()
        except ssl.SSLWantReadError:
            raw.write(self._outgoing.read())
        except ssl.SSLError as error:
            raw.write(self._outgoing.read())
            self._fail(_reason(error))
        else:
            raw.write(self._outgoing.read())
            self._complete(raw, engine)

    def _complete(self, raw: asyncio.Transport, engine: ssl.SSLObject) -> None:
        """Hand the raw transport to a ``TlsTransport`` and step out of the way."""
        info = self._info(engine)
        self._stop()
        settings = self._settings
        tls = TlsTransport(
            raw, engine, self._incoming, self._outgoing, info, settings.on_failure, settings.read_buffer, self._loop
        )
        raw.set_protocol(tls)
        tls.start(self._inner_factory(self._peername, info))

    def _info(self, engine: ssl.SSLObject) -> TlsInfo:
        cipher = engine.cipher()
        hello = self._hello
        return TlsInfo(
            version=engine.version() or "",
            cipher=cipher[0] if cipher else "",
            server_name=hello.server_name if hello else None,
            alpn=engine.selected_alpn_protocol(),
            ja4=ja4(hello) if hello else None,
            peer_certificate=engine.getpeercert(binary_form=True),
            resumed=bool(engine.session_reused),
        )

    def _refuse(self, reason: str, alert: int) -> None:
        """Answer with a fatal alert (RFC 8446 section 6.2), or in plain HTTP who speaks plain HTTP; then close."""
        if self._raw is not None:
            plain = reason == "plain_text"
            self._raw.write(PLAIN_HTTP_ANSWER if plain else bytes((21, 3, 3, 0, 2, 2, alert)))
        self._fail(reason)

    def _fail(self, reason: str) -> None:
        raw = self._raw
        if raw is not None:
            self._stop()
            self._settings.on_failure(reason)
            if reason == "timeout":
                raw.abort()
            else:
                raw.close()

    def _stop(self) -> None:
        self._raw = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _reason(error: ssl.SSLError) -> str:
    """Return one of a fixed set of words: what a client sends must not make new metrics."""
    name = error.reason or ""
    if "ALERT" in name:
        return "refused_by_client"
    return _REASONS.get(name, "handshake_failed")
