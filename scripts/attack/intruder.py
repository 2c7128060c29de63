"""The intruder: tools from Debian for looking around, and what they do by hand."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.demo_person import AGENT
from scripts.demo_stage import Answer, DemoFailed

__all__ = ["Look", "differences", "ffuf", "sqlmap", "timed", "tokens_in"]

TOOL_TIME = 120.0  # seconds that a tool may take
PAUSE = "0.05"  # seconds between two requests of a scanner's thread


def ffuf(url: str, directory: Path, wanted: str) -> list[tuple[str, int]]:
    """Scan for paths, one a line; returns those that answered otherwise than 404, with their status.

    Answers are kept in ``ffuf/``. It says that it is a browser, as whoever knows that there may be a WAF has it do.
    """
    words, out = directory / "words.txt", directory / "ffuf.json"
    words.write_text(wanted)
    out.unlink(missing_ok=True)
    command = ["ffuf", "-s", "-w", str(words), "-u", f"{url}/FUZZ", "-t", "2", "-p", PAUSE, "-timeout", "10"]
    command += ["-mc", "all", "-fc", "404", "-H", "Accept: */*", "-H", f"User-Agent: {AGENT}"]
    command += ["-od", str(directory / "ffuf"), "-o", str(out), "-of", "json"]
    _run(command, directory)
    found = json.loads(out.read_text())["results"]
    return sorted((str(each["input"]["FUZZ"]), int(each["status"])) for each in found)


def sqlmap(url: str, directory: Path) -> str:
    """Try SQL injections into the parameter of a URL; returns the last lines of what it says."""
    command = ["sqlmap", "-u", url, "--batch", "--level", "1", "--risk", "1", "--technique", "B", "--flush-session"]
    command += ["--disable-coloring", "--threads", "1", "--timeout", "5", "--retries", "0", "--ignore-code", "403"]
    command += ["--output-dir", str(directory / "sqlmap"), "--fresh-queries", "--skip-waf"]
    return _run(command, directory)


def _run(command: list[str], directory: Path) -> str:
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=TOOL_TIME, check=False, input=""
        )
    except subprocess.TimeoutExpired as error:
        raise DemoFailed(f"{command[0]} took more than {TOOL_TIME:g} s") from error
    return (done.stdout + done.stderr).strip()


def tokens_in(text: str) -> dict[str, str]:
    """Return what looks like credentials in a file, by name."""
    pairs = re.findall(r"^\s*(?:export )?([A-Z][A-Z0-9_]*)\s*=\s*[\"']?([^\"'\s]+)", text, re.MULTILINE)
    return {name: value for name, value in pairs if re.search("KEY|TOKEN|SECRET|JWT|SESSION", name)}


@dataclass(frozen=True)
class Look:
    """What a client can see of answers: status, header fields in order, fields of the JSON, time in milliseconds."""

    statuses: Counter[int]
    headers: frozenset[tuple[str, ...]]
    fields: frozenset[tuple[str, ...]]
    median: float
    slowest: float

    def told(self) -> str:
        """Return it in a line."""
        statuses = ", ".join(f"{count} x {status}" for status, count in self.statuses.items())
        return f"{statuses}, median {self.median:.1f} ms, slowest {self.slowest:.1f} ms"

    @classmethod
    def at(cls, answers: list[tuple[Answer, float]]) -> Look:
        """Look at answers and how long each took, in seconds."""
        times = sorted(taken * 1000 for _, taken in answers)
        return cls(
            Counter(answer.status for answer, _ in answers),
            frozenset(tuple(answer.headers) for answer, _ in answers),
            frozenset(_fields(answer.body) for answer, _ in answers),
            statistics.median(times),
            times[-1],
        )


def _fields(body: bytes) -> tuple[str, ...]:
    data: Any = json.loads(body)
    return tuple(data) if isinstance(data, dict) else (type(data).__name__,)


def differences(before: Look, after: Look) -> list[str]:
    """Return in what two looks differ, other than in what also differs from one answer to the next."""
    found = []
    if set(before.statuses) != set(after.statuses):
        found.append(f"statuses {dict(before.statuses)} and {dict(after.statuses)}")
    if not after.headers <= before.headers:
        found.append(f"header fields {sorted(before.headers)} and {sorted(after.headers)}")
    if not after.fields <= before.fields:
        found.append(f"fields {sorted(before.fields)} and {sorted(after.fields)}")
    return found


def timed(ask: Any, *arguments: Any) -> tuple[Answer, float]:
    """Return an answer, and how many seconds it took."""
    begun = time.perf_counter()
    answer: Answer = ask(*arguments)
    return answer, time.perf_counter() - begun
