"""Whether files that a configuration names can be used: readable, certificates valid, keys theirs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

__all__ = ["certificate_problem", "readable_problem"]

MAX_BYTES = 1024 * 1024


def readable_problem(file: Path) -> str | None:
    """Return why a file cannot be read, or None."""
    try:
        with file.open("rb"):
            return None
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def certificate_problem(certificate: Path, key: Path) -> tuple[str, str, str] | None:
    """Return (field, message, remedy) if a certificate and its key cannot serve together, or None."""
    for field, file in (("certificate", certificate), ("key", key)):
        problem = readable_problem(file)
        if problem is not None:
            return field, problem, "check the path; relative ones count from the configuration file"
    try:
        leaf = x509.load_pem_x509_certificates(certificate.read_bytes()[:MAX_BYTES])[0]
    except ValueError:
        return "certificate", "is not a PEM certificate", "it has to begin with -----BEGIN CERTIFICATE-----"
    try:
        private = load_pem_private_key(key.read_bytes()[:MAX_BYTES], password=None)
    except (ValueError, TypeError):
        return "key", "is not a PEM private key without a passphrase", "decrypt it, or name another"
    public = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != public:
        return "key", "does not belong to the certificate", "name the key that the certificate was issued for"
    if leaf.not_valid_after_utc < datetime.now(UTC):
        return "certificate", f"has expired on {leaf.not_valid_after_utc:%Y-%m-%d}", "renew it"
    return None
