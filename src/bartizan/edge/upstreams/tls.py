"""TLS towards nodes: a client context made from the configuration.

Reading certificates takes milliseconds: this runs where a configuration is built, never on the path of an exchange.
"""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path

from bartizan.config.model.upstreams import UpstreamTls
from bartizan.edge.upstreams.address import Address
from bartizan.errors import TlsError

__all__ = ["client_context", "fingerprint", "server_name"]

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def client_context(config: UpstreamTls, directory: Path = Path()) -> ssl.SSLContext:
    """Return a context that verifies and identifies as ``config`` says; relative paths count from ``directory``.

    Raises ``TlsError`` for a file that cannot be read, is not what it should be, or does not fit the other.
    """
    if config.key is not None and config.certificate is None:
        raise TlsError("tls.key is given without tls.certificate: name the PEM client certificate that it belongs to")
    cafile = None if config.ca is None else directory / config.ca
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=cafile)
    except (OSError, ssl.SSLError) as error:
        raise TlsError(f"tls.ca {cafile} is not usable ({_why(error)}): it has to be a PEM bundle") from error
    if not config.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.minimum_version = _VERSIONS[config.min_version]
    context.set_alpn_protocols(["http/1.1"])
    if config.certificate is not None:
        _identify(context, directory / config.certificate, None if config.key is None else directory / config.key)
    return context


def server_name(config: UpstreamTls, address: Address, context: ssl.SSLContext) -> str:
    """Return the name to send (SNI, RFC 6066 section 3) and to verify; empty if there is none to verify.

    Raises ``TlsError`` where a name would have to be verified but none is known, or where it cannot be one.
    """
    name = config.server_name or address.host
    if not name and config.verify:
        raise TlsError(f"the certificate of {address.text} cannot be verified without a name: set tls.server_name")
    try:
        context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=name or None)
    except (ValueError, TypeError) as error:  # UnicodeError, for what IDNA cannot encode, is a ValueError
        raise TlsError(f"{name!r} is not a server name ({error}): correct tls.server_name") from error
    return name


def fingerprint(config: UpstreamTls | None, directory: Path = Path()) -> bytes:
    """Return a digest of the files that ``config`` names: it changes when a certificate is renewed in place.

    Raises ``TlsError`` for a file that cannot be read.
    """
    digest = hashlib.sha256()
    for name in () if config is None else (config.ca, config.certificate, config.key):
        if name is None:
            digest.update(b"-")
            continue
        try:
            digest.update(hashlib.sha256((directory / name).read_bytes()).digest())
        except OSError as error:
            raise TlsError(f"{directory / name} cannot be read: {_why(error)}") from error
    return digest.digest()


def _identify(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    try:
        # Without a password OpenSSL would ask for one on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError) as error:
        raise TlsError(
            f"tls.certificate {certificate} with key {key or certificate} is not usable ({_why(error)}): "
            "they have to be PEM, unencrypted, and belong together"
        ) from error


def _why(error: OSError) -> str:
    return error.strerror or str(error)
