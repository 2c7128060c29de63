"""``make demo-attack``: a scripted intruder climbs the ladder of obstacles, 200 honest people beside it meet none.

``python -m scripts.attack.demo`` ends by itself. A step that does not show what it says fails the demo. Everything is
on loopback: the intruder comes from 127.0.0.1, honest people from 127.20.0.0/16.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from scripts.attack.config import CONFIG, RUNGS
from scripts.attack.honest import SESSIONS, USERS, People
from scripts.attack.intruder import Look, ffuf, sqlmap, timed, tokens_in
from scripts.attack.met import Met, ja4_of, read
from scripts.demo_person import Person
from scripts.demo_stage import ROOT, Answer, Client, DemoFailed, Setup, check, port, process, say, wait_for

ACTOR = "address:127.0.0.1"
PASSWORD = "quartz-lantern-orbit-meadow"
HONEST_SECONDS = 75.0
LOOKS = 60  # answers that are compared before and after


@dataclass(frozen=True)
class AttackSetup(Setup):
    """Where everything is; the configuration is that of the shop."""

    def write(self, **parts: str) -> None:
        """Write the configuration."""
        self.file.write_text(CONFIG.format(https=self.https, admin=self.admin, api=self.api[0], **RUNGS))


class Attack:
    """The steps. ``stack`` ends the processes that they start."""

    def __init__(self, setup: AttackSetup, stack: ExitStack) -> None:
        self._setup = setup
        self._stack = stack
        self._data = setup.directory / "bartizan-data"
        self._since = time.time()
        self._client: Client
        self._mallory: Person
        self._honest: People
        self._living: threading.Thread
        self._before: Look
        self._seen: list[int] = []
        self._canary = 0
        self._bait: dict[str, str] = {}

    # the stage

    def serve(self) -> None:
        """Start the shop and the gateway."""
        setup = self._setup
        for name in ("state", "journal", "records", "sentry", "decoy"):
            shutil.rmtree(self._data / name, ignore_errors=True)
        setup.write()
        from scripts.attack.api import openapi  # noqa: PLC0415 - the application opens its database

        (setup.directory / "openapi.json").write_text(json.dumps(openapi()))
        shop = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(setup.api[0])]
        self._stack.enter_context(process([*shop, "scripts.attack.api:app"], setup.directory / "shop.log"))
        log = setup.directory / "bartizan.log"
        command = [sys.executable, "-m", "bartizan.cli", "up", "--dev", "-c", setup.file.name]
        up = self._stack.enter_context(process(command, log))
        wait_for(lambda: up.poll() is not None or "serves with" in log.read_text(), "bartizan up", 90)
        check(up.poll() is None, log.read_text())
        self._client = Client(setup)
        wait_for(lambda: self._client.get("/openapi.json").status == 200, "the shop answers")
        say(
            "shop",
            f"orders, customers, products on granian behind https://localhost:{setup.https}, 2 workers, sentry, decoy",
        )
        say("ladder", ", ".join(f"{name.replace('_', ' ')} from risk {at}" for name, at in RUNGS.items()))

    def people(self) -> None:
        """Let honest people begin their day, and somebody whose account the intruder has."""
        link = self._setup.run("access", "invite", "mallory", "--group", "members", "--create")
        found = re.search(r"https://\S+/\.bartizan/enrol#(\S+)", link)
        check(found is not None, f"no link in: {link}")
        self._mallory = Person(f"https://localhost:{self._setup.https}", self._client.connect)
        self._mallory.enrol(found[1] if found else "", PASSWORD)
        journal = self._data / "journal"
        ja4 = wait_for(lambda: ja4_of(journal, "127.0.0.1"), "JA4 in the journal")
        self._honest = People(self._setup.https, self._setup.ca, self._data, ja4, HONEST_SECONDS)
        self._living = threading.Thread(target=self._honest.live, daemon=True)
        self._living.start()
        say("honest", f"{USERS} people begin their day, {SESSIONS} sessions each, {HONEST_SECONDS:.0f} s long")

    # the climb

    def allowed(self) -> None:
        """An account, a session, real data: nothing to object to."""
        first = self._ask("/api/orders")
        check(first.status == 200, f"mallory got {first.status}")
        items = json.loads(first.body)["items"]
        self._seen = [int(item["id"]) for item in items]
        real = range(1, 401)
        planted = [number for number in self._seen if number not in real]
        check(len(planted) == 1, f"not one canary in {self._seen}")
        self._canary = planted[0]
        self._before = Look.at([timed(self._ask, f"/api/orders/{each}") for each in self._sample()])
        check(set(self._before.statuses) == {200}, f"before: {dict(self._before.statuses)}")
        self._rung("allowed", f"mallory logs in and reads orders: 200; order {self._canary} in the list is a canary")

    def throttled(self) -> None:
        """A scanner finds decoys."""
        begun = time.monotonic()
        found = ffuf(f"https://localhost:{self._setup.https}", self._setup.directory)
        decoys = [
            f"/{path}" for path, status in found if status == 200 and path not in ("openapi.json", "api/products")
        ]
        check("/.env" in decoys, f"ffuf found {found}")
        self._risk_at_least("throttle", begun)
        shown = ", ".join(decoys[:6])
        self._rung("scan", f"ffuf finds {len(found)} paths, {len(decoys)} of them decoys: {shown}, …", begun)

    def stepped_up(self) -> None:
        """Injections: the WAF refuses them, and each makes the price of going on higher."""
        begun = time.monotonic()
        told = sqlmap(f"https://localhost:{self._setup.https}/api/products?q=oak", self._setup.directory)
        risk = self._risk_at_least("step_up", begun)
        asked = self._client.get("/api/products?q=oak")
        stepped = self._ask("/api/orders")
        last = told.splitlines()[-1] if told else ""
        self._rung("inject", f"sqlmap on /api/products?q=: {last[:90]}", begun)
        if risk < RUNGS["divert"]:
            check(asked.status == 403 and "challenge" in self._verdicts(), f"got {asked.status}, not a challenge")
            check(stepped.status == 401, f"mallory got {stepped.status}, not a step-up")
            say(
                "",
                f"  without a session: {asked.status}, a challenge; mallory: {stepped.status}, to prove anew who it is",
            )

    def diverted(self) -> None:
        """A bait file, and the key in it."""
        begun = time.monotonic()
        bait = self._client.get("/.env")
        self._bait = tokens_in(bait.body.decode())
        check(bool(self._bait), f"nothing to steal in {bait.body[:300]!r}")
        name = next((each for each in self._bait if "SHOP" in each or "API_KEY" in each), next(iter(self._bait)))
        self._client.send("GET", "/api/customers/1", {"X-API-Key": self._bait[name]})
        self._risk_at_least("divert", begun)
        self._rung("bait", f"GET /.env: {bait.status}; {name} from it used for /api/customers/1", begun)

    # what is told

    def _ask(self, path: str) -> Answer:
        return self._mallory.ask("GET", path)

    def _sample(self) -> list[int]:
        return [number for number in range(1, LOOKS + 1)]

    def _risk(self) -> float:
        told = self._setup.attempt("risk", "show", ACTOR, "--json")
        return float(json.loads(told)["score"]) if told else 0.0

    def _risk_at_least(self, rung: str, begun: float) -> float:
        wait_for(lambda: self._risk() >= RUNGS[rung], f"risk {RUNGS[rung]} of {ACTOR}, it has {self._risk()}")
        return self._risk()

    def _verdicts(self) -> str:
        return " ".join(self._met(lambda address: address == "127.0.0.1").verdicts)

    def _met(self, chosen: Callable[[str], bool]) -> Met:
        time.sleep(0.3)  # what was answered is in the journal by now
        return read(self._data / "journal", chosen, self._since)

    def _rung(self, label: str, text: str, begun: float | None = None) -> None:
        taken = "" if begun is None else f", {time.monotonic() - begun:.1f} s"
        say(label, f"{text}\n  risk {self._risk():.0f}{taken}")


def _leave(*_: object) -> NoReturn:
    raise SystemExit(143)


def main() -> int:
    """Run the steps; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--directory", type=Path, default=ROOT / "demo-run" / "attack", help="where all goes")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _leave)
    options.directory.mkdir(parents=True, exist_ok=True)
    setup = AttackSetup(options.directory.resolve(), port(8443), port(9901), (port(8001), port(8002)))
    with ExitStack() as stack:
        attack = Attack(setup, stack)
        steps: list[Callable[[], Any]] = [attack.serve, attack.people, attack.allowed, attack.throttled]
        steps += [attack.stepped_up, attack.diverted]
        try:
            for step in steps:
                step()
        except DemoFailed as error:
            print(f"demo: FAILED: {error}\ndemo: logs are in {setup.directory}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
