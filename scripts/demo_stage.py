"""What the steps of the demo share: where things are, a client, processes, and how to say what was seen."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

__all__ = [
    "CRS",
    "ROOT",
    "Answer",
    "Client",
    "DemoFailed",
    "Load",
    "Setup",
    "check",
    "port",
    "process",
    "say",
    "wait_for",
]

T = TypeVar("T")
ROOT = Path(__file__).parent.parent
CRS = Path("/usr/share/modsecurity-crs")
CONFIG = """\
# Written by scripts/demo.py: two copies of httpbin behind HTTPS.
workers: 2
grace_period: 5s
listeners:
  - name: https
    address: 127.0.0.1:{https}          # `up --dev` adds a certificate of a local authority
upstreams:
  - name: httpbin
    nodes:
      - address: {nodes[0]}
      - address: {nodes[1]}
    health_checks:
      active: {{path: /status/204, interval: 500ms, timeout: 2s}}
routes:
  - name: httpbin
    paths: ["/*"]
    upstream: httpbin
  - name: limited
    paths: [/anything/limited]
    upstream: httpbin
    guards:
      rate_limit:
        windows: [{{rate: 5/10s, key: [address, route]}}]
  - name: watched
    paths: [/anything/watched]
    upstream: httpbin
    guards:
      waf: {{mode: detection_only}}
  - name: tickets
    paths: [/anything/tickets]
    upstream: httpbin
    guards:
      waf: {{exclusions: {exclusions}}}
  - name: members
    paths: [/anything/members, "/anything/members/*"]
    upstream: httpbin
    guards:
      access:
        policy: '"members" in principal.groups && session.aal >= 2'
        reauth:
          - {{max_age: 5m, factor: webauthn, methods: [POST], when: number(request.body.amount) > 1000}}
{more_routes}guards:
  access: {{public: true}} # routes that say nothing else; without it they would refuse everybody
  denylist:
    deny: [192.0.2.0/24, "2001:db8::/32"]
  rate_limit:
    windows: [{{rate: 1000/s, burst: 2000, key: [address]}}]
  waf:
    enabled: true
    crs: {{directory: {crs}}} # of Debian's package modsecurity-crs
    paranoia: 1
    directives: | # CRS 3.3 does not look for directories in the names of uploaded files
      SecRule FILES "@rx \\.\\.[/\\x5c]" "id:10001,phase:2,deny,status:403,log,severity:CRITICAL,\\
          msg:'A directory in the name of an uploaded file',tag:'attack-lfi',logdata:'%{{MATCHED_VAR}}'"
access:
  enabled: true
  origin: https://localhost:{https}
  title: Demo
storage:
  directory: bartizan-data
admin:
  address: 127.0.0.1:{admin}
"""


class DemoFailed(Exception):
    """A step did not show what it should."""


@dataclass(frozen=True)
class Answer:
    """What a client got."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def exchange(self) -> str:
        """The id by which the journal knows the exchange: of an error answer, or the trace id that httpbin was sent."""
        told = json.loads(self.body)
        if self.status >= 400:
            return str(told.get("id") or told["instance"]).rpartition(":")[2]
        return str(told["headers"]["Traceparent"]).split("-")[1]


@dataclass(frozen=True)
class Setup:
    """Where everything is."""

    directory: Path
    https: int
    admin: int
    api: tuple[int, int]
    parts: dict[str, str] = field(default_factory=lambda: {"more_routes": "", "exclusions": "[]"})
    """What steps change of the configuration."""

    @property
    def file(self) -> Path:
        """The configuration."""
        return self.directory / "bartizan.yaml"

    @property
    def ca(self) -> Path:
        """The certificate of the local authority."""
        return self.directory / "bartizan-data" / "dev-ca" / "ca.pem"

    @property
    def nodes(self) -> list[str]:
        """The copies of the API."""
        return [f"127.0.0.1:{port}" for port in self.api]

    def write(self, **parts: str) -> None:
        """Write the configuration with these parts, and those of earlier times: whole, or not at all."""
        self.parts.update(parts)
        text = CONFIG.format(https=self.https, admin=self.admin, nodes=self.nodes, crs=CRS, **self.parts)
        new = self.file.with_suffix(".new")
        new.write_text(text)
        new.replace(self.file)

    def run(self, *arguments: str) -> str:
        """Return what a command of bartizan prints; raises ``DemoFailed`` if it fails."""
        done = self.command(*arguments)
        check(done.returncode == 0, f"bartizan {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def attempt(self, *arguments: str) -> str:
        """Return what a command of bartizan prints, nothing if it fails."""
        done = self.command(*arguments)
        return "" if done.returncode else done.stdout

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of bartizan on this configuration."""
        command = [sys.executable, "-m", "bartizan.cli", *arguments, "-c", str(self.file)]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    def story(self, answer: Answer) -> str:
        """Return what the journal tells of an exchange, by the id that its answer has."""
        exchange = answer.exchange
        return wait_for(lambda: self.attempt("journal", "find", exchange), f"exchange {exchange} in the journal")


class Client:
    """Verifies the server against the local authority."""

    def __init__(self, setup: Setup) -> None:
        self._port = setup.https
        self._tls = ssl.create_default_context(cafile=str(setup.ca))

    def connect(self, source: str | None = None) -> http.client.HTTPSConnection:
        """Return a new connection, from another address of this machine if one is given."""
        at = None if source is None else (source, 0)
        return http.client.HTTPSConnection("localhost", self._port, timeout=10, context=self._tls, source_address=at)

    def get(
        self, path: str, connection: http.client.HTTPSConnection | None = None, source: str | None = None
    ) -> Answer:
        """Send one request, on a connection of its own if none is given."""
        used = connection or self.connect(source)
        try:
            return self._send(used, "GET", path, None, {})
        finally:
            if connection is None:
                used.close()

    def send(self, method: str, path: str, headers: dict[str, str] | None = None) -> Answer:
        """Send one request without a body."""
        connection = self.connect()
        try:
            return self._send(connection, method, path, None, headers or {})
        finally:
            connection.close()

    def post(self, path: str, body: bytes, media_type: str, source: str | None = None) -> Answer:
        """Send one request with a body."""
        connection = self.connect(source)
        try:
            return self._send(connection, "POST", path, body, {"Content-Type": media_type})
        finally:
            connection.close()

    def _send(
        self,
        connection: http.client.HTTPSConnection,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
    ) -> Answer:
        connection.request(method, path, body, {"Accept": "application/json", **headers})
        got = connection.getresponse()
        return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())

    def raw(self, data: bytes) -> bytes:
        """Send bytes as they are; returns all that comes until the server closes."""
        with (
            socket.create_connection(("localhost", self._port), 10) as plain,
            self._tls.wrap_socket(plain, server_hostname="localhost") as sock,
        ):
            sock.sendall(data)
            received = b""
            while piece := sock.recv(65536):
                received += piece
            return received

    def tls(self) -> str:
        """Return version and cipher of a new connection."""
        connection = self.connect()
        try:
            connection.connect()
            version, cipher = connection.sock.version(), connection.sock.cipher()
            return f"{version} {cipher[0] if cipher else ''}"
        finally:
            connection.close()


class Load:
    """Sends requests on a few kept connections until the end of the block; ``statuses`` counts the answers."""

    def __init__(self, client: Client, connections: int = 4) -> None:
        self.statuses: Counter[str] = Counter()
        self._client = client
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(connections)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        time.sleep(0.3)
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(0.3)
        self._end.set()
        for thread in self._threads:
            thread.join()

    def told(self) -> str:
        """Return the count, having checked that every request succeeded."""
        check(set(self.statuses) == {"200"}, f"requests failed meanwhile: {dict(self.statuses)}")
        return f"{self.statuses.total()} requests meanwhile: all 200"

    def _run(self) -> None:
        connection = self._client.connect()
        while not self._end.wait(0.01):
            try:
                outcome = str(self._client.get("/uuid", connection).status)
            except (OSError, http.client.HTTPException) as error:
                outcome = type(error).__name__
            self.statuses[outcome] += 1
        connection.close()


def check(true: bool, otherwise: str) -> None:  # noqa: FBT001 - an assertion
    """Raise ``DemoFailed`` unless it is true."""
    if not true:
        raise DemoFailed(otherwise)


def wait_for(look: Callable[[], T | None], what: str, seconds: float = 15.0) -> T:
    """Return what ``look`` finds once it finds something; raises ``DemoFailed``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError, http.client.HTTPException):
            found = look()
            if found:
                return found
        time.sleep(0.03)
    raise DemoFailed(f"not within {seconds:g} s: {what}")


def say(label: str, text: str) -> None:
    """Print aligned lines; the label stands before the first."""
    for number, line in enumerate(text.splitlines()):
        print(f"{'' if number else label:<10}{line}".rstrip(), flush=True)


def port(preferred: int) -> int:
    """Return a loopback port that is free: the preferred one if it is."""
    while True:
        try:
            with socket.socket() as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind(("127.0.0.1", preferred))
                return preferred
        except OSError:
            preferred = random.SystemRandom().randrange(10240, 32768)


@contextmanager
def process(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in a group of its own until the end of the block; its output goes to ``log``."""
    with log.open("wb") as output:
        started = subprocess.Popen(command, stdout=output, stderr=output, cwd=log.parent, start_new_session=True)
    try:
        yield started
    finally:
        if started.poll() is None:
            started.terminate()
            try:
                started.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(started.pid, signal.SIGKILL)
                started.wait()
