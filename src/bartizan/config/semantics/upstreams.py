"""Checks of ``upstreams``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bartizan.config.document import FieldPath
from bartizan.config.forms import address_fault, authority_fault, host_fault
from bartizan.config.model import Upstream
from bartizan.config.semantics.files import bundle_fault, certificate_fault, key_fault
from bartizan.config.semantics.finding import Finding, LineOf, fault, repeated
from bartizan.config.validation import Parts, shown

__all__ = ["upstream_findings"]


def upstream_findings(parts: Parts, line_of: LineOf, now: datetime) -> Iterator[Finding]:
    """Yield what is wrong with the upstreams."""
    names: dict[FieldPath, str] = {}
    for number, upstream in parts.upstreams.items():
        path: FieldPath = ("upstreams", number)
        names[*path, "name"] = upstream.name
        yield from _nodes(upstream, path, line_of)
        yield from _settings(upstream, path)
        yield from _health(upstream, (*path, "health_checks"))
        yield from _tls(upstream, (*path, "tls"), now)
    yield from repeated(names, line_of)


def _nodes(upstream: Upstream, path: FieldPath, line_of: LineOf) -> Iterator[Finding]:
    addresses: dict[FieldPath, str] = {
        (*path, "nodes", number, "address"): node.address for number, node in enumerate(upstream.nodes)
    }
    for at, address in addresses.items():
        yield from fault(at, address, address_fault(address, listen=False))
    for finding in repeated(addresses, line_of):
        yield Finding(finding.path, finding.message, finding.value, "use `weight` to give a node more")
    if not any(node.weight for node in upstream.nodes):
        yield Finding((*path, "nodes"), "have no weight at all", remedy="give at least one of them weight 1 or more")


def _settings(upstream: Upstream, path: FieldPath) -> Iterator[Finding]:
    if "hash_on" in upstream.model_fields_set and upstream.balancing != "consistent_hash":
        remedy = "set `balancing: consistent_hash`, or remove it"
        yield Finding((*path, "hash_on"), "has no effect with this balancing", shown(upstream.hash_on), remedy)
    if upstream.host_header not in ("preserve", "node"):
        yield from fault((*path, "host_header"), upstream.host_header, authority_fault(upstream.host_header))


def _health(upstream: Upstream, path: FieldPath) -> Iterator[Finding]:
    active, passive = upstream.health_checks.active, upstream.health_checks.passive
    if active is not None and active.host is not None:
        yield from fault((*path, "active", "host"), active.host, authority_fault(active.host))
    if passive is not None and passive.max_ejection_time < passive.ejection_time:
        remedy = "make it at least as long"
        shorter = f"{passive.max_ejection_time:g}s"
        yield Finding((*path, "passive", "max_ejection_time"), "is shorter than ejection_time", shorter, remedy)


def _tls(upstream: Upstream, path: FieldPath, now: datetime) -> Iterator[Finding]:
    tls = upstream.tls
    if tls is None:
        return
    if tls.ca is not None and (found := bundle_fault(tls.ca)) is not None:
        yield Finding((*path, "ca"), found[0], repr(tls.ca), found[1])
    if (tls.certificate is None) != (tls.key is None):
        missing = "key" if tls.key is None else "certificate"
        yield Finding(path, "has half of a client certificate", remedy=f"add `{missing}`", name=True)
    elif tls.certificate is not None and tls.key is not None:
        if (found := certificate_fault(tls.certificate, now)) is not None:
            yield Finding((*path, "certificate"), found[0], repr(tls.certificate), found[1])
        elif (found := key_fault(tls.key, tls.certificate)) is not None:
            yield Finding((*path, "key"), found[0], repr(tls.key), found[1])
    if tls.server_name is not None:
        yield from fault((*path, "server_name"), tls.server_name, host_fault(tls.server_name))
    elif tls.verify and any(node.address.startswith("unix:") for node in upstream.nodes):
        remedy = "add `server_name`: the name in the nodes' certificate"
        yield Finding(path, "cannot verify a node on a Unix socket without a name", remedy=remedy, name=True)
