from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bartizan.config.model.upstreams import UpstreamTls
from bartizan.edge.upstreams.address import parse_address
from bartizan.edge.upstreams.tls import client_context, fingerprint, server_name
from bartizan.errors import TlsError


def test_it_verifies_unless_told_otherwise() -> None:
    context = client_context(UpstreamTls())
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    context = client_context(UpstreamTls(verify=False, min_version="1.3"))
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_NONE, False)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3


def test_paths_count_from_the_directory(authority: Any) -> None:
    context = client_context(UpstreamTls(ca="authority.pem"), authority.directory)
    assert context.cert_store_stats()["x509_ca"] == 1


def test_files_that_cannot_be_used_are_named(authority: Any, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    certificate, key = authority.issue("one.test")
    _, other = authority.issue("two.test")
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    for options, problem in (
        ({"ca": "none.pem"}, "none.pem is not usable .*No such file"),
        ({"ca": "empty.pem"}, "empty.pem is not usable"),
        ({"certificate": "none.pem"}, "none.pem .*No such file"),
        ({"certificate": str(certificate), "key": str(other)}, "belong together"),
        ({"certificate": str(certificate), "key": str(locked)}, "unencrypted"),
        ({"key": str(key)}, r"without tls\.certificate"),
    ):
        with pytest.raises(TlsError, match=problem):
            client_context(UpstreamTls.model_validate(options), tmp_path)


@pytest.mark.parametrize(
    ("config", "address", "name"),
    [
        (UpstreamTls(), "api.test:443", "api.test"),
        (UpstreamTls(), "[::1]:443", "::1"),
        (UpstreamTls(server_name="other.test"), "api.test:443", "other.test"),
        (UpstreamTls(verify=False), "unix:/run/a", ""),
    ],
)
def test_the_name_is_the_configured_one_or_the_host(config: UpstreamTls, address: str, name: str) -> None:
    assert server_name(config, parse_address(address), client_context(config)) == name


@pytest.mark.parametrize("name", [".api.test", "a" * 64 + ".test", "a\0b"])
def test_what_cannot_be_a_name_is_refused_when_it_is_read(name: str) -> None:
    config = UpstreamTls(server_name=name)
    with pytest.raises(TlsError, match="not a server name"):
        server_name(config, parse_address("api.test:443"), client_context(config))


def test_the_fingerprint_changes_with_the_files(authority: Any) -> None:
    certificate, _ = authority.issue("api.test")
    config = UpstreamTls(ca=str(authority.path), certificate=str(certificate))
    before = fingerprint(config)
    assert fingerprint(config) == before
    authority.issue("api.test")
    assert fingerprint(config) != before
    with pytest.raises(TlsError, match="cannot be read"):
        fingerprint(UpstreamTls(ca="/nonexistent/ca.pem"))
