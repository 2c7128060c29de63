"""Certificates, keys and trust of a TLS listener, read and checked off the path, as one object to swap in one step.

Protocol settings follow Mozilla's "Server Side TLS", intermediate, without its DHE suites: TLS 1.2 and 1.3, ephemeral
ECDH with AEAD ciphers only, no compression, no renegotiation. The client's order of ciphers decides, as advised there:
it knows whether it has AES in hardware.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bartizan.config.model.listeners import Certificate, ListenerTls
from bartizan.edge.tls.pem import check_revocation_lists, load_authorities, load_leaf, read_file
from bartizan.errors import TlsError

__all__ = ["INTERMEDIATE_CIPHERS", "CertificateStore", "ServedCertificate", "build_store"]

INTERMEDIATE_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK"

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_MODES = {"off": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}


@dataclass(frozen=True, slots=True)
class ServedCertificate:
    """A certificate that is served: its file, the DNS names in its subjectAltName, and until when it is valid."""

    file: str
    names: tuple[str, ...]
    not_after: datetime


class CertificateStore:
    """The certificates of a listener by name. Never changes: a reload builds another one.

    ``handshake_timeout`` is in seconds, ``alpn`` the protocols offered, ``contexts`` the SSL contexts by a digest of
    all that went into them.
    """

    __slots__ = ("_default", "_exact", "_wildcard", "alpn", "certificates", "contexts", "handshake_timeout")

    def __init__(
        self,
        entries: list[tuple[ServedCertificate, bytes, ssl.SSLContext]],
        alpn: frozenset[bytes],
        handshake_timeout: float,
    ) -> None:
        self.certificates = tuple(certificate for certificate, _, _ in entries)
        self.contexts: Mapping[bytes, ssl.SSLContext] = {digest: context for _, digest, context in entries}
        self.alpn = alpn
        self.handshake_timeout = handshake_timeout
        self._default = entries[0][2]
        self._exact: dict[str, ssl.SSLContext] = {}
        self._wildcard: dict[str, ssl.SSLContext] = {}
        for certificate, _, context in entries:
            for name in certificate.names:
                if name.startswith("*."):
                    self._wildcard.setdefault(name[2:], context)
                elif "*" not in name:
                    self._exact.setdefault(name, context)

    def context_for(self, server_name: str | None) -> ssl.SSLContext:
        """Choose by server name: exact, else a wildcard for its first label (RFC 9525 section 6.3), else the first.

        ``server_name`` is in lower case without a trailing dot. Of two certificates with a name the first listed wins.
        """
        if server_name is None:
            return self._default
        context = self._exact.get(server_name)
        if context is None and self._wildcard:
            context = self._wildcard.get(server_name.partition(".")[2])
        return context or self._default


def build_store(tls: ListenerTls, now: datetime, previous: CertificateStore | None = None) -> CertificateStore:
    """Read every file the listener names, check them, and build its store. Reads files: not for the event loop.

    A context of ``previous`` is used again where nothing that goes into it has changed, with its session tickets still
    good. ``now`` is aware. Raises ``TlsError`` with the file and the remedy.
    """
    trust = _Trust.read(tls, now)
    entries = []
    for certificate in tls.certificates:
        chain, key = read_file(certificate.certificate), read_file(certificate.key)
        digest = _digest(chain, key, trust.ca, trust.crl, tls.model_dump_json(exclude={"certificates"}).encode())
        names, not_after = load_leaf(certificate.certificate, chain)
        context = previous.contexts.get(digest) if previous is not None else None
        if context is None:
            context = _context(tls, certificate, trust)
            _check_unchanged({certificate.certificate: chain, certificate.key: key})
        entries.append((ServedCertificate(certificate.certificate, names, not_after), digest, context))
    return CertificateStore(entries, frozenset(name.encode() for name in tls.alpn), tls.handshake_timeout)


@dataclass(frozen=True, slots=True)
class _Trust:
    """What client certificates are checked against."""

    ca: bytes = b""
    crl: bytes = b""
    crl_file: str = ""

    @classmethod
    def read(cls, tls: ListenerTls, now: datetime) -> _Trust:
        clients = tls.client_certificates
        if clients.mode == "off":
            return cls()
        if clients.ca is None:
            raise TlsError(
                f"client_certificates.mode is {clients.mode} but client_certificates.ca is not set. "
                "Name the PEM bundle of the authorities that issue client certificates"
            )
        ca = read_file(clients.ca)
        authorities = load_authorities(clients.ca, ca)
        if clients.crl is None:
            return cls(ca)
        crl = read_file(clients.crl)
        check_revocation_lists(clients.crl, crl, authorities, now)
        return cls(ca, crl, clients.crl)


def _context(tls: ListenerTls, certificate: Certificate, trust: _Trust) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[tls.min_version]
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        context.set_ciphers(f"{tls.ciphers or INTERMEDIATE_CIPHERS}:!aNULL:!eNULL")
    except ssl.SSLError:
        raise TlsError(
            f"ciphers: OpenSSL finds no usable cipher in {tls.ciphers!r}. "
            "Remove the setting for the default, or see `openssl ciphers`"
        ) from None
    context.set_alpn_protocols(list(tls.alpn))
    _load_key(context, certificate)
    context.verify_mode = _MODES[tls.client_certificates.mode]
    if trust.ca:
        context.load_verify_locations(cadata=trust.ca.decode("ascii"))
    if trust.crl:
        context.load_verify_locations(cafile=trust.crl_file)
        _check_unchanged({trust.crl_file: trust.crl})
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def _load_key(context: ssl.SSLContext, certificate: Certificate) -> None:
    """Load chain and key. OpenSSL would ask a terminal for a passphrase: an encrypted key is refused instead."""

    def refuse_passphrase() -> str:
        raise TlsError(
            f"{certificate.key}: the key is encrypted. Store it without a passphrase, readable by Bartizan only"
        )

    try:
        context.load_cert_chain(certificate.certificate, certificate.key, password=refuse_passphrase)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            problem = (
                f"the key does not belong to the certificate {certificate.certificate}. Name the files of one pair"
            )
        else:
            problem = (
                f"OpenSSL cannot use it with {certificate.certificate} ({error.reason}). Check that both are PEM files"
            )
        raise TlsError(f"{certificate.key}: {problem}") from None
    except OSError as error:
        raise TlsError(f"{certificate.key}: {error.strerror}. Check the path and its permissions") from None


def _check_unchanged(read: dict[str, bytes]) -> None:
    """OpenSSL opens files by itself: make sure that it saw what was checked."""
    for file, content in read.items():
        if Path(file).read_bytes() != content:
            raise TlsError(f"{file}: changed while it was read. Reload once it is written; replace files by renaming")


def _digest(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()
