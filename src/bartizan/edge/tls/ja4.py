"""JA4, the fingerprint of a TLS client (FoxIO's public specification "JA4: TLS Client Fingerprinting").

    t13d1516h2_8daaf6152771_e5627efa2ab1
    │││ │ │ │  │            └ sorted extensions without SNI and ALPN, "_", signature algorithms as sent: likewise
    │││ │ │ │  └ sorted cipher suites: SHA-256, 12 hex digits
    │││ │ │ └ first and last character of the first ALPN value, 00 without
    │││ │ └ number of extensions, at most 99
    │││ └ number of cipher suites, at most 99
    ││└ d: with SNI, i: without
    │└ highest version offered
    └ t: TLS over TCP

GREASE values (RFC 8701) are left out everywhere, since clients pick them at random.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from bartizan.edge.tls.clienthello import EXT_ALPN, EXT_SERVER_NAME, ClientHello

__all__ = ["ja4"]

_GREASE = frozenset(0x0A0A + 0x1010 * step for step in range(16))
_VERSIONS = {0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2"}
_NOTHING = "0" * 12


def ja4(hello: ClientHello) -> str:
    """Return the JA4 fingerprint of a ClientHello received over TCP."""
    ciphers = [code for code in hello.cipher_suites if code not in _GREASE]
    extensions = [code for code in hello.extensions if code not in _GREASE]
    return (
        f"t{_version(hello)}{'d' if EXT_SERVER_NAME in extensions else 'i'}"
        f"{min(len(ciphers), 99):02d}{min(len(extensions), 99):02d}{_alpn(hello)}"
        f"_{_digest(_hex(sorted(ciphers))) if ciphers else _NOTHING}"
        f"_{_extension_digest(extensions, hello.signature_algorithms)}"
    )


def _version(hello: ClientHello) -> str:
    """Return the highest version; the legacy field only counts where supported_versions was not sent."""
    offered = [code for code in hello.supported_versions if code not in _GREASE]
    return _VERSIONS.get(max(offered) if offered else hello.legacy_version, "00")


def _alpn(hello: ClientHello) -> str:
    """Return two characters of the first ALPN value; of its hex digits where it is not alphanumeric at both ends."""
    if not hello.alpn:
        return "00"
    first = hello.alpn[0]
    if first[:1].isalnum() and first[-1:].isalnum():
        return chr(first[0]) + chr(first[-1])
    digits = first.hex()
    return digits[0] + digits[-1]


def _extension_digest(extensions: list[int], signature_algorithms: tuple[int, ...]) -> str:
    if not extensions:
        return _NOTHING
    text = _hex(sorted(code for code in extensions if code not in (EXT_SERVER_NAME, EXT_ALPN)))
    algorithms = _hex(code for code in signature_algorithms if code not in _GREASE)
    return _digest(f"{text}_{algorithms}" if algorithms else text)


def _hex(codes: Iterable[int]) -> str:
    return ",".join([f"{code:04x}" for code in codes])


def _digest(text: str) -> str:
    return sha256(text.encode("ascii")).hexdigest()[:12]
