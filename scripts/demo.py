"""``make demo``: a real API behind Bartizan on HTTPS, and what that changes. It ends by itself; ``--stay`` serves on.

The API is httpbin from the package index, served twice by granian, a real WSGI server. Everything is on loopback and
is stopped at the end, by process id.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any

DIRECTORY = Path("demo-run")
BIN = Path(sys.executable).parent
Process = subprocess.Popen[bytes]


class DemoError(Exception):
    """A step did not show what it should."""


def free_port(wanted: int) -> int:
    """Return ``wanted`` if nobody has it, else any free port."""
    for port in (wanted, 0):
        with contextlib.suppress(OSError), socket.socket() as sock:
            sock.bind(("127.0.0.1", port))
            return int(sock.getsockname()[1])
    raise DemoError("no port is free")


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 20.0) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise DemoError(f"waited {seconds:g} s for {what}")
        time.sleep(0.05)


def is_open(port: int) -> bool:
    """Tell whether somebody listens on a port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
        return True
    return False


@contextlib.contextmanager
def running(command: list[str], log: Path) -> Iterator[Process]:
    """Run a process until the end of the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=DIRECTORY)
    try:
        yield process
    finally:
        stop(process)


def stop(process: Process) -> None:
    """End a process of ours."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def api(port: int) -> contextlib.AbstractContextManager[Process]:
    """Serve httpbin on a port."""
    command = [str(BIN / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "httpbin:app"]
    return running(command, DIRECTORY / f"httpbin-{port}.log")


def configuration(ports: list[int], public: int, admin: int, limit: str) -> dict[str, Any]:
    """Return what ``bartizan.yaml`` says (JSON is YAML)."""
    return {
        "workers": 2,
        "listeners": [{"name": "public", "address": f"127.0.0.1:{public}"}],
        "upstreams": [
            {
                "name": "httpbin",
                "nodes": [{"address": f"127.0.0.1:{port}"} for port in ports],
                "health_checks": {"active": {"path": "/status/200", "interval": "500ms"}},
            }
        ],
        "routes": [
            {"name": "httpbin", "paths": ["/*"], "upstream": "httpbin"},
            {
                "name": "limited",
                "paths": ["/anything/limited"],
                "upstream": "httpbin",
                "guards": {"rate_limit": {"windows": [{"rate": limit, "key": ["address"], "name": "demo"}]}},
            },
        ],
        "guards": {"denylist": {"deny": ["203.0.113.0/24"]}, "rate_limit": {"windows": [{"rate": "1000/s"}]}},
        "storage": {"directory": "data"},
        "admin": {"address": f"127.0.0.1:{admin}"},
    }


class Demo:
    """The steps, each with a line that says what was seen."""

    def __init__(self) -> None:
        self.api_ports = [free_port(9000), free_port(9001)]
        self.public = free_port(8443)
        self.admin = free_port(9901)
        self.ca = DIRECTORY / "data" / "dev-ca" / "ca.pem"

    def write(self, limit: str) -> None:
        """Write the configuration."""
        config = configuration(self.api_ports, self.public, self.admin, limit)
        (DIRECTORY / "bartizan.yaml").write_text(json.dumps(config, indent=2))

    def bartizan(self, *arguments: str) -> str:
        """Run a command of Bartizan's; it has to succeed."""
        done = subprocess.run(
            [BIN / "bartizan", *arguments], cwd=DIRECTORY, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise DemoError(f"bartizan {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def get(self, path: str) -> tuple[HTTPResponse, bytes]:
        """Send a request over HTTPS, verified against the demo's own authority."""
        context = ssl.create_default_context(cafile=self.ca)
        connection = HTTPSConnection("localhost", self.public, timeout=15, context=context)
        try:
            connection.request("GET", path, headers={"Accept": "application/json"})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def statuses(self, path: str, count: int) -> list[int]:
        """Return the statuses of several requests."""
        return [self.get(path)[0].status for _ in range(count)]

    def metrics(self) -> dict[str, float]:
        """Return every sample of /metrics."""
        with socket.create_connection(("127.0.0.1", self.admin), 5) as sock:
            sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
            text = b"".join(iter(lambda: sock.recv(65536), b"")).decode()
        lines = [line for line in text.splitlines() if line.startswith(("bartizan", "http_"))]
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}


def say(title: str, text: str) -> None:
    """Print one step."""
    print(f"{title:<15} {text}", flush=True)


def expect(seen: object, wanted: object, what: str) -> None:
    """Check that a step showed what it should."""
    if seen != wanted:
        raise DemoError(f"{what}: expected {wanted}, saw {seen}")


def show(demo: Demo, copies: list[Process]) -> None:
    """Go through all the steps."""
    https(demo)
    balancing(demo)
    rate_limit(demo)
    ban(demo)
    dead_copy(demo, copies)
    reload(demo)
    journal(demo)


def https(demo: Demo) -> None:
    """One request, with what the API was told about it."""
    response, body = demo.get("/anything/hello?show_env=1&token=s3cret")
    expect(response.status, 200, "the first request")
    told = json.loads(body)["headers"]
    say("https", f"GET /anything/hello -> {response.status}; TLS verified against {demo.ca}")
    say("", f"the API sees X-Forwarded-For: {told['X-Forwarded-For']}, X-Request-Id: {told['X-Request-Id']}")


def balancing(demo: Demo) -> None:
    """Both copies get their share."""
    expect(set(demo.statuses("/get", 20)), {200}, "20 requests")
    picks = {name: count for name, count in demo.metrics().items() if name.startswith("bartizan_upstream_node_picks")}
    shares = ", ".join(f"{name.split('node=')[1][1:].split(chr(34))[0]}: {count:.0f}" for name, count in picks.items())
    say("balancing", f"requests per copy of the API: {shares}")
    expect(min(picks.values()) >= 8, True, f"both copies get their share ({shares})")


def rate_limit(demo: Demo) -> None:
    """5 a second are let through, the rest is told when to come back."""
    statuses = demo.statuses("/anything/limited", 8)
    response, _ = demo.get("/anything/limited")
    expect(response.status, 429, "the ninth request within a second")
    say("rate limit", f"9 requests, 5/s allowed -> {' '.join(map(str, statuses))} {response.status}")
    for name in ("RateLimit-Policy", "RateLimit", "Retry-After"):
        say("", f"{name}: {response.headers[name]}")


def ban(demo: Demo) -> None:
    """A ban is in force on every worker within a second, and the journal says why."""
    say("ban", demo.bartizan("ban", "127.0.0.1", "--force", "--for", "5m", "--reason", "demo"))
    begun = time.monotonic()
    wait_until(lambda: set(demo.statuses("/get", 6)) == {403}, "the ban", 5)
    response, body = demo.get("/get")
    say("", f"-> {response.status} after {time.monotonic() - begun:.1f} s on all workers: {body.decode()}")
    exchange = response.headers["X-Request-Id"]
    time.sleep(0.3)
    say("journal find", f"$ bartizan journal find {exchange}")
    for line in demo.bartizan("journal", "find", exchange).splitlines():
        say("", line)
    say("unban", demo.bartizan("unban", "127.0.0.1"))
    wait_until(lambda: set(demo.statuses("/get", 6)) == {200}, "the end of the ban", 5)


def dead_copy(demo: Demo, copies: list[Process]) -> None:
    """A copy of the API dies, and no client notices."""
    stop(copies[1])
    statuses = demo.statuses("/get", 30)
    say("dead copy", f"one of the two stopped; 30 requests -> {statuses.count(200)} x 200")
    expect(set(statuses), {200}, "requests while one copy is dead")


def reload(demo: Demo) -> None:
    """Another limit, without a restart."""
    demo.write("3/s")
    say("reload", demo.bartizan("reload"))
    time.sleep(1.1)
    statuses = demo.statuses("/anything/limited", 5)
    expect(statuses.count(200), 3, "requests under the new limit")
    say("", f"5 requests, 3/s allowed -> {' '.join(map(str, statuses))}")


def journal(demo: Demo) -> None:
    """What is counted, and what is kept."""
    metrics = demo.metrics()
    for name in (
        'bartizan_guard_verdicts_total{action="deny",guard="denylist"}',
        'bartizan_guard_verdicts_total{action="throttle",guard="rate_limit"}',
        "bartizan_journal_records_total",
    ):
        say("metrics", f"{name} {metrics[name]:.0f}")
    time.sleep(0.3)
    say("journal tail", "$ bartizan journal tail -n 4")
    for line in demo.bartizan("journal", "tail", "-n", "4").splitlines():
        say("", line)


def stay(demo: Demo) -> None:
    """Serve until Ctrl-C."""
    print(f"\nTry, in {DIRECTORY}/:")
    print(f"  curl --cacert data/dev-ca/ca.pem https://localhost:{demo.public}/get")
    print(
        "  ../.venv/bin/bartizan journal tail -f\n  ../.venv/bin/bartizan explain GET https://localhost/anything/limited"
    )
    print("Ctrl-C ends it.", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


def main(arguments: list[str]) -> int:
    """Run the demo; returns the exit status."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    DIRECTORY.mkdir()
    demo = Demo()
    demo.write("5/s")
    try:
        with api(demo.api_ports[0]) as first, api(demo.api_ports[1]) as second:
            wait_until(lambda: all(map(is_open, demo.api_ports)), "the two copies of httpbin")
            say("api", f"httpbin on granian, two copies: 127.0.0.1:{demo.api_ports[0]} and :{demo.api_ports[1]}")
            with running([str(BIN / "bartizan"), "up", "--dev"], DIRECTORY / "bartizan.log"):
                log = DIRECTORY / "bartizan.log"
                wait_until(lambda: "serves with" in log.read_text(), f"Bartizan, see {log}")
                say("bartizan up", f"https://localhost:{demo.public}/ on 2 workers")
                show(demo, [first, second])
                if "--stay" in arguments:
                    stay(demo)
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    print("\nEvery step showed what it should. `.venv/bin/python -m scripts.demo --stay` goes on serving.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
