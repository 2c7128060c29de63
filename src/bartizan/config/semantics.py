"""What a configuration has to fulfil beyond the form of each field."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bartizan.config.certificates import certificate_problem, readable_problem
from bartizan.config.document import Document, FieldPath
from bartizan.config.model import Config, HeaderEdits, Listener, Route, Upstream
from bartizan.errors import Problem

__all__ = ["check"]

_HOST = re.compile(r"(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_-]{1,63}){0,30}|[0-9A-Fa-f:.]{2,45}")
_SEGMENT = re.compile(r"\{[A-Za-z_][A-Za-z0-9_]{0,62}\}|[^{}*\\?#\x00-\x20\x7f-\U0010ffff]{0,255}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8192}")
_KEY = re.compile(r"address|network|ja4|principal|route|listener|header:[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.*-]{0,255}):([0-9]{1,5})|unix:/[^\x00-\x20]{1,106}")


def check(config: Config, document: Document, references: Mapping[FieldPath, str]) -> list[Problem]:
    """Return every problem; values that came from a reference are shown as the reference."""
    checker = _Checker(config, document, references)
    checker.run()
    return sorted(checker.problems, key=lambda problem: (problem.line, problem.column))


class _Checker:
    def __init__(self, config: Config, document: Document, references: Mapping[FieldPath, str]) -> None:
        self.problems: list[Problem] = []
        self._config = config
        self._document = document
        self._references = references
        self._upstreams = {upstream.name for upstream in config.upstreams}

    def run(self) -> None:
        config = self._config
        for section, items in (
            ("listeners", config.listeners),
            ("upstreams", config.upstreams),
            ("routes", config.routes),
        ):
            self._unique(section, [item.name for item in items], "name")
        self._unique("listeners", [listener.address for listener in config.listeners], "address")
        for number, listener in enumerate(config.listeners):
            self._listener(listener, ("listeners", number))
        for number, upstream in enumerate(config.upstreams):
            self._upstream(upstream, ("upstreams", number))
        for number, route in enumerate(config.routes):
            self._route(route, ("routes", number))
        self._shadowed()
        self._guards()
        if config.storage.state.engine == "valkey" and config.storage.state.url is None:
            self._add(("storage", "state"), "the engine valkey needs a url", remedy="add url: valkey://host:6379/0")
        if config.admin.address is not None and not _ADDRESS.fullmatch(config.admin.address):
            self._address(config.admin.address, ("admin", "address"))
        if isinstance(config.workers, int) and not 1 <= config.workers <= 512:
            self._add(("workers",), "has to be from 1 to 512", str(config.workers), "or `auto` for one per core")

    def _add(self, path: FieldPath, message: str, value: str = "", remedy: str = "") -> None:
        value = self._references.get(path, value)
        self.problems.append(self._document.problem(path, message, value=value, remedy=remedy))

    def _unique(self, section: str, values: Sequence[str], field: str) -> None:
        seen: dict[str, int] = {}
        for number, value in enumerate(values):
            if value in seen and not value.endswith(":0"):
                line, _ = self._document.place((section, seen[value], field))
                self._add((section, number, field), f"is used already in line {line}", value, "choose another")
            seen.setdefault(value, number)

    def _listener(self, listener: Listener, path: FieldPath) -> None:
        self._address(listener.address, (*path, "address"))
        if listener.proxy_protocol != "off" and not self._config.trusted_proxies:
            self._add((*path, "proxy_protocol"), "needs to know which peers may send it", listener.proxy_protocol,
                      "list them in trusted_proxies")  # fmt: skip
        if listener.tls is None:
            return
        for number, certificate in enumerate(listener.tls.certificates):
            problem = certificate_problem(Path(certificate.certificate), Path(certificate.key))
            if problem is not None:
                field, message, remedy = problem
                self._add((*path, "tls", "certificates", number, field), message, getattr(certificate, field), remedy)
        clients = listener.tls.client_certificates
        clients_path = (*path, "tls", "client_certificates")
        if clients.mode != "off" and clients.ca is None:
            self._add(clients_path, f"mode {clients.mode} needs a ca", remedy="name the PEM bundle that issues them")
        self._readable(clients.ca, (*clients_path, "ca"))
        self._readable(clients.crl, (*clients_path, "crl"))

    def _upstream(self, upstream: Upstream, path: FieldPath) -> None:
        for number, node in enumerate(upstream.nodes):
            self._address(node.address, (*path, "nodes", number, "address"), port_required=True)
        if not any(node.weight for node in upstream.nodes):
            self._add((*path, "nodes"), "have no weight at all", remedy="give at least one of them weight 1 or more")
        self._unique_nodes(upstream, path)
        if upstream.tls is not None:
            tls = upstream.tls
            for field in ("ca", "certificate", "key"):
                self._readable(getattr(tls, field), (*path, "tls", field))
            if (tls.certificate is None) != (tls.key is None):
                self._add((*path, "tls"), "a client certificate needs both certificate and key", remedy="add the other")

    def _unique_nodes(self, upstream: Upstream, path: FieldPath) -> None:
        seen: set[str] = set()
        for number, node in enumerate(upstream.nodes):
            if node.address in seen:
                self._add((*path, "nodes", number, "address"), "is listed twice", node.address, "use weight instead")
            seen.add(node.address)

    def _route(self, route: Route, path: FieldPath) -> None:
        if (route.upstream is None) == (not route.split):
            self._add(
                path, "needs either `upstream` or `split`", remedy="name where its exchanges go, in one of the two"
            )
        if route.upstream is not None:
            self._known_upstream(route.upstream, (*path, "upstream"))
        for number, share in enumerate(route.split):
            self._known_upstream(share.upstream, (*path, "split", number, "upstream"))
            self._headers(share.headers, (*path, "split", number, "headers"))
        if route.split and not any(share.weight for share in route.split):
            self._add((*path, "split"), "has no weight at all", remedy="give at least one share weight 1 or more")
        for number, host in enumerate(route.hosts):
            if not _HOST.fullmatch(host):
                self._add((*path, "hosts", number), "is not a host name", host, "api.example.org or *.example.org")
        for number, pattern in enumerate(route.paths):
            self._pattern(pattern, (*path, "paths", number))
        self._headers(route.headers, (*path, "headers"))
        self._rewrite(route, path)
        self._windows(route.guards.rate_limit.windows or [], (*path, "guards", "rate_limit", "windows"))
        concurrency = route.guards.rate_limit.concurrency
        if concurrency is not None:
            self._keys(concurrency.key, (*path, "guards", "rate_limit", "concurrency", "key"))

    def _pattern(self, pattern: str, path: FieldPath) -> None:
        body = pattern.removesuffix("/*") if pattern.endswith("/*") else pattern
        segments = body.split("/")[1:]
        names = [segment for segment in segments if segment.startswith("{")]
        forms = "/exact, /prefix/* or /users/{id}"
        if not pattern.startswith("/") or not all(_SEGMENT.fullmatch(segment) for segment in segments):
            self._add(path, "is not a path pattern", pattern, f"write {forms}")
        elif len(names) != len(set(names)):
            self._add(path, "names a parameter twice", pattern, "give each its own name")

    def _rewrite(self, route: Route, path: FieldPath) -> None:
        rewrite, at = route.rewrite, (*path, "rewrite")
        if rewrite.prefix is not None and not all(pattern.endswith("/*") for pattern in route.paths):
            self._add((*at, "prefix"), "needs paths that end in /*", rewrite.prefix, "use rewrite.path for others")
        if rewrite.prefix is not None and rewrite.path is not None:
            self._add(at, "has both prefix and path", remedy="keep one of the two")
        for name in re.findall(r"\{([^{}]*)\}", rewrite.path or ""):
            if not all(f"{{{name}}}" in pattern for pattern in route.paths):
                self._add(
                    (*at, "path"), f"uses {{{name}}}, which is not in every path", rewrite.path or "", "add it there"
                )
        if rewrite.host is not None and not _HOST.fullmatch(rewrite.host.partition(":")[0]):
            self._add((*at, "host"), "is not a host name", rewrite.host, "write host or host:port")
        self._edits(rewrite.request_headers, (*at, "request_headers"))
        self._edits(rewrite.response_headers, (*at, "response_headers"))

    def _edits(self, edits: HeaderEdits, path: FieldPath) -> None:
        self._headers(edits.set, (*path, "set"))
        self._headers(edits.add, (*path, "add"))
        self._header_names(edits.remove, (*path, "remove"))

    def _headers(self, headers: Mapping[str, str], path: FieldPath) -> None:
        self._header_names(headers, path)
        for name, value in headers.items():
            if not _VALUE.fullmatch(value):
                self._add(
                    (*path, name), "has a line break or another character that a header cannot have", remedy="remove it"
                )

    def _header_names(self, names: Iterable[str], path: FieldPath) -> None:
        for name in names:
            if not _TOKEN.fullmatch(name):
                self._add((*path, name), "is not the name of a header", name, "use letters, digits and hyphens")

    def _guards(self) -> None:
        limits = self._config.guards.rate_limit
        self._windows(limits.windows, ("guards", "rate_limit", "windows"))
        if limits.concurrency is not None:
            self._keys(limits.concurrency.key, ("guards", "rate_limit", "concurrency", "key"))
        lists = self._config.guards.denylist
        for field in ("deny_files", "allow_files"):
            for number, file in enumerate(getattr(lists, field)):
                self._readable(file, ("guards", "denylist", field, number))
        for index, route in enumerate(self._config.routes):
            for field in ("deny_files", "allow_files"):
                for number, file in enumerate(getattr(route.guards.denylist, field) or []):
                    self._readable(file, ("routes", index, "guards", "denylist", field, number))

    def _windows(self, windows: Sequence[object], path: FieldPath) -> None:
        for number, window in enumerate(windows):
            self._keys(getattr(window, "key", []), (*path, number, "key"))

    def _keys(self, keys: Sequence[str], path: FieldPath) -> None:
        for number, key in enumerate(keys):
            if not _KEY.fullmatch(key):
                self._add((*path, number), "is not something that can be counted by", key,
                          "use address, network, header:NAME, ja4, principal, route or listener")  # fmt: skip

    def _known_upstream(self, name: str, path: FieldPath) -> None:
        if name not in self._upstreams:
            near = difflib.get_close_matches(name, self._upstreams, 1)
            self._add(
                path,
                "is not the name of an upstream",
                name,
                f"did you mean {near[0]}?" if near else "add it to upstreams",
            )

    def _address(self, address: str, path: FieldPath, *, port_required: bool = False) -> None:
        match = _ADDRESS.fullmatch(address)
        port = int(match[2]) if match is not None and match[2] is not None else None
        if match is None or (port is not None and (port > 65535 or (port_required and (port == 0 or not match[1])))):
            self._add(path, "is not an address", address, "write host:port, [v6]:port or unix:/path")

    def _readable(self, file: str | None, path: FieldPath) -> None:
        problem = None if file is None else readable_problem(Path(file))
        if problem is not None:
            self._add(path, problem, str(file), "check the path; relative ones count from the configuration file")

    def _shadowed(self) -> None:
        seen: dict[tuple[object, ...], int] = {}
        for number, route in enumerate(self._config.routes):
            conditions = (frozenset(route.methods), frozenset(route.headers.items()), route.priority)
            for host in route.hosts or ["*"]:
                for index, pattern in enumerate(route.paths):
                    key = (host.lower(), re.sub(r"\{[^}]*\}", "{}", pattern), *conditions)
                    if key in seen and seen[key] != number:
                        line, _ = self._document.place(("routes", seen[key]))
                        message = f"is never reached: the route in line {line} has the same conditions and priority"
                        self._add(("routes", number, "paths", index), message, pattern, "change one of the two")
                    seen.setdefault(key, number)
