"""A certificate authority for development on one machine, and a server certificate by it (RFC 5280).

The authority can only do little harm if its key is stolen: name constraints (RFC 5280 section 4.2.1.10) hold it to
localhost, loopback addresses and the names it was made for. Nothing is ever added to a trust store by itself.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bartizan.errors import TlsError

__all__ = ["DevCertificate", "ensure_dev_certificate"]

CA_LIFETIME = timedelta(days=365)
LEAF_LIFETIME = timedelta(days=90)
CA_RENEWAL = timedelta(days=90)  # so that the authority outlives every certificate it issues
LEAF_RENEWAL = timedelta(days=30)
CLOCK_SKEW = timedelta(hours=1)
DEFAULT_NAMES = ("localhost", "127.0.0.1", "::1")
_LOOPBACK: tuple[IPv4Network | IPv6Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class DevCertificate:
    """Paths of PEM files: the authority to trust, the certificate chain to serve, and its key."""

    ca_pem: Path
    cert_pem: Path
    key_pem: Path


def ensure_dev_certificate(directory: Path, names: Sequence[str], now: datetime) -> DevCertificate:
    """Return a certificate for ``names`` besides localhost and loopback, made or renewed if need be.

    ``names`` are DNS names or addresses, ``now`` is aware. The directory is made with mode 0700, keys with 0600. What
    is still good is kept, so that a browser rarely has to be told again to trust the authority. Raises ``TlsError``.
    """
    wanted = tuple(dict.fromkeys((*DEFAULT_NAMES, *(name.lower().removesuffix(".") for name in names))))
    found = DevCertificate(directory / "ca.pem", directory / "server.pem", directory / "server.key")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        authority = _authority(directory, wanted, now)
        if not _is_good(found, authority[0], wanted, now):
            _issue(found, authority, wanted, now)
    except OSError as error:
        raise TlsError(
            f"{error.filename or directory}: {error.strerror}. Choose a directory you may write to"
        ) from None
    return found


Authority = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _authority(directory: Path, names: Sequence[str], now: datetime) -> Authority:
    certificate_file, key_file = directory / "ca.pem", directory / "ca.key"
    certificate, key = _load(certificate_file), _load_key(key_file)
    if (
        certificate is not None
        and key is not None
        and certificate.public_key() == key.public_key()
        and certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - CA_RENEWAL
        and _permits(certificate, names)
    ):
        return certificate, key
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _make_authority(key, names, now)
    _write(key_file, _pem_key(key))
    _write(certificate_file, certificate.public_bytes(Encoding.PEM), 0o644)
    return certificate, key


def _make_authority(key: ec.EllipticCurvePrivateKey, names: Sequence[str], now: datetime) -> x509.Certificate:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Bartizan development"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Bartizan development CA {now:%Y-%m-%d}"),
        ]
    )
    usage = _key_usage(key_cert_sign=True, crl_sign=True)
    return (
        _builder(subject, subject, key.public_key(), now, CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints(_permitted(names), None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )


def _issue(files: DevCertificate, authority: Authority, names: Sequence[str], now: datetime) -> None:
    issuer, issuer_key = authority
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bartizan development server")])
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    certificate = (
        _builder(subject, issuer.subject, key.public_key(), now, LEAF_LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(issuer_key, SHA256())
    )
    _write(files.key_pem, _pem_key(key))
    _write(files.cert_pem, certificate.public_bytes(Encoding.PEM), 0o644)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + lifetime)
    )


def _key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _permitted(names: Sequence[str]) -> list[x509.GeneralName]:
    permitted: list[x509.GeneralName] = [x509.IPAddress(network) for network in _LOOPBACK]
    for name in names:
        general = _general_name(name)
        if isinstance(general, x509.DNSName):
            permitted.append(x509.DNSName(name.removeprefix("*.")))
        elif not any(ip_address(name) in network for network in _LOOPBACK):
            permitted.append(x509.IPAddress(ip_network(name)))
    return permitted


def _permits(certificate: x509.Certificate, names: Sequence[str]) -> bool:
    """Tell whether the authority was made for at least these names."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return False
    return set(_permitted(names)) <= set(constraints.permitted_subtrees or ())


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError:
        raise TlsError(f"{name!r} is not a DNS name. Write internationalised names in their xn-- form") from None


def _is_good(files: DevCertificate, issuer: x509.Certificate, names: Sequence[str], now: datetime) -> bool:
    """Tell whether the certificate on disk can be served as it is."""
    certificate, key = _load(files.cert_pem), _load_key(files.key_pem)
    if certificate is None or key is None or certificate.public_key() != key.public_key():
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
        has = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    in_date = certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - LEAF_RENEWAL
    return in_date and set(has) == {_general_name(name) for name in names}


def _load(file: Path) -> x509.Certificate | None:
    """Return the certificate in a file, or None if there is none that can be read: another one is then made."""
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def _load_key(file: Path) -> ec.EllipticCurvePrivateKey | None:
    try:
        if file.stat().st_mode & 0o077:
            return None  # others may have read it: it is worth nothing any more
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(file: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a new file with its final mode from the start, and put it in place in one step."""
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    new.replace(file)
