"""Ports and raw connections."""

from __future__ import annotations

import contextlib
import random
import socket
import time
from collections.abc import Callable

_OWN = random.SystemRandom()  # hypothesis seeds the shared generator alike in every test process


def free_port() -> int:
    """Return a loopback port that nobody listens on.

    It is below Linux's ephemeral range (32768 and up), so that no connection and no ``bind`` to port 0 in another test
    process takes it before the server that it is for.
    """
    while True:
        port = _OWN.randrange(10240, 32768)
        with contextlib.suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            return port


def wait_for_port(port: int, seconds: float = 10.0) -> None:
    """Return once somebody listens on a loopback port; raises ``TimeoutError``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens on port {port}")


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Return once something is true; raises ``TimeoutError``."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("it did not come true")
        time.sleep(0.01)


class RawClient:
    """Sends bytes as they are and reads what comes."""

    def __init__(self, port: int, timeout: float = 10.0, *, receive_buffer: int | None = None) -> None:
        self.sock = socket.socket()
        if receive_buffer is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(timeout)
        try:
            self.sock.connect(("127.0.0.1", port))
        except OSError:
            self.sock.close()
            raise
        self.buffer = b""

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        """Send all of it; a peer that has closed meanwhile is no error."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.sock.sendall(data)

    def until_close(self) -> bytes:
        """Read until the peer closes."""
        with contextlib.suppress(ConnectionResetError):
            while data := self.sock.recv(65536):
                self.buffer += data
        return self.buffer

    def until(self, mark: bytes) -> bytes:
        """Read until ``mark`` has come; returns everything up to its end."""
        while mark not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError(f"closed before {mark!r}: {self.buffer!r}")
            self.buffer += data
        end = self.buffer.index(mark) + len(mark)
        taken, self.buffer = self.buffer[:end], self.buffer[end:]
        return taken

    def exactly(self, count: int) -> bytes:
        """Read ``count`` bytes."""
        while len(self.buffer) < count:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError(f"closed after {len(self.buffer)} of {count} bytes")
            self.buffer += data
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def response(self) -> tuple[int, dict[bytes, bytes], bytes]:
        """Read one response that has a Content-Length, or none and no body."""
        head = self.until(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
        return status, fields, self.exactly(int(fields.get(b"content-length", b"0")))
