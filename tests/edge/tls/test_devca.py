"""The development authority: what it makes, keeps and renews, and what it cannot be used for."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from bartizan.config.model.listeners import ListenerTls
from bartizan.edge.tls.contexts import build_store
from bartizan.edge.tls.devca import ensure_dev_certificate
from bartizan.errors import TlsError

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


def verify(files, *arguments: str) -> bool:
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", files.ca_pem, *arguments]
    return subprocess.run([*command, files.cert_pem], capture_output=True, check=False).returncode == 0


def test_it_holds_for_localhost_loopback_and_the_names(tmp_path):
    files = ensure_dev_certificate(tmp_path / "dev", ["My-Machine", "*.demo.test", "192.0.2.7"], NOW)
    for name in ("localhost", "my-machine", "api.demo.test"):
        assert verify(files, "-verify_hostname", name)
    for address in ("127.0.0.1", "::1", "192.0.2.7"):
        assert verify(files, "-verify_ip", address)
    assert not verify(files, "-verify_hostname", "example.com")


def test_only_the_owner_may_read_the_keys(tmp_path):
    directory = tmp_path / "a" / "dev"
    files = ensure_dev_certificate(directory, [], NOW)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for key in (files.key_pem, directory / "ca.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert sorted(file.name for file in directory.iterdir()) == ["ca.key", "ca.pem", "server.key", "server.pem"]


def test_it_serves(tmp_path):
    files = ensure_dev_certificate(tmp_path, [socket.gethostname()], NOW)
    tls = ListenerTls.model_validate(
        {"certificates": [{"certificate": str(files.cert_pem), "key": str(files.key_pem)}]}
    )
    server_context = build_store(tls, NOW).context_for("localhost")
    client_context = ssl.create_default_context(cafile=str(files.ca_pem))
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    client = client_context.wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    for side in (client, server, client, server):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    assert client.version() == "TLSv1.3"


def contents(directory: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in directory.iterdir()}


@pytest.mark.parametrize(
    ("days", "renewed"),
    [
        (0, set()),
        (59, set()),
        (61, {"server.pem", "server.key"}),
        (276, {"server.pem", "server.key", "ca.pem", "ca.key"}),
    ],
)
def test_it_is_kept_until_it_is_near_its_end(tmp_path, days, renewed):
    ensure_dev_certificate(tmp_path, ["here"], NOW)
    before = contents(tmp_path)
    files = ensure_dev_certificate(tmp_path, ["here"], NOW + days * DAY)
    after = contents(tmp_path)
    assert {name for name in after if after[name] != before[name]} == renewed
    assert verify(files, "-attime", str(int((NOW + (days + 1) * DAY).timestamp())))


def test_fewer_names_keep_the_authority_and_new_ones_replace_it(tmp_path):
    ensure_dev_certificate(tmp_path, ["one.test"], NOW)
    authority = (tmp_path / "ca.pem").read_bytes()
    files = ensure_dev_certificate(tmp_path, [], NOW)
    assert (tmp_path / "ca.pem").read_bytes() == authority
    assert not verify(files, "-verify_hostname", "one.test")
    files = ensure_dev_certificate(tmp_path, ["two.test"], NOW)
    assert (tmp_path / "ca.pem").read_bytes() != authority
    assert verify(files, "-verify_hostname", "two.test")


@pytest.mark.parametrize("file", ["ca.pem", "ca.key", "server.pem", "server.key"])
@pytest.mark.parametrize("damage", ["missing", "broken"])
def test_what_is_missing_or_broken_is_made_again(tmp_path, file, damage):
    ensure_dev_certificate(tmp_path, [], NOW)
    if damage == "missing":
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_text("broken")
    assert verify(ensure_dev_certificate(tmp_path, [], NOW), "-verify_hostname", "localhost")


def test_a_key_that_others_could_read_is_not_used_again(tmp_path):
    files = ensure_dev_certificate(tmp_path, [], NOW)
    before = files.key_pem.read_bytes()
    files.key_pem.chmod(0o644)
    ensure_dev_certificate(tmp_path, [], NOW)
    assert files.key_pem.read_bytes() != before
    assert stat.S_IMODE(files.key_pem.stat().st_mode) == 0o600


def test_the_authority_is_constrained(tmp_path):
    files = ensure_dev_certificate(tmp_path, [], NOW)
    authority = x509.load_pem_x509_certificate(files.ca_pem.read_bytes())
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert {str(name.value) for name in constraints.value.permitted_subtrees} == {
        "127.0.0.0/8",
        "::1/128",
        "localhost",
    }
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0


def test_a_directory_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TlsError, match="Choose a directory you may write to"):
        ensure_dev_certificate(tmp_path / "file" / "dev", [], NOW)


def test_a_name_that_is_none_is_refused(tmp_path):
    with pytest.raises(TlsError, match="is not a DNS name"):
        ensure_dev_certificate(tmp_path, ["bücher.test"], NOW)
