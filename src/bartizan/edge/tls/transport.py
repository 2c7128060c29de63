"""An open TLS connection: a protocol towards the raw transport, a transport towards the inner protocol.

One object for both sides, so that a small write is encrypt, collect, write, without a call in between. What is
written is encrypted at once: the raw transport holds the only write buffer, and its flow control is the inner one's.

Ends (RFC 8446 section 6.1, each direction ends alone):

    close_notify or FIN from the client ──▶ inner.eof_received() ──true──▶ still writable, until close()
                                                                 └─false─▶ close()
    write_eof()  close_notify and FIN sent; what the client still sends is delivered
    close()      close_notify sent, nothing more delivered, raw close after what is written has been sent
    abort(), broken record ──▶ (alert) raw abort
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterable
from typing import Any

from bartizan.pipeline import TlsInfo

__all__ = ["TlsTransport"]

RECORD = 16384  # bytes of plaintext in a record (RFC 8446 section 5.1); SSL_write takes no more at once

UNREAD_ANSWERS = 4 * 1024 * 1024  # bytes; who makes the engine answer (key updates) has to read, too


class TlsTransport(asyncio.Transport, asyncio.BufferedProtocol):
    """See the module's header. Made by ``TlsServerLayer`` when the handshake is done.

    ``on_failure`` is called with ``protocol_error`` or ``write_failed`` when the engine ends the connection later;
    ``buffer`` takes what is read from the socket, and may be shared by all connections of a loop.
    """

    __slots__ = (
        "_buffer",
        "_closing",
        "_decrypt",
        "_deliver_data",
        "_encrypt",
        "_eof_delivered",
        "_eof_received",
        "_eof_sent",
        "_incoming",
        "_incoming_write",
        "_info",
        "_inner",
        "_loop",
        "_on_failure",
        "_outgoing_read",
        "_paused",
        "_raw",
        "_raw_reading",
        "_raw_write",
        "_ssl",
    )

    def __init__(
        self,
        raw: asyncio.Transport,
        engine: ssl.SSLObject,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        info: TlsInfo,
        on_failure: Callable[[str], None],
        buffer: bytearray,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._buffer = buffer
        self._raw = raw
        self._raw_write = raw.write
        self._ssl = engine
        self._encrypt = engine.write
        self._decrypt = engine.read
        self._incoming = incoming
        self._incoming_write = incoming.write
        self._outgoing_read = outgoing.read
        self._info = info
        self._on_failure = on_failure
        self._loop = loop
        self._inner: asyncio.BaseProtocol | None = None
        self._deliver_data: Callable[[bytes], None] = _discard
        self._closing = False
        self._paused = False
        self._raw_reading = True
        self._eof_received = False
        self._eof_delivered = False
        self._eof_sent = False

    def start(self, inner: asyncio.BaseProtocol) -> None:
        """Take the inner protocol, and deliver what came along with the end of the handshake."""
        self.set_protocol(inner)
        inner.connection_made(self)
        self._deliver()

    # what the raw transport calls

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - the signature is asyncio's
        """Lend the buffer that all connections share: between this call and the next nothing else runs."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Decrypt and deliver; what comes after the client's end is dropped."""
        if self._eof_delivered or self._closing:
            return
        self._incoming_write(memoryview(self._buffer)[:nbytes])
        self._deliver()

    def eof_received(self) -> bool:
        """Treat a FIN as the client's end: whether a message was cut short, its own framing tells."""
        self._eof_received = True
        self._deliver()
        return not self._closing

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the inner protocol, and let go of everything."""
        self._closing = True
        inner, self._inner = self._inner, None
        self._deliver_data = _discard
        if inner is not None:
            inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Pass the raw transport's flow control on."""
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass the raw transport's flow control on."""
        if self._inner is not None:
            self._inner.resume_writing()

    # reading

    def _deliver(self) -> None:
        """Decrypt record by record while the inner protocol takes it."""
        incoming = self._incoming
        try:
            while not (self._paused or self._closing or self._eof_delivered):
                if not incoming.pending:  # a read takes a whole record: the engine itself holds nothing
                    break
                data = self._decrypt(RECORD)
                if not data:
                    self._eof_received = True
                    break
                self._deliver_data(data)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self._eof_received = True
        except ssl.SSLError:
            self._break("protocol_error")
            return
        self._flush()
        if self._eof_received and not (self._paused or self._closing or self._eof_delivered):
            self._deliver_eof()

    def _deliver_eof(self) -> None:
        self._eof_delivered = True
        keep_open = isinstance(self._inner, asyncio.Protocol) and self._inner.eof_received()
        if not keep_open:
            self.close()

    def _flush(self) -> None:
        """Send what reading produced by itself: a key update, an alert."""
        produced = self._outgoing_read()
        if produced and not self._closing and not self._eof_sent:
            self._raw_write(produced)
            if self._raw.get_write_buffer_size() > UNREAD_ANSWERS:
                self.abort()

    def _break(self, reason: str) -> None:
        """End a connection whose records cannot be trusted; the alert goes out first."""
        self._on_failure(reason)
        self._flush()
        self._closing = True
        self._raw.close()

    def pause_reading(self) -> None:
        """Stop reading, and delivering what is already read."""
        self._paused = True
        if self._raw_reading and not self._closing:
            self._raw_reading = False
            self._raw.pause_reading()

    def resume_reading(self) -> None:
        """Go on; what is already read is delivered from the loop, not within this call."""
        if not self._paused:
            return
        self._paused = False
        if self._incoming.pending or self._eof_received:
            self._loop.call_soon(self._catch_up)
        else:
            self._read_on()

    def _catch_up(self) -> None:
        """Deliver what is already read before more is read: else a reader that pauses often would be flooded."""
        self._deliver()
        self._read_on()

    def _read_on(self) -> None:
        if not (self._paused or self._closing or self._raw_reading or self._raw.is_closing()):
            self._raw_reading = True
            self._raw.resume_reading()

    def is_reading(self) -> bool:
        """Whether data may be delivered."""
        return not self._paused and not self._closing

    # writing

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Encrypt and send."""
        if self._closing or self._eof_sent or not data:
            return
        try:
            if len(data) <= RECORD:
                self._encrypt(data)
                self._raw_write(self._outgoing_read())
            else:
                self._write_records(data)
        except ssl.SSLError:
            self._break("write_failed")

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview[Any]]) -> None:
        """Encrypt and send the pieces as one."""
        self.write(b"".join(list_of_data))

    def _write_records(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Take each record out as it is made, so that the engine's buffer stays as small as one."""
        records = []
        left = memoryview(data).cast("B")
        while left:
            left = left[self._encrypt(left[:RECORD]) :]
            records.append(self._outgoing_read())
        self._raw.writelines(records)

    def can_write_eof(self) -> bool:
        """TLS can end one direction alone: by close_notify."""
        return True

    def write_eof(self) -> None:
        """Send close_notify and FIN; reading goes on."""
        if self._closing or self._eof_sent:
            return
        self._send_close_notify()
        self._eof_sent = True
        self._raw.write_eof()

    def _send_close_notify(self) -> None:
        with contextlib.suppress(ssl.SSLError):  # it waits for the client's close_notify, which nothing depends on
            self._ssl.unwrap()
        self._raw_write(self._outgoing_read())

    # ending

    def close(self) -> None:
        """Send close_notify, and close after what is written has been sent."""
        if self._closing:
            return
        if not self._eof_sent:
            self._send_close_notify()
        self._closing = True
        self._raw.close()

    def abort(self) -> None:
        """Close now; what has not been sent is lost, and without close_notify the client knows."""
        self._closing = True
        self._raw.abort()

    def is_closing(self) -> bool:
        """Whether the connection is closing or closed."""
        return self._closing or self._raw.is_closing()

    # asking

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Give the connection to another inner protocol."""
        self._inner = protocol
        self._deliver_data = protocol.data_received if isinstance(protocol, asyncio.Protocol) else _discard

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return the inner protocol. Raises ``RuntimeError`` after the connection is lost."""
        if self._inner is None:
            raise RuntimeError("the connection is lost")
        return self._inner

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Know ``tls_info`` (``bartizan.pipeline.TlsInfo``) and ``ssl_object``; else what the raw transport knows."""
        if name == "tls_info":
            return self._info
        if name == "ssl_object":
            return self._ssl
        return self._raw.get_extra_info(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set when the inner protocol is paused, in bytes of ciphertext."""
        self._raw.set_write_buffer_limits(high, low)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Return the low and high mark in bytes."""
        return self._raw.get_write_buffer_limits()

    def get_write_buffer_size(self) -> int:
        """Return the bytes of ciphertext that wait to be sent."""
        return self._raw.get_write_buffer_size()


def _discard(data: bytes) -> None:
    """Take what is delivered after the end."""
