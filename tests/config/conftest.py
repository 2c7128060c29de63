"""Files that configurations name: certificates, keys, lists, secrets; made once, copied beside each configuration."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from bartizan.config.load import LoadedConfig, load

ENVIRON = {"VALKEY_PASSWORD": "pass-7c1e", "VALKEY_URL": "valkey://127.0.0.1:6379/0", "WORKERS": "3", "EMPTY": ""}
_START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_END = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with everything that the golden files name."""
    directory = tmp_path_factory.mktemp("material")
    tls = directory / "tls"
    tls.mkdir()
    authority = _write_pair(tls / "clients-ca", ca=True)
    _write_pair(tls / "internal-ca", ca=True)
    for name in ("server", "client", "other"):
        _write_pair(tls / name)
    _write_pair(tls / "expired", start=dt.datetime(2019, 1, 1, tzinfo=dt.UTC), end=_START)
    _write_pair(tls / "future", start=dt.datetime(2098, 1, 1, tzinfo=dt.UTC))
    _write_key(tls / "encrypted.key", authority, BestAvailableEncryption(b"passphrase"))
    _write_crl(tls / "clients.crl", authority, _END)
    _write_crl(tls / "old.crl", authority, dt.datetime(2021, 1, 1, tzinfo=dt.UTC))
    (tls / "nonsense.pem").write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    (directory / "blocklist.txt").write_text("203.0.113.9\n2001:db8::/32 # a network\n")
    for file in (
        "crs/crs-setup.conf",
        "crs/rules/REQUEST-901-INITIALIZATION.conf",
        "rules/own.conf",
        "geo.mmdb",
        "map",
    ):
        (directory / file).parent.mkdir(parents=True, exist_ok=True)
        (directory / file).write_text("")
    (directory / "no-setup" / "rules").mkdir(parents=True)
    (directory / "no-setup" / "rules" / "one.conf").write_text("")
    secrets = directory / "secrets"
    secrets.mkdir()
    (secrets / "upstream-token").write_text("token-55ad\n")
    (secrets / "binary").write_bytes(b"\xff\xfe")
    (secrets / "large").write_bytes(b"x" * (64 * 1024 + 1))
    return directory


@pytest.fixture
def sandbox(material: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for one configuration, with the files beside it."""
    directory = tmp_path_factory.mktemp("c")  # a short name: the path of control's socket has to fit
    return Path(shutil.copytree(material, directory / "etc"))


@pytest.fixture
def load_text(tmp_path: Path) -> Callable[..., LoadedConfig]:
    """Loads a configuration from its text."""

    def load_it(text: str | bytes, environ: Mapping[str, str] | None = None) -> LoadedConfig:
        file = tmp_path / "bartizan.yaml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(file, environ or {})

    return load_it


def _write_pair(
    stem: Path, *, ca: bool = False, start: dt.datetime = _START, end: dt.datetime = _END
) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, stem.name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    stem.with_suffix(".pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    _write_key(stem.with_suffix(".key"), key, NoEncryption())
    return key


def _write_key(file: Path, key: ec.EllipticCurvePrivateKey, encryption: KeySerializationEncryption) -> None:
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))


def _write_crl(file: Path, key: ec.EllipticCurvePrivateKey, until: dt.datetime) -> None:
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "clients-ca")]))
        .last_update(_START)
        .next_update(until)
        .sign(key, SHA256())
    )
    file.write_bytes(crl.public_bytes(Encoding.PEM))
