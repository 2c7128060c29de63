"""What the intruder's steps share: the shop behind the gateway, honest people, and what is known of the intruder."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from bartizan.access.presented import SESSION_COOKIE
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import State as StateSettings
from bartizan.storage.state import open_state
from scripts.attack.config import CONFIG, RUNGS
from scripts.attack.honest import SESSIONS, USERS, People
from scripts.attack.met import Met, ja4_of, read
from scripts.demo_person import Person
from scripts.demo_stage import ROOT, Client, Setup, check, port, process, say, wait_for

__all__ = ["ACTOR", "AttackSetup", "Stage"]

ACTOR = "address:127.0.0.1"
PASSWORD = "quartz-lantern-orbit-meadow"
HONEST_SECONDS = 75.0


@dataclass(frozen=True)
class AttackSetup(Setup):
    """Where everything is; the configuration is that of the shop."""

    def write(self, **parts: str) -> None:
        """Write the configuration; there are no ``parts``."""
        check(not parts, f"the configuration has no parts {parts}")
        self.file.write_text(CONFIG.format(https=self.https, admin=self.admin, api=self.api[0], **RUNGS))


class Stage:
    """The shop, the gateway, honest people, and mallory, whose account the intruder has."""

    def __init__(self, setup: AttackSetup, client: Client, mallory: Person, honest: People) -> None:
        self.setup = setup
        self.client = client
        self.mallory = mallory
        self._honest = honest
        self._since = time.time()
        self._living = threading.Thread(target=honest.live, daemon=True)

    @classmethod
    def set_up(cls, directory: Path, stack: ExitStack) -> Stage:
        """Start everything; ``stack`` ends it."""
        setup = AttackSetup(directory, port(8443), port(9901), (port(8001), port(8002)))
        client = _serve(setup, stack)
        mallory = _enrol(setup, client)
        journal = directory / "bartizan-data" / "journal"
        ja4 = wait_for(lambda: ja4_of(journal, "127.0.0.1"), "JA4 in the journal")
        people = People(setup.https, setup.ca, directory / "bartizan-data", ja4, HONEST_SECONDS)
        stage = cls(setup, client, mallory, people)
        stage._living.start()
        say(
            "honest",
            f"{USERS} people begin a day of {HONEST_SECONDS:.0f} s: {USERS * SESSIONS:,} sessions, orders, searches",
        )
        return stage

    def risk(self, actor: str = ACTOR) -> float:
        """Return the risk of an actor, 0 to 100."""
        return float(self.known(actor).get("score", 0.0))

    def known(self, actor: str = ACTOR) -> dict[str, Any]:
        """Return all that is known of an actor."""
        told = self.setup.attempt("risk", "show", actor, "--json")
        known: dict[str, Any] = json.loads(told) if told else {}
        return known

    def risk_of_at_least(self, rung: str, actor: str = ACTOR) -> float:
        """Wait until a rung is reached; returns the risk."""
        wait_for(
            lambda: self.risk(actor) >= RUNGS[rung], f"risk {RUNGS[rung]} of {actor}; it is {self.risk(actor):.0f}"
        )
        return self.risk(actor)

    def intruder_met(self, since: float | None = None) -> Met:
        """Return what the intruder has met, by the journal."""
        return self._met(lambda address: address == "127.0.0.1", since)

    def honest_day(self) -> None:
        """Wait for the end of the day; none of the honest people may have been denied anything."""
        self._living.join()
        day = self._honest.day
        met = self._met(lambda address: address.startswith("127.20."))
        check(not day.failures, f"connections of honest people broke: {dict(day.failures)}")
        check(met.sessions >= 0.99 * USERS * SESSIONS, f"only {met.sessions} sessions in the journal")
        check(met.denied == 0, f"{met.denied} sessions were denied something: {dict(met.verdicts)}")
        check(met.above <= 0.001 * met.sessions, f"{met.above} of {met.sessions} sessions met {dict(met.verdicts)}")
        many = f"{met.sessions:,} sessions, {met.exchanges:,} requests"
        say("honest", f"{day.users} people, {many} beside it: {dict(day.statuses)}")
        seen = ", ".join(f"{count} x {name}" for name, count in met.signals.most_common())
        say("", f"denied: {met.denied} sessions; above throttling: {met.above}; throttled: {met.throttled}")
        say("", f"signals about them: {seen or 'none'}; slowest answer {day.slowest * 1000:.0f} ms")

    def _met(self, chosen: Callable[[str], bool], since: float | None = None) -> Met:
        time.sleep(0.3)  # what was answered is in the journal by now
        journal = self.setup.directory / "bartizan-data" / "journal"
        return read(journal, chosen, self._since if since is None else since)


def _serve(setup: AttackSetup, stack: ExitStack) -> Client:
    """Start the shop and the gateway."""
    from scripts.attack.api import openapi  # noqa: PLC0415 - it is the application's own

    data = setup.directory / "bartizan-data"
    for name in ("state", "journal", "records", "sentry", "decoy"):
        shutil.rmtree(data / name, ignore_errors=True)
    setup.write()
    (setup.directory / "openapi.json").write_text(json.dumps(openapi()))
    shop = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(setup.api[0])]
    shop += ["--working-dir", str(ROOT), "scripts.attack.api:app"]
    stack.enter_context(process(shop, setup.directory / "shop.log"))
    log = setup.directory / "bartizan.log"
    command = [sys.executable, "-m", "bartizan.cli", "up", "--dev", "-c", setup.file.name]
    up = stack.enter_context(process(command, log))
    wait_for(lambda: up.poll() is not None or "serves with" in log.read_text(), "bartizan up", 90)
    check(up.poll() is None, log.read_text())
    client = Client(setup)
    wait_for(lambda: client.get("/openapi.json").status == 200, "the shop answers")
    say("shop", f"orders, customers, products on granian; $ bartizan up --dev: https://localhost:{setup.https}")
    say("", "2 workers with WAF, decoys, honeytokens and canaries; control, sentry, decoy upstream")
    say("ladder", ", ".join(f"{name.replace('_', ' ')} from risk {at}" for name, at in RUNGS.items()))
    return client


def _enrol(setup: AttackSetup, client: Client) -> Person:
    told = setup.run("access", "invite", "mallory", "--group", "members", "--create")
    found = re.search(r"https://\S+/\.bartizan/enrol#(\S+)", told)
    check(found is not None, f"no link in: {told}")
    mallory = Person(f"https://localhost:{setup.https}", client.connect)
    mallory.enrol(found[1] if found else "", PASSWORD)
    asyncio.run(_make_older(setup.directory / "bartizan-data", mallory.cookies[SESSION_COOKIE]))
    return mallory


async def _make_older(data: Path, token: str) -> None:
    """Have a login been an hour ago: who has just proven who they are is not asked again, and a demo does not wait."""
    state = open_state(StateSettings(), data)
    store = SessionStore(state, time.time)
    found = await store.find(token)
    check(found is not None, "mallory has no session")
    if found is not None:
        await store.change(
            found.digest, lambda session: msgspec.structs.replace(session, authenticated=time.time() - 3600)
        )
    await state.close()
