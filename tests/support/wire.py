"""A site as clients reach it that are no browsers: over TLS, with every byte of a request in the test's hand."""

from __future__ import annotations

import http.client
import socket
import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import NamedTuple

import httpx

from tests.support.device import AGENT
from tests.support.people import World
from tests.support.site import Site

__all__ = ["Reply", "Wire", "people_at"]


class Reply(NamedTuple):
    """A response; names of ``fields`` are in lower case, and those that come again are all there."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes

    def get(self, name: str) -> str:
        """Return a field, or nothing."""
        return next((value for key, value in self.fields if key == name), "")


class Wire:
    """Sends requests to ``site`` as they are written, each on a connection of its own."""

    def __init__(self, site: Site) -> None:
        self._port = site.port
        self.host = f"localhost:{site.port}"
        self._context = site.authority.client_context()
        self._context.set_alpn_protocols(["http/1.1"])  # as httpx does, so that both are one client

    def connect(self) -> ssl.SSLSocket:
        """Return a connection."""
        return self._context.wrap_socket(
            socket.create_connection(("127.0.0.1", self._port), 30), server_hostname="localhost"
        )

    def send(self, data: bytes, method: str = "GET") -> Reply:
        """Send bytes and read one response."""
        with self.connect() as sock:
            sock.sendall(data)
            with http.client.HTTPResponse(sock, method=method) as response:
                response.begin()
                fields = [(name.lower(), value) for name, value in response.getheaders()]
                return Reply(response.status, fields, response.read())

    def ask(self, target: str, *lines: str, method: str = "GET", host: str | None = None, body: bytes = b"") -> Reply:
        """Send a request with some fields, each a line, and a User-Agent as browsers of tests have it."""
        head = [f"{method} {target} HTTP/1.1", f"Host: {host or self.host}", f"User-Agent: {AGENT}", *lines]
        if body:
            head.append(f"Content-Length: {len(body)}")
        return self.send("\r\n".join([*head, "", ""]).encode("latin-1") + body, method)


def people_at(site: Site) -> World:
    """Return people of a site whose browsers, in software, reach it over TLS; close it in the end."""
    none = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # each browser keeps its own
    few = httpx.Limits(max_keepalive_connections=2)  # so that few are open when the gateway ends
    verify = site.authority.client_context()
    client = httpx.Client(base_url=site.origin, verify=verify, cookies=none, limits=few, timeout=30)
    return World(site.control, site.clock, client)
