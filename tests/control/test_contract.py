from __future__ import annotations

from pathlib import Path

from bartizan.control.contract import CLIENT, EXCHANGE, JA4, socket_path
from bartizan.edge.identity import is_identity


def test_the_socket_is_in_a_directory_of_its_own() -> None:
    assert socket_path(Path("/var/lib/bartizan")) == Path("/var/lib/bartizan/control/http.sock")


def test_no_client_can_send_what_the_edge_says() -> None:
    assert all(is_identity(name) for name in (CLIENT, JA4, EXCHANGE))
