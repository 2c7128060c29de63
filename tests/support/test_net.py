from __future__ import annotations

import socket
import threading

import pytest

from tests.support.net import RawClient, free_port, wait_for_port


def test_a_free_port_can_be_listened_on_and_is_not_ephemeral() -> None:
    port = free_port()
    assert port < 32768
    with socket.create_server(("127.0.0.1", port)):
        wait_for_port(port)


def test_waiting_for_a_port_nobody_listens_on_fails() -> None:
    with pytest.raises(TimeoutError):
        wait_for_port(free_port(), 0.05)


@pytest.fixture
def answered() -> int:
    """The port of a server that answers one connection with two responses and closes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(1024)
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 204 No Content\r\n\r\nrest")

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1])


def test_the_raw_client_reads_responses_one_by_one(answered: int) -> None:
    with RawClient(answered) as client:
        client.send(b"GET")
        assert client.response() == (200, {b"content-length": b"2"}, b"ok")
        assert client.response() == (204, {}, b"")
        assert client.until_close() == b"rest"


def test_the_raw_client_tells_what_came_before_a_close(answered: int) -> None:
    with RawClient(answered) as client:
        client.send(b"GET")
        with pytest.raises(EOFError, match=r"closed before b'never'.*200 OK"):
            client.until(b"never")
