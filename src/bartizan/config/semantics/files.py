"""Whether files that a configuration names can be used: readable, certificates valid, keys theirs."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bartizan.config.forms import Fault

if TYPE_CHECKING:
    from cryptography import x509

__all__ = ["authorities_fault", "certificate_fault", "key_fault", "readable_fault", "revocation_fault"]

MAX_BYTES = 64 * 2**20  # revocation lists of large authorities reach tens of MiB
_CRL_END = b"-----END X509 CRL-----"
_PATH_REMEDY = "check path and permissions; relative paths count from the configuration file"


def readable_fault(file: str) -> Fault:
    """Check that a file is a regular one and can be read."""
    path = Path(file)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return "is not a regular file", "name a file"
        with path.open("rb"):
            return None
    except OSError as error:
        return f"cannot be read: {error.strerror}", _PATH_REMEDY


def _with_content(file: str, check: Callable[[bytes], Fault]) -> Fault:
    found = readable_fault(file)
    if found is not None:
        return found
    if Path(file).stat().st_size > MAX_BYTES:
        return f"is larger than {MAX_BYTES // 2**20} MiB", "name a PEM file"
    return check(Path(file).read_bytes())


def certificate_fault(file: str, now: datetime) -> Fault:
    """Check a PEM chain: its first certificate has to be in date."""

    def check(content: bytes) -> Fault:
        found = _certificates(content)
        if isinstance(found, str):
            return "is not a PEM certificate", "it has to hold -----BEGIN CERTIFICATE----- blocks, the server's first"
        if found[0].not_valid_after_utc < now:
            return f"has expired on {found[0].not_valid_after_utc:%Y-%m-%d}", "renew it: clients would refuse it"
        if found[0].not_valid_before_utc > now:
            return f"is not valid before {found[0].not_valid_before_utc:%Y-%m-%d %H:%M} UTC", "check the clock"
        return None

    return _with_content(file, check)


def key_fault(file: str, certificate: str) -> Fault:
    """Check that a PEM key is the one of a certificate that has been checked already."""

    def check(content: bytes) -> Fault:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - slow, and only for TLS
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
            Encoding,
            PublicFormat,
            load_pem_private_key,
        )

        found = _certificates(Path(certificate).read_bytes())
        form = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        try:
            key = load_pem_private_key(content, password=None)
            if not isinstance(found, str) and key.public_key().public_bytes(*form) != found[
                0
            ].public_key().public_bytes(*form):
                return "does not belong to the certificate", "name the key that the certificate was issued for"
        except TypeError:
            return "is encrypted", "store it without a passphrase, readable by Bartizan only"
        except (ValueError, UnsupportedAlgorithm):
            return "is not a PEM private key", "it has to hold a -----BEGIN PRIVATE KEY----- block"
        return None

    return _with_content(file, check)


def authorities_fault(file: str) -> Fault:
    """Check a PEM bundle of certificates that issue others."""

    def check(content: bytes) -> Fault:
        found = _certificates(content)
        if isinstance(found, str):
            return "is not a PEM bundle of certificates", "it has to hold -----BEGIN CERTIFICATE----- blocks"
        if not all(_may_issue(certificate) for certificate in found):
            return "has a certificate that is no authority's", "list issuing certificates only (basicConstraints CA)"
        return None

    return _with_content(file, check)


def bundle_fault(file: str) -> Fault:
    """Check a PEM bundle of certificates to trust."""

    def check(content: bytes) -> Fault:
        if isinstance(_certificates(content), str):
            return "is not a PEM bundle of certificates", "it has to hold -----BEGIN CERTIFICATE----- blocks"
        return None

    return _with_content(file, check)


def revocation_fault(file: str, now: datetime) -> Fault:
    """Check a PEM file of revocation lists that are in date. Who signed them is checked where they are used."""

    def check(content: bytes) -> Fault:
        from cryptography import x509  # noqa: PLC0415 - slow, and only for TLS

        blocks = content.split(_CRL_END)[:-1]
        try:
            lists = [x509.load_pem_x509_crl(block + _CRL_END) for block in blocks]
        except ValueError:
            lists = []
        if not lists:
            return "is not a PEM revocation list", "it has to hold -----BEGIN X509 CRL----- blocks"
        if any(each.next_update_utc is None or each.next_update_utc <= now for each in lists):
            return "has a revocation list that is out of date", "fetch a current one from the authority"
        return None

    return _with_content(file, check)


def _certificates(content: bytes) -> list[x509.Certificate] | str:
    from cryptography import x509  # noqa: PLC0415 - slow, and only for TLS

    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError as error:
        return str(error)


def _may_issue(certificate: x509.Certificate) -> bool:
    from cryptography import x509  # noqa: PLC0415 - slow, and only for TLS

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False
