"""Checks of ``listeners`` and of the admin listener."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import datetime

from bartizan.config.document import FieldPath
from bartizan.config.forms import address_fault
from bartizan.config.model import Listener, ListenerTls
from bartizan.config.semantics.files import authorities_fault, certificate_fault, key_fault, revocation_fault
from bartizan.config.semantics.finding import Finding, LineOf, fault, repeated
from bartizan.config.validation import Parts, shown

__all__ = ["listener_findings"]

_ANY_HOST = frozenset(("", "0.0.0.0", "[::]"))  # noqa: S104 - recognised, not bound


def listener_findings(parts: Parts, line_of: LineOf, now: datetime) -> Iterator[Finding]:
    """Yield what is wrong with the listeners."""
    names: dict[FieldPath, str] = {}
    for number, listener in parts.listeners.items():
        path: FieldPath = ("listeners", number)
        names[*path, "name"] = listener.name
        yield from fault((*path, "address"), listener.address, address_fault(listener.address, listen=True))
        if listener.proxy_protocol != "off" and not parts.trusts_proxies:
            yield Finding(
                (*path, "proxy_protocol"),
                "needs to know which peers may send it",
                shown(listener.proxy_protocol),
                "list them in trusted_proxies",
            )
        yield from _tls(listener, (*path, "tls"), now)
    yield from repeated(names, line_of)
    admin = parts.admin.address if parts.admin is not None else None
    if admin is not None:
        yield from fault(("admin", "address"), admin, address_fault(admin, listen=True))
    yield from _conflicts(parts, line_of)


def _conflicts(parts: Parts, line_of: LineOf) -> Iterator[Finding]:
    """Yield addresses that cannot be bound beside another one of the file."""
    addresses: dict[FieldPath, str] = {
        ("listeners", number, "address"): listener.address for number, listener in parts.listeners.items()
    }
    if parts.admin is not None and parts.admin.address is not None:
        addresses["admin", "address"] = parts.admin.address
    taken: dict[tuple[str, str], FieldPath] = {}
    by_port: dict[str, FieldPath] = {}
    for path, address in addresses.items():
        host, _, port = address.lower().rpartition(":")
        if not port.isdigit():
            host, port = "", address
        elif int(port) == 0:
            continue
        host = "" if host in _ANY_HOST else host
        other = taken.get((host, port)) or taken.get(("", port)) or (by_port.get(port) if not host else None)
        if other is not None:
            yield Finding(path, f"is taken by the address in line {line_of(other)}", shown(address), "choose another")
        taken.setdefault((host, port), path)
        by_port.setdefault(port, path)


def _tls(listener: Listener, path: FieldPath, now: datetime) -> Iterator[Finding]:
    tls = listener.tls
    if tls is None:
        return
    for number, pair in enumerate(tls.certificates):
        at = (*path, "certificates", number)
        found = certificate_fault(pair.certificate, now)
        yield from _file_fault((*at, "certificate"), pair.certificate, found)
        if found is None:
            yield from _file_fault((*at, "key"), pair.key, key_fault(pair.key, pair.certificate))
    yield from _ciphers(tls, path)
    clients, at = tls.client_certificates, (*path, "client_certificates")
    if clients.mode != "off" and clients.ca is None:
        remedy = "add `ca`: the PEM bundle of the authorities that issue client certificates"
        yield Finding((*at, "mode"), "needs authorities to check certificates against", shown(clients.mode), remedy)
    if clients.ca is not None:
        yield from _file_fault((*at, "ca"), clients.ca, authorities_fault(clients.ca))
    if clients.crl is not None:
        yield from _file_fault((*at, "crl"), clients.crl, revocation_fault(clients.crl, now))


def _file_fault(path: FieldPath, file: str, found: tuple[str, str] | None) -> Iterator[Finding]:
    if found is not None:
        yield Finding(path, found[0], repr(file), found[1])


def _ciphers(tls: ListenerTls, path: FieldPath) -> Iterator[Finding]:
    if tls.ciphers is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).set_ciphers(f"{tls.ciphers}:!aNULL:!eNULL")
    except ssl.SSLError:
        remedy = "remove it for the default, or see `openssl ciphers`"
        yield Finding((*path, "ciphers"), "has no cipher that OpenSSL can use", shown(tls.ciphers), remedy)
