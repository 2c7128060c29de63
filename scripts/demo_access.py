"""The steps of the demo that are about people: a route that nobody passes unknown, a login, a stolen cookie, an end."""

from __future__ import annotations

import base64
import json
import re
import time
from typing import Any

from scripts.demo_person import Person
from scripts.demo_stage import Client, Setup, check, say, wait_for

__all__ = ["AccessSteps"]

MEMBERS = "/anything/members"
BROWSER = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}
PASSWORD = "quartz-lantern-orbit-meadow"
SHOWN = ("sub", "preferred_username", "groups", "acr", "amr", "risk", "aud", "exp")


class AccessSteps:
    """Each step shows what it says, or fails the demo."""

    def __init__(self, setup: Setup, client: Client) -> None:
        self._setup = setup
        self._client = client
        self._origin = f"https://localhost:{setup.https}"
        self._person = Person(self._origin, client.connect)

    def closed(self) -> None:
        """Who is not known is sent to the login page, or told what is missing."""
        sent = self._client.send("GET", MEMBERS, headers=BROWSER)
        where = sent.headers.get("location", "")
        check((sent.status, where) == (303, f"/.bartizan/login?next={MEMBERS}"), f"got {sent.status} {where}")
        page = self._client.send("GET", where, headers=BROWSER)
        check(page.status == 200 and b"Log in" in page.body, f"the login page is {page.status}")
        told = self._client.send("GET", MEMBERS)
        check(told.status == 401, f"an API client got {told.status}")
        say("access", f"GET {MEMBERS} in a browser: 303 to {where}, the login page: 200")
        say("", f"GET {MEMBERS} by an API client: 401 with WWW-Authenticate: {told.headers['www-authenticate']}")

    def login(self) -> None:
        """An invitation becomes a person with a device; the API is told who it is, and hears it from nobody else."""
        order = ["access", "invite", "ada", "--display-name", "Ada", "--group", "members", "--create"]
        link = self._link(self._setup.run(*order))
        self._person.enrol(link.partition("#")[2], PASSWORD)
        say("enrol", f"$ bartizan {' '.join(order)}\n{_hidden(link)}\nada follows it: password, app, device: logged in")
        answer = self._person.ask("GET", MEMBERS)
        check(answer.status == 200, f"ada got {answer.status}: {answer.body[:300]!r}")
        headers = json.loads(answer.body)["headers"]
        claims = _claims(headers["Bartizan-Assertion"])
        check(claims["preferred_username"] == "ada" and "Cookie" not in headers, f"the API was told {headers}")
        shown = ", ".join(f"{name}={json.dumps(claims[name])}" for name in SHOWN)
        say("", f"GET {MEMBERS}: 200; the API sees no cookie of ours, and Bartizan-Assertion, signed:\n  {shown}")

    def step_up(self) -> None:
        """What is risky takes a newer and stronger proof, told as RFC 9470 says."""
        small = self._person.ask("POST", MEMBERS + "/transfer", b'{"amount": 10}')
        large = self._person.ask("POST", MEMBERS + "/transfer", b'{"amount": 2000}')
        check((small.status, large.status) == (200, 401), f"10: {small.status}, 2000: {large.status}")
        say("step up", f"POST {MEMBERS}/transfer with an amount of 10: 200, of 2000: 401 with WWW-Authenticate:")
        say("", f"  {large.headers['www-authenticate']}")

    def end(self) -> None:
        """A session that is revoked ends at once, on every worker."""
        person = Person(self._origin, self._client.connect)
        link = self._link(self._setup.run("access", "invite", "grace", "--group", "members"))
        person.enrol(link.partition("#")[2], PASSWORD)
        check(person.ask("GET", MEMBERS).status == 200, "grace does not get in")
        order = ["access", "revoke", "grace", "--sessions"]
        self._setup.run(*order)
        begun = time.monotonic()
        wait_for(lambda: person.ask("GET", MEMBERS).status == 401, "grace's session ended")
        taken = time.monotonic() - begun
        say(
            "revoke",
            f"$ bartizan {' '.join(order)}\nGET {MEMBERS} by grace: 200 before, 401 {taken * 1000:.0f} ms after",
        )

    def stolen(self) -> None:
        """The same cookie from another client."""
        thief = self._person.ask("GET", MEMBERS, agent="curl/8.0")
        check(thief.status == 401, f"a thief got {thief.status}")
        story = self._setup.story(thief)
        check("access.session_changed" in story, story)
        say("stolen", f"the same cookie from another client: 401; signal access.session_changed, agent\n{_why(story)}")

    def invite_first(self) -> str:
        """Return the link for the first administrator, to be opened by hand."""
        return self._link(self._setup.run("access", "invite", "admin", "--group", "administrators"))

    @staticmethod
    def _link(told: str) -> str:
        found = re.search(r"https://\S+/\.bartizan/enrol#\S+", told)
        check(found is not None, f"no link in: {told}")
        return "" if found is None else found[0]


def _claims(assertion: str) -> dict[str, Any]:
    payload = assertion.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


def _hidden(link: str) -> str:
    return link[: link.index("#") + 7] + "…"


def _why(story: str) -> str:
    return "\n".join(line for line in story.splitlines() if line.startswith(("because", "signal", "ATT&CK")))
