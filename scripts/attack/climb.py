"""The intruder's steps: at each, what was seen, the risk, the obstacle, and how long it took."""

from __future__ import annotations

import json
import time
from typing import Any

from scripts.attack.config import MORE_WORDS, WORDS
from scripts.attack.intruder import Look, differences, ffuf, sqlmap, timed, tokens_in
from scripts.attack.stage import ACTOR, Stage
from scripts.demo_stage import Answer, check, say, wait_for

__all__ = ["Climb"]

LOOKS = 60  # answers that are compared before and after
REAL = range(1, 402)  # ids of orders that the shop has


class Climb:
    """Each step shows what it says, or fails the demo."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._url = f"https://localhost:{stage.setup.https}"
        self._directory = stage.setup.directory
        self._begun = time.time()
        self._canary = 0
        self._before: Look

    def allowed(self) -> None:
        """An account, a session, real data: nothing to object to."""
        begun = time.monotonic()
        first = self._ask("/api/orders")
        check(first.status == 200, f"mallory got {first.status}")
        planted = [number for item in json.loads(first.body)["items"] if (number := int(item["id"])) not in REAL]
        check(len(planted) == 1, f"not one canary in {first.body[:300]!r}")
        self._canary = planted[0]
        self._before = self._look()
        check(set(self._before.statuses) == {200}, f"before: {dict(self._before.statuses)}")
        self._tell("allowed", "mallory logs in and reads orders: 200", begun, "none")
        say("", f"  one of the 21 orders in the list is a canary: {self._canary}")

    def throttled(self) -> None:
        """A scanner finds a bait file, and is slowed down while it scans."""
        begun, since = time.monotonic(), time.time()
        found = ffuf(self._url, self._directory, WORDS)
        self._stage.risk_of_at_least("throttle")
        met = self._stage.intruder_met(since)
        check(met.signals["decoy.touched"] > 0, f"signals: {dict(met.signals)}; ffuf found {found}")
        check(met.verdicts["obstacles throttle"] > 0, f"verdicts: {dict(met.verdicts)}")
        self._tell("scan", f"ffuf, {len(WORDS.split())} words: /.env is a decoy", begun, self._shown(met.verdicts))

    def challenged(self) -> None:
        """It goes on, and finds more of them."""
        time.sleep(5)  # until it may ask again
        begun, since = time.monotonic(), time.time()
        found = ffuf(self._url, self._directory, MORE_WORDS)
        self._stage.risk_of_at_least("challenge")
        asked = self._stage.client.get("/")
        met = self._stage.intruder_met(since)
        check(asked.status == 403 and met.verdicts["obstacles challenge"] > 0, f"verdicts: {dict(met.verdicts)}")
        decoys = ", ".join(f"/{path}" for path, status in found if status in (200, 400))
        self._tell("scan on", f"decoys: {decoys}; then GET /: 403 with work to do", begun, self._shown(met.verdicts))

    def stepped_up(self) -> None:
        """Injections: the WAF refuses them, and whoever is logged in there has to prove anew who they are."""
        begun, since = time.monotonic(), time.time()
        sqlmap(f"{self._url}/api/products?q=oak", self._directory)
        self._stage.risk_of_at_least("step_up")
        stepped = self._ask("/api/orders")
        check(stepped.status == 401, f"mallory got {stepped.status}, no step-up")
        met = self._stage.intruder_met(since)
        check(met.verdicts["access step_up"] > 0, f"verdicts: {dict(met.verdicts)}")
        seen = (
            f"sqlmap on /api/products?q=: {met.verdicts['waf deny']} x 403 by the WAF; GET /api/orders by mallory: 401"
        )
        self._tell("inject", seen, begun, "step up")

    def diverted(self) -> None:
        """A bait file, and the key in it: from now on it speaks to the decoy, and cannot tell."""
        begun, since = time.monotonic(), time.time()
        bait = self._bait()
        tokens = tokens_in(bait)
        check(bool(tokens), f"nothing to steal in {bait[:300]!r}")
        for key in tokens.values():
            self._stage.client.send("GET", "/api/customers/1", {"X-API-Key": key})
        self._stage.risk_of_at_least("divert")
        took = time.monotonic() - begun
        met = self._stage.intruder_met(since)
        check(met.signals["honeytoken.used"] > 0, f"signals: {dict(met.signals)}")
        wait_for(lambda: self._ask("/api/orders/1").status == 200, "mallory is diverted")
        after = self._look()
        differing = differences(self._before, after)
        check(not differing, "the client can tell: " + "; ".join(differing))
        diverted = self._stage.intruder_met(since).verdicts["obstacles divert"]
        check(diverted >= LOOKS, f"only {diverted} exchanges were diverted")
        self._tell("bait", f"{', '.join(tokens)} of /.env tried as API keys", begun, "divert", took)
        say("", f"  {LOOKS} x GET /api/orders/ID by mallory, before: {self._before.told()}; diverted: {after.told()}")
        say("", "  same status, same header fields in the same order, same fields in the JSON")

    def studied(self) -> None:
        """In the decoy it may do what it wants; all of it is written down."""
        begun = time.monotonic()
        new = self._stage.mallory.ask("POST", "/api/orders", b'{"customer_id": 1, "product_id": 3, "quantity": 2}')
        check(new.status == 201, f"a new order: {new.status} {new.body[:200]!r}")
        number = json.loads(new.body)["id"]
        again = self._ask(f"/api/orders/{number}")
        check(again.status == 200, f"the new order: {again.status}")
        sqlmap(f"{self._url}/api/products?q=oak", self._directory)
        entries = self._transcripts()
        seen = f"POST /api/orders: 201, order {number}, which can be read back; sqlmap on /api/products"
        self._tell("decoy", seen, begun, "divert")
        for actor in entries:
            self._har(actor)

    def revoked(self) -> None:
        """The canary of the list: only who goes through all ids asks for it."""
        begun, since = time.monotonic(), time.time()
        for _ in range(2):
            self._ask(f"/api/orders/{self._canary}")
        wait_for(lambda: self._ask("/api/orders").status == 401, "mallory's session is revoked")
        met = self._stage.intruder_met(since)
        check(met.signals["canary.touched"] > 0, f"signals: {dict(met.signals)}")
        wait_for(
            lambda: self._stage.known("principal:mallory").get("decisions"), "the decision in what the sentry keeps"
        )
        self._tell("canary", f"2 x GET /api/orders/{self._canary}; then: 401", begun, "session revoked")

    def told(self) -> None:
        """What an operator sees."""
        say("why", f"$ bartizan risk show {ACTOR}\n{self._stage.setup.run('risk', 'show', ACTOR)}")
        say("cases", f"$ bartizan cases\n{self._stage.setup.run('cases')}")

    def pardoned(self) -> None:
        """One command takes it back, with what followed from it."""
        order = ["pardon", "principal:mallory", "--because", "our own penetration test"]
        told = self._stage.setup.run(*order)
        self._stage.setup.run("pardon", ACTOR, "--because", "our own penetration test")
        wait_for(lambda: self._ask("/api/orders").status == 200, "mallory's session is back")
        say(
            "pardon",
            f'$ bartizan {" ".join(order[:3])} "{order[3]}"\n{told}GET /api/orders by mallory, same cookie: 200',
        )

    # inside

    def _ask(self, path: str) -> Answer:
        return self._stage.mallory.ask("GET", path)

    def _look(self) -> Look:
        return Look.at([timed(self._ask, f"/api/orders/{number}") for number in range(1, LOOKS + 1)])

    def _bait(self) -> str:
        """Return the bait file, as ffuf has stored it while it still got one."""
        for file in sorted((self._directory / "ffuf").glob("*")):
            text = file.read_text(errors="replace")
            if "GET /.env HTTP" in text and "HTTP/1.1 200" in text:
                return text.rpartition("HTTP/1.1 200")[2]
        check(False, "ffuf kept no /.env")
        return ""

    def _transcripts(self) -> list[str]:
        listed: Any = json.loads(self._stage.setup.run("decoy", "transcripts", "--json"))
        return [str(each["actor"]) for each in listed]

    def _har(self, actor: str) -> None:
        file = self._directory / "transcript.har"
        self._stage.setup.run("decoy", "har", actor, "-o", str(file))
        log = json.loads(file.read_text())["log"]
        check(log["version"] == "1.2" and len(log["entries"]) > 0, f"no HAR: {str(log)[:200]}")
        study = self._stage.setup.run("decoy", "study", actor)
        say(
            "", f"  $ bartizan decoy har {actor} -o transcript.har: HAR {log['version']}, {len(log['entries'])} entries"
        )
        say("", f"  $ bartizan decoy study {actor}\n" + "\n".join(f"    {line}" for line in study.splitlines()[:14]))

    @staticmethod
    def _shown(verdicts: Any) -> str:
        """Return which obstacles there were, for their risk alone."""
        met = [(name.removeprefix("obstacles "), count) for name, count in verdicts.most_common()]
        return ", ".join(f"{count} x {name}" for name, count in met if " " not in name)

    def _tell(self, label: str, seen: str, begun: float, obstacle: str, took: float | None = None) -> None:
        """Print one rung, with why the risk is what it is."""
        taken = time.monotonic() - begun if took is None else took
        known = self._stage.known()
        say(label, f"{seen}\n  risk {known.get('score', 0.0):.0f}, obstacle: {obstacle}, after {taken:.1f} s")
        for each in known.get("contributions", [])[:3]:
            say("", f"    {each['points']:4.0f} points: {each['signal']} x {each['count']}")
