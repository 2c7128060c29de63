"""Reading and checking PEM files: certificates (RFC 5280), authorities and revocation lists."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509

from bartizan.errors import TlsError

__all__ = ["check_revocation_lists", "load_authorities", "load_leaf", "read_file"]

MAX_FILE = 64 * 1024 * 1024  # bytes; revocation lists of large authorities reach tens of MiB
_CRL_END = b"-----END X509 CRL-----"


def read_file(file: str) -> bytes:
    """Return a file's content. Raises ``TlsError``."""
    path = Path(file)
    try:
        if path.stat().st_size > MAX_FILE:
            raise TlsError(f"{file}: larger than {MAX_FILE} bytes. Name a PEM file")
        return path.read_bytes()
    except OSError as error:
        raise TlsError(f"{file}: {error.strerror}. Check the path and its permissions") from None


def load_leaf(file: str, pem: bytes) -> tuple[tuple[str, ...], datetime]:
    """Return the DNS names of the first certificate, in lower case, and its last moment of validity.

    Only subjectAltName counts, as for every current client (RFC 9525 section 2). Raises ``TlsError``.
    """
    certificate = _certificates(file, pem)[0]
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    except ValueError as error:
        raise TlsError(f"{file}: an extension of the certificate is malformed: {error}. Have it issued anew") from None
    return tuple(name.lower().removesuffix(".") for name in names), certificate.not_valid_after_utc


def load_authorities(file: str, pem: bytes) -> list[x509.Certificate]:
    """Return the certificates of a bundle. Raises ``TlsError`` if one of them may not issue others."""
    authorities = _certificates(file, pem)
    for certificate in authorities:
        if not _may_issue(certificate):
            subject = certificate.subject.rfc4514_string()
            raise TlsError(
                f"{file}: {subject} is not an authority (basicConstraints CA). List issuing certificates only"
            )
    return authorities


def check_revocation_lists(file: str, pem: bytes, authorities: list[x509.Certificate], now: datetime) -> None:
    """Check that each list is in date, and signed by one of ``authorities``. Raises ``TlsError``."""
    blocks = pem.split(_CRL_END)[:-1]
    if not blocks:
        raise TlsError(f"{file}: no revocation list in it. Name a PEM file with X509 CRL blocks")
    for block in blocks:
        try:
            crl = x509.load_pem_x509_crl(block + _CRL_END)
        except ValueError as error:
            raise TlsError(f"{file}: not a revocation list in PEM: {error}. Convert it with `openssl crl`") from None
        _check_revocation_list(file, crl, authorities, now)


def _check_revocation_list(
    file: str, crl: x509.CertificateRevocationList, authorities: list[x509.Certificate], now: datetime
) -> None:
    issuer = crl.issuer.rfc4514_string()
    issuers = [authority for authority in authorities if authority.subject == crl.issuer]
    if not issuers:
        raise TlsError(f"{file}: the list of {issuer}, who is not in client_certificates.ca. Add its certificate there")
    if not any(_signed(crl, authority) for authority in issuers):
        raise TlsError(f"{file}: the list of {issuer} is not signed by it. Fetch it again from the authority")
    if crl.next_update_utc is None or crl.next_update_utc <= now:
        when = (
            "has no next update" if crl.next_update_utc is None else f"expired at {crl.next_update_utc:%Y-%m-%d %H:%M}"
        )
        raise TlsError(f"{file}: the list of {issuer} {when}. Fetch a current one from the authority")
    if crl.last_update_utc > now:
        raise TlsError(f"{file}: the list of {issuer} is not yet valid. Check this machine's clock")


def _signed(crl: x509.CertificateRevocationList, authority: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(authority.public_key())  # type: ignore[arg-type] # others raise TypeError
    except TypeError:
        return False


def _certificates(file: str, pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise TlsError(f"{file}: no certificate in PEM in it: {error}. Name a file with CERTIFICATE blocks") from None


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False
