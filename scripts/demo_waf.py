"""The steps of the demo that are about the WAF: attacks refused, a rule of one's own, a false positive tuned away."""

from __future__ import annotations

import json
import statistics
import textwrap
from collections.abc import Iterator
from urllib.parse import quote

import yaml  # type: ignore[import-untyped]

from scripts.demo_stage import Answer, Client, Setup, check, say, wait_for

__all__ = ["WafSteps"]

ATTACKER = "127.0.0.66"
HONEST = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
SQL = "1' OR '1'='1"
SCRIPT = "<script>alert(document.cookie)</script>"
TICKET = {"title": "Printer", "note": "Please add the printer to /etc/hosts."}
STOLEN = {**TICKET, "note": "../../../../etc/passwd"}
UPLOAD = (
    b"--edge\r\n"
    b'Content-Disposition: form-data; name="file"; filename="%s"\r\n'
    b"Content-Type: text/plain\r\n\r\n"
    b"* * * * * root id\r\n"
    b"--edge--\r\n"
)
EXPLAINED = ("rule", "phase", "as", "asks", "on match", "here", "cost")
WIDTH = 110
LOOKED_AT = 400  # exchanges whose time in the WAF is told


class WafSteps:
    """Each step shows what it says, or fails the demo."""

    def __init__(self, setup: Setup, client: Client) -> None:
        self._setup = setup
        self._client = client

    def attacks(self) -> None:
        """SQL injection and cross-site scripting are refused, and the journal tells by which rules."""
        refused = self._asked("/anything/orders", id=SQL)
        check(refused.status == 403, f"an SQL injection got {refused.status}")
        story = self._setup.story(refused)
        check("rule 942100" in story and "score" in story and "exclusions: [{rule: 942100" in story, story)
        say("sqli", f"GET /anything/orders?id={SQL}: 403\n$ bartizan journal find {refused.exchange}")
        say("", "\n".join(_told(story)))
        refused = self._asked("/anything/search", q=SCRIPT)
        check(refused.status == 403, f"a script got {refused.status}")
        story = self._setup.story(refused)
        check("rule 941100" in story and "XSS" in story, story)
        say("xss", f"GET /anything/search?q={SCRIPT}: 403")
        say("", _wrapped(_line(story, "because")))

    def watched(self) -> None:
        """Where the WAF only detects, the same request passes, and is journaled."""
        passed = self._asked("/anything/watched", id=SQL)
        check(passed.status == 200, f"a route that is only watched answered {passed.status}")
        story = self._setup.story(passed)
        check("waf.match" in story and "942100" in story and "decided by" not in story, story)
        say("watched", f"GET /anything/watched?id={SQL}: 200 (mode: detection_only), in the journal")
        say("", _cut(_line(story, "evidence")))

    def upload(self) -> None:
        """A file may not name a directory: that is a rule in bartizan.yaml."""
        media_type = "multipart/form-data; boundary=edge"
        refused = self._client.post("/post", UPLOAD % b"../../etc/cron.d/job", media_type, ATTACKER)
        check(refused.status == 403, f"an upload to ../../ got {refused.status}")
        because = _line(self._setup.story(refused), "because")
        check("rule 10001" in because, because)
        passed = self._client.post("/post", UPLOAD % b"job.txt", media_type)
        check(passed.status == 200, f"an upload of job.txt got {passed.status}")
        say("upload", f"a file ../../etc/cron.d/job: 403, job.txt: 200; by a rule in bartizan.yaml\n{_cut(because)}")

    def tune(self) -> None:
        """What honest clients are refused for is found in the journal, and excluded as narrowly as can be."""
        statuses = [self._ticket(TICKET, address) for address in HONEST]
        check(statuses == [403] * 3, f"the ticket about /etc/hosts got {statuses}, not 403")
        say("tune", f"POST /anything/tickets from three clients, with the note «{TICKET['note']}»: 3 x 403")
        say("", "$ bartizan waf tune --since 5m")
        found = wait_for(self._candidates, "what `bartizan waf tune` finds")
        check(f"{len(HONEST)} clean of" in found and "\n2. rule" not in found, found)
        say("", "\n".join(_cut(line) for line in found.splitlines() if line.startswith(("1. rule", "   "))))
        exclusion = self._setup.run("waf", "tune", "--since", "5m", "--accept", "1")
        route = yaml.safe_load(exclusion)["routes"][0]
        exclusions = route["guards"]["waf"]["exclusions"]
        narrow = {"rule": 930120, "target": "ARGS:json.note", "path": "/anything/tickets"}
        check((route["name"], exclusions) == ("tickets", [narrow]), exclusion)
        self._setup.write(exclusions=json.dumps(exclusions))
        self._setup.run("reload")
        honest, attack = self._ticket(TICKET, HONEST[0]), self._ticket(STOLEN, ATTACKER)
        check((honest, attack) == (200, 403), f"with the exclusion, the ticket got {honest} and an attack {attack}")
        say("", "put into bartizan.yaml; $ bartizan reload")
        say("", f"the ticket: {honest}; one with {STOLEN['note']} in the same place: {attack}")

    def explain(self) -> None:
        """What a rule is."""
        lines = self._setup.run("waf", "explain", "942100").splitlines()
        shown = [line for line in lines if line.strip().startswith(EXPLAINED)]
        check(len(shown) >= len(EXPLAINED), "\n".join(lines))
        say("explain", "$ bartizan waf explain 942100\n" + "\n".join(_cut(line) for line in shown))

    def spent(self) -> None:
        """How long the rules took, by the guard's own time in the journal."""
        lines = self._setup.run("journal", "tail", "-n", str(LOOKED_AT), "--json").splitlines()
        notes = [json.loads(line).get("unmapped") or {} for line in lines]
        spent = sorted(note["guard_seconds"]["waf"] * 1e6 for note in notes if "waf" in note.get("guard_seconds", ()))
        check(len(spent) >= LOOKED_AT // 2, f"of {len(lines)} records only {len(spent)} have a time of the WAF")
        half, most = statistics.median(spent), spent[len(spent) * 99 // 100]
        say(
            "waf time",
            f"of the last {len(spent)} exchanges the rules took {half:.0f} us at the median, {most:.0f} at p99",
        )

    def _asked(self, path: str, **query: str) -> Answer:
        text = "&".join(f"{name}={quote(value)}" for name, value in query.items())
        return self._client.get(f"{path}?{text}", source=ATTACKER)

    def _ticket(self, ticket: dict[str, str], address: str) -> int:
        body = json.dumps(ticket).encode()
        return self._client.post("/anything/tickets", body, "application/json", address).status

    def _candidates(self) -> str:
        found = self._setup.attempt("waf", "tune", "--since", "5m")
        return found if "1. rule" in found else ""


def _told(story: str) -> Iterator[str]:
    """Yield the verdict, and of each signal the rule and what it says."""
    verdict, *signals = story.split("\n\n")
    shown = ("answer", "route", "guard waf", "decided by", "because", "to change it")
    for line in verdict.splitlines():
        if line.startswith(shown):
            yield _wrapped(line)
    yield ""
    yield from (_cut(_line(signal, "evidence")) for signal in signals)


def _line(story: str, name: str) -> str:
    return next((line for line in story.splitlines() if line.startswith(name)), "")


def _wrapped(line: str) -> str:
    return textwrap.fill(line, WIDTH, subsequent_indent=" " * 17, break_on_hyphens=False)


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
