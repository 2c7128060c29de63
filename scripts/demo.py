"""A real API, httpbin in two copies, behind Bartizan on HTTPS. A step that does not show what it says fails the demo.

``python -m scripts.demo`` ends by itself; with ``--stay`` it serves until Ctrl-C. Everything is on loopback.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

T = TypeVar("T")
ROOT = Path(__file__).parent.parent
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
{more_routes}guards:
  denylist:
    deny: [192.0.2.0/24, "2001:db8::/32"]
  rate_limit:
    windows: [{{rate: 1000/s, burst: 2000, key: [address]}}]
storage:
  directory: bartizan-data
admin:
  address: 127.0.0.1:{admin}
"""
NEW_ROUTE = """\
  - name: v2
    paths: ["/v2/*"]
    upstream: httpbin
    rewrite: {prefix: /anything/}
"""
TRY = """
Serving until Ctrl-C. Try, from another terminal:
  curl --cacert {ca} {url}/anything/hello
  for i in $(seq 9); do curl -so /dev/null -w '%{{http_code}}\\n' --cacert {ca} {url}/anything/limited; done
  {bartizan} journal tail -f -c {file}
  {bartizan} explain GET {url}/anything/limited -c {file}
  {bartizan} ban 127.0.0.1 --force --for 1m -c {file}
  curl http://127.0.0.1:{admin}/metrics
"""


class DemoFailed(Exception):
    """A step did not show what it should."""


@dataclass(frozen=True)
class Answer:
    """What a client got."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Setup:
    """Where everything is."""

    directory: Path
    https: int
    admin: int
    api: tuple[int, int]

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

    def write(self, more_routes: str = "") -> None:
        """Write the configuration, whole or not at all."""
        new = self.file.with_suffix(".new")
        new.write_text(CONFIG.format(https=self.https, admin=self.admin, nodes=self.nodes, more_routes=more_routes))
        new.replace(self.file)


class Client:
    """Verifies the server against the local authority."""

    def __init__(self, setup: Setup) -> None:
        self._port = setup.https
        self._tls = ssl.create_default_context(cafile=str(setup.ca))

    def connect(self) -> http.client.HTTPSConnection:
        """Return a new connection."""
        return http.client.HTTPSConnection("localhost", self._port, timeout=10, context=self._tls)

    def get(self, path: str, connection: http.client.HTTPSConnection | None = None) -> Answer:
        """Send one request, on a connection of its own if none is given."""
        used = connection or self.connect()
        try:
            used.request("GET", path, headers={"Accept": "application/json"})
            got = used.getresponse()
            return Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        finally:
            if connection is None:
                used.close()

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


class Demo:
    """The steps. ``stack`` ends the processes that they start."""

    def __init__(self, setup: Setup, stack: ExitStack) -> None:
        self._setup = setup
        self._stack = stack
        self._client: Client

    def serve(self) -> None:
        """Start the API and the gateway."""
        setup = self._setup
        self._clean()
        setup.write()
        self._copies = [self._start_copy(number) for number in (0, 1)]
        for each in setup.api:
            wait_for(lambda each=each: _listens(each), f"httpbin on port {each}: see {setup.directory}")  # type: ignore[misc]
        log = setup.directory / "bartizan.log"
        command = [sys.executable, "-m", "bartizan.cli", "up", "--dev", "-c", setup.file.name]
        up = self._stack.enter_context(process(command, log))
        wait_for(lambda: up.poll() is not None or "serves with" in log.read_text(), "bartizan up")
        check(up.poll() is None, log.read_text())
        self._client = Client(setup)
        say("api", f"httpbin, a real WSGI application, served by granian twice: {' and '.join(setup.nodes)}")
        say("serve", f"$ bartizan up --dev\nhttps://localhost:{setup.https}, 2 workers, health checks every 500 ms")
        say("", f"a client that trusts only {_shown(setup.ca)} gets {self._client.tls()}")

    def balance(self) -> None:
        """Both copies get their share."""
        before = self._picks()
        statuses = Counter(self._client.get("/anything").status for _ in range(40))
        check(statuses == {200: 40}, f"not 40 times 200: {statuses}")
        shares = {node: int(picks - before.get(node, 0)) for node, picks in self._picks().items()}
        check(all(share >= 10 for share in shares.values()), f"one copy got too little: {shares}")
        say("balance", "40 x GET /anything: 40 x 200; " + ", ".join(f"{n} took {s}" for n, s in sorted(shares.items())))

    def smuggling(self) -> None:
        """An ambiguous request is refused, and its connection is closed."""
        head = b"POST /post HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        answers = self._client.raw(head + b"0\r\n\r\nGET /admin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        check(answers.startswith(b"HTTP/1.1 400 ") and answers.count(b"HTTP/1.1 ") == 1, repr(answers[:200]))
        say(
            "smuggling",
            "POST with Content-Length and Transfer-Encoding: 400, closed; what came behind was not read",
        )

    def limit(self) -> None:
        """A route with a low limit answers 429, exactly, over both workers."""
        answers = [self._client.get("/anything/limited") for _ in range(12)]
        statuses = Counter(answer.status for answer in answers)
        check(set(statuses) == {200, 429} and statuses[200] >= 5, f"not 5 times 200, then 429: {statuses}")
        refused = next(answer for answer in answers if answer.status == 429)
        say("limit", f"12 x GET /anything/limited (5/10s): {statuses[200]} x 200, {statuses[429]} x 429 with")
        for name in ("RateLimit-Policy", "RateLimit", "Retry-After"):
            check(name.lower() in refused.headers, f"429 without {name}: {refused.headers}")
            say("", f"  {name}: {refused.headers[name.lower()]}")

    def ban(self) -> None:
        """A ban is in force within a second, and the journal explains each refusal."""
        order = ["ban", "127.0.0.1", "--force", "--for", "1m", "--reason", "demo"]
        self._run(*order)
        refused = self._settled(403)
        say("ban", f"$ bartizan {' '.join(order)}\na second later, on both workers: 20 x GET /anything: 20 x 403")
        problem = json.loads(refused.body)
        exchange = str(problem.get("id") or problem.get("instance")).rpartition(":")[2]
        say("why", f"$ bartizan journal find {exchange}")
        story = wait_for(lambda: self._try("journal", "find", exchange), f"exchange {exchange} in the journal")
        check("denylist" in story and "unban" in story, story)
        say("", story)
        self._run("unban", "127.0.0.1")
        self._settled(200)
        say("unban", "$ bartizan unban 127.0.0.1\na second later, on both workers: 20 x 200")

    def failure(self) -> None:
        """A copy that is killed costs no request, and gets its share again when it is back."""
        node = self._setup.nodes[1]
        with Load(self._client) as load:
            os.killpg(self._copies[1].pid, signal.SIGKILL)
            self._copies[1].wait()
            wait_for(lambda: not self._healthy(node), f"{node} found unhealthy")
            dead = load.statuses.total()
            self._copies[1] = self._start_copy(1)
            wait_for(lambda: self._healthy(node), f"{node} found healthy again")
        check(dead > 0, "no request was sent while the copy was dead")
        say("failure", f"kill -9 of the copy at {node}, found unhealthy, started again, found healthy\n{load.told()}")

    def reload(self) -> None:
        """A new route, taken over under load."""
        check(self._client.get("/v2/orders").status == 404, "/v2/orders should not be there yet")
        with Load(self._client) as load:
            self._setup.write(NEW_ROUTE)
            told = self._run("reload")
            status = self._client.get("/v2/orders").status
        check(status == 200, f"the new route does not serve: {status}")
        say(
            "reload",
            f"a route added for /v2/*, under load\n$ bartizan reload\n{told}GET /v2/orders: 404 before, 200 now",
        )
        say("", load.told())

    def look(self) -> None:
        """What operators see."""
        wanted = (
            r'bartizan_guard_verdicts_total\{.*guard="(denylist|rate_limit)"',
            r"bartizan_upstream_node_healthy\{",
            r"bartizan_journal_records_total ",
        )
        lines = [line for line in self._metrics().splitlines() if any(re.match(each, line) for each in wanted)]
        check(len(lines) >= 5, f"metrics are missing: {lines}")
        say("metrics", f"$ curl http://127.0.0.1:{self._setup.admin}/metrics\n" + "\n".join(lines))
        tail = self._run("journal", "tail", "-n", "3")
        check(len(tail.splitlines()) == 3, tail)
        say("journal", f"$ bartizan journal tail -n 3\n{tail}")

    def _clean(self) -> None:
        """Forget earlier runs, but not the local authority."""
        if self._setup.file.exists():
            check(self._command("status").returncode != 0, f"another demo runs in {self._setup.directory}")
        for name in ("state", "journal"):
            shutil.rmtree(self._setup.directory / "bartizan-data" / name, ignore_errors=True)

    def _start_copy(self, number: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port",
                   str(self._setup.api[number]), "--blocking-threads", "4", "httpbin:app"]  # fmt: skip
        return self._stack.enter_context(process(command, self._setup.directory / f"httpbin-{number}.log"))

    def _run(self, *arguments: str) -> str:
        done = self._command(*arguments)
        check(done.returncode == 0, f"bartizan {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def _try(self, *arguments: str) -> str:
        done = self._command(*arguments)
        return "" if done.returncode else done.stdout

    def _command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bartizan.cli", *arguments, "-c", str(self._setup.file)]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)

    def _settled(self, status: int) -> Answer:
        """Return an answer; a second after an order, each connection to whichever worker has to get this status."""
        time.sleep(1)
        answers = [self._client.get("/anything") for _ in range(20)]
        statuses = Counter(answer.status for answer in answers)
        check(statuses == {status: 20}, f"a second later, 20 requests got {dict(statuses)}, not {status}")
        return answers[0]

    def _metrics(self) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self._setup.admin, timeout=5)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def _picks(self) -> dict[str, float]:
        return self._by_node("bartizan_upstream_node_picks_total")

    def _healthy(self, node: str) -> bool:
        return self._by_node("bartizan_upstream_node_healthy").get(node) == 1

    def _by_node(self, name: str) -> dict[str, float]:
        found = re.findall(rf'^{name}\{{[^}}]*node="([^"]+)"[^}}]*\}} (\S+)$', self._metrics(), re.MULTILINE)
        return {node: float(value) for node, value in found}


def _listens(number: int) -> bool:
    with socket.create_connection(("127.0.0.1", number), 1):
        return True


def _shown(path: Path) -> str:
    return os.path.relpath(path)


def _stay(setup: Setup) -> None:
    bartizan = _shown(Path(sys.executable).parent / "bartizan")
    url, ca, file = f"https://localhost:{setup.https}", _shown(setup.ca), _shown(setup.file)
    print(TRY.format(ca=ca, url=url, file=file, bartizan=bartizan, admin=setup.admin), flush=True)
    with suppress(KeyboardInterrupt):
        signal.pause()


def _leave(*_: object) -> NoReturn:
    raise SystemExit(143)


def main() -> int:
    """Run the steps; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stay", action="store_true", help="serve until Ctrl-C afterwards")
    parser.add_argument("--directory", type=Path, default=ROOT / "demo-run", help="where configuration and data go")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)
    options.directory.mkdir(parents=True, exist_ok=True)
    setup = Setup(options.directory.resolve(), port(8443), port(9901), (port(8001), port(8002)))
    with ExitStack() as stack:
        demo = Demo(setup, stack)
        try:
            demo.serve()
            for step in (demo.balance, demo.smuggling, demo.limit, demo.ban, demo.failure, demo.reload, demo.look):
                step()
            if options.stay:
                _stay(setup)
        except DemoFailed as error:
            print(f"demo: FAILED: {error}\ndemo: logs are in {setup.directory}", file=sys.stderr)
            return 1
    say("end", "everything stopped; `python -m scripts.demo --stay` leaves it on to be tried by hand")
    return 0


if __name__ == "__main__":
    sys.exit(main())
