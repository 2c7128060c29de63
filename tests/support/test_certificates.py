from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest

from tests.support.certificates import Authority


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    """Shake hands over a socket pair, as ``name``; raises what the client's side raises."""
    ours, theirs = socket.socketpair()
    ours.settimeout(10)

    def accept() -> None:
        try:
            with server.wrap_socket(theirs, server_side=True) as connection:
                connection.send(b"!" if connection.getpeercert() is None else b"?")
        except OSError:
            theirs.close()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=name) as connection:
            assert connection.recv(1)
    finally:
        ours.close()
        thread.join()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.mark.parametrize("name", ["api.test", "www.any.test", "127.0.0.1", "::1"])
def test_names_and_addresses_are_accepted(authority: Authority, name: str) -> None:
    server = authority.server_context("api.test", "*.any.test", "127.0.0.1", "::1")
    handshake(server, authority.client_context(), name)


def test_another_name_is_refused(authority: Authority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(authority.server_context("api.test"), authority.client_context(), "other.test")


def test_an_expired_certificate_is_refused(authority: Authority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        handshake(authority.server_context("api.test", expired=True), authority.client_context(), "api.test")


def test_another_authority_is_refused(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other-ca")
    with pytest.raises(ssl.SSLCertVerificationError, match=r"local issuer|self-signed"):
        handshake(authority.server_context("api.test"), other.client_context(), "api.test")


def test_a_client_certificate_is_for_clients(authority: Authority) -> None:
    server = authority.server_context("api.test")
    server.load_verify_locations(authority.path)
    server.verify_mode = ssl.CERT_REQUIRED
    handshake(server, authority.client_context("alice"), "api.test")
    with pytest.raises(ssl.SSLError, match=r"(?i)certificate.required"):
        handshake(server, authority.client_context(), "api.test")


def test_issued_files_are_what_a_configuration_names(authority: Authority) -> None:
    issued = authority.issue("api.test")
    assert issued.config == {"certificate": str(issued.certificate), "key": str(issued.key)}
