"""A real API, httpbin in two copies, behind Bartizan on HTTPS. A step that does not show what it says fails the demo.

``python -m scripts.demo`` ends by itself; with ``--stay`` it serves until Ctrl-C. Everything is on loopback.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NoReturn

from scripts.demo_access import AccessSteps
from scripts.demo_stage import ROOT, Answer, Client, DemoFailed, Load, Setup, check, port, process, say, wait_for
from scripts.demo_waf import WafSteps

NEW_ROUTE = """\
  - name: v2
    paths: ["/v2/*"]
    upstream: httpbin
    rewrite: {prefix: /anything/}
"""
TRY = """
Serving until Ctrl-C. Open the invitation above in a browser, then {url}/.bartizan/account
(the browser has to trust {ca}). Try, from another terminal:
  curl --cacert {ca} {url}/anything/hello
  for i in $(seq 9); do curl -so /dev/null -w '%{{http_code}}\\n' --cacert {ca} {url}/anything/limited; done
  curl --cacert {ca} "{url}/anything?q=<script>alert(1)</script>"
  {bartizan} journal tail -f -c {file}
  {bartizan} waf rules --tag attack-sqli --paranoia 1 -c {file}
  {bartizan} explain GET {url}/anything/limited -c {file}
  {bartizan} ban 127.0.0.1 --force --for 1m -c {file}
  curl http://127.0.0.1:{admin}/metrics
"""


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
        begun = time.monotonic()
        up = self._stack.enter_context(process(command, log))
        wait_for(lambda: up.poll() is not None or self._serves(log, begun), "bartizan up", 90)
        check(up.poll() is None, log.read_text())
        taken = time.monotonic() - begun
        self._client = Client(setup)
        self.waf = WafSteps(setup, self._client)
        self.access = AccessSteps(setup, self._client)
        say("api", f"httpbin, a real WSGI application, served by granian twice: {' and '.join(setup.nodes)}")
        say("serve", f"$ bartizan up --dev\nhttps://localhost:{setup.https}, 2 workers, health checks every 500 ms")
        say("", f"a client that trusts only {_shown(setup.ca)} gets {self._client.tls()}")
        many = len(self._databases())
        say(
            "waf", f"the Core Rule Set of Debian's package, paranoia 1, blocking: {many} databases; up in {taken:.1f} s"
        )

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
        self._setup.run(*order)
        refused = self._settled(403)
        say("ban", f"$ bartizan {' '.join(order)}\na second later, on both workers: 20 x GET /anything: 20 x 403")
        say("why", f"$ bartizan journal find {refused.exchange}")
        story = self._setup.story(refused)
        check("denylist" in story and "unban" in story, story)
        say("", story)
        self._setup.run("unban", "127.0.0.1")
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
            self._setup.write(more_routes=NEW_ROUTE)
            told = self._setup.run("reload")
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
            r'bartizan_guard_verdicts_total\{.*guard="(denylist|rate_limit|waf|access)"',
            r'bartizan_upstream_node_healthy\{node="127\.',
            r"bartizan_journal_records_total ",
        )
        lines = [line for line in self._metrics().splitlines() if any(re.match(each, line) for each in wanted)]
        check(len(lines) >= 5, f"metrics are missing: {lines}")
        say("metrics", f"$ curl http://127.0.0.1:{self._setup.admin}/metrics\n" + "\n".join(lines))
        tail = self._setup.run("journal", "tail", "-n", "3")
        check(len(tail.splitlines()) == 3, tail)
        say("journal", f"$ bartizan journal tail -n 3\n{tail}")

    def _clean(self) -> None:
        """Forget earlier runs, but not the local authority."""
        if self._setup.file.exists():
            check(self._setup.command("status").returncode != 0, f"another demo runs in {self._setup.directory}")
        for name in ("state", "journal", "records"):
            shutil.rmtree(self._setup.directory / "bartizan-data" / name, ignore_errors=True)

    def _start_copy(self, number: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port",
                   str(self._setup.api[number]), "--blocking-threads", "4", "httpbin:app"]  # fmt: skip
        return self._stack.enter_context(process(command, self._setup.directory / f"httpbin-{number}.log"))

    def _databases(self) -> list[Path]:
        return list((self._setup.directory / "bartizan-data" / "waf").glob("*.hsdb"))

    def _serves(self, log: Path, begun: float) -> bool:
        """Tell whether the gateway is up; meanwhile show at a terminal how far the rules are."""
        if "serves with" in log.read_text():
            print(f"\r{'':<60}\r" if sys.stdout.isatty() else "", end="", flush=True)
            return True
        if sys.stdout.isatty():
            done, seconds = len(self._databases()), time.monotonic() - begun
            print(f"\rcompiling WAF rules: {done} databases, {seconds:.0f} s", end="", flush=True)
        return False

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
        return {node: float(value) for node, value in found if node in self._setup.nodes}


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
            waf = demo.waf
            steps = [
                demo.balance,
                demo.smuggling,
                demo.limit,
                waf.attacks,
                waf.watched,
                waf.upload,
                waf.tune,
                waf.explain,
            ]
            access = demo.access
            steps += [access.closed, access.login, access.step_up, access.stolen, access.end]
            steps += [demo.ban, demo.failure, demo.reload, demo.look, waf.spent]
            for step in steps:
                step()
            link = access.invite_first()
            say("invite", f"$ bartizan access invite admin --group administrators\n{link}")
            say("", "with `--stay` this link makes whoever opens it the first administrator, for 72 hours")
            if options.stay:
                _stay(setup)
        except DemoFailed as error:
            print(f"demo: FAILED: {error}\ndemo: logs are in {setup.directory}", file=sys.stderr)
            return 1
    say("end", "everything stopped; `python -m scripts.demo --stay` leaves it on to be tried by hand")
    return 0


if __name__ == "__main__":
    sys.exit(main())
