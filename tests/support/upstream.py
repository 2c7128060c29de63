"""An upstream that writes down the raw bytes it gets and answers what the test says."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

Handler = Callable[["Connection"], None]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Connection:
    """One connection from the gateway; everything read is kept in ``received``."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.received = b""

    def read_until(self, mark: bytes) -> bytes:
        """Read until ``mark`` has come; returns all that has been received on this connection."""
        while mark not in self.received:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError
            self.received += data
        return self.received

    def read_request(self) -> bytes:
        """Read one more request with a Content-Length or chunked body, or none; returns it."""
        start = len(self.received)
        while b"\r\n\r\n" not in self.received[start:]:
            self._more()
        head, _, _ = self.received[start:].partition(b"\r\n\r\n")
        end = start + len(head) + 4
        lowered = head.lower()
        if b"transfer-encoding: chunked" in lowered:
            while not (b"0\r\n" in self.received[end:] and self.received.endswith(b"\r\n\r\n")):
                self._more()
            return self.received[start:]
        if b"content-length: " in lowered:
            end += int(lowered.split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(self.received) < end:
            self._more()
        return self.received[start:end]

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.sock.sendall(data)

    def _more(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        self.received += data


def always(answer: bytes) -> Handler:
    """Return a handler that gives the same answer to every request."""

    def handle(connection: Connection) -> None:
        while True:
            connection.read_request()
            connection.send(answer)

    return handle


class Upstream:
    """Listens on a free port, or on a Unix socket at ``path``.

    ``handler`` runs in a thread per connection, ``connections`` are all there were.
    """

    def __init__(self, handler: Handler | None = None, path: Path | None = None) -> None:
        self.handler = handler or always(OK)
        self.connections: list[Connection] = []
        if path is None:
            self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
            self.port: int = self._listener.getsockname()[1]
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._listener = socket.create_server(str(path), family=socket.AF_UNIX, backlog=256)
            self.port = 0

    @property
    def node(self) -> dict[str, str]:
        """How a configuration names it."""
        return {"address": f"127.0.0.1:{self.port}"}

    @property
    def received(self) -> bytes:
        """All bytes of all connections."""
        return b"".join(connection.received for connection in self.connections)

    def __enter__(self) -> Upstream:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
            connection.sock.close()

    def wait_for(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait until something is true; raises ``TimeoutError``."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("it did not come true")
            time.sleep(0.005)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                sock.settimeout(30)
                connection = Connection(sock)
                self.connections.append(connection)
                threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection: Connection) -> None:
        with contextlib.suppress(OSError, EOFError):
            self.handler(connection)
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
        connection.sock.close()
