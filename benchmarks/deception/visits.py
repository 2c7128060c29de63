"""What is asked for, and how a client sees the answers."""

from __future__ import annotations

import http.client
import json
import random
import select
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

__all__ = ["FAMILIES", "Case", "Seen", "ask", "cases", "decoy_paths", "file_of", "visit"]

FAMILIES = {
    "missing": "404 of the shop (JSON)",
    "absent": "404 of nginx (HTML)",
    "object": "an object of the shop (JSON)",
    "list": "a list of the shop (JSON)",
    "file": "a file of nginx",
    "login": "a login that fails",
}
PATHS = {"missing": 120, "absent": 120, "object": 150, "list": 20, "file": 120, "login": 40}
"""How many of each are real, and how many are decoys."""
GAP = 0.006  # seconds between an answer and the next request, at the mean
CLIENTS = 4  # addresses of clients
_WORDS = ("account", "archive", "asset", "audit", "basket", "batch", "client", "coupon", "device", "draft", "export")
_ENDS = ("s", "", "-list", "_v2", "/latest", "/summary")


@dataclass(frozen=True, slots=True)
class Case:
    """One request; ``decoy``: the answer is made up."""

    family: str
    decoy: bool
    path: str
    method: str = "GET"


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer: seconds until its head and then until its end, header fields in order as they came."""

    case: Case
    head: float
    rest: float
    status: int
    fields: list[tuple[str, str]]
    body: bytes = field(repr=False)


def cases() -> list[Case]:
    """Return all requests that there are, the same in each run."""
    made = random.Random(7)
    out = []
    for decoy in (False, True):
        for family, count in PATHS.items():
            out += [Case(family, decoy, path, "POST" if family == "login" else "GET")
                    for path in _paths(family, count, made, decoy=decoy)]  # fmt: skip
    return out


def _paths(family: str, count: int, made: random.Random, *, decoy: bool) -> Iterable[str]:
    if family == "object":
        return [f"/api/sales/{made.randint(1, 400)}/{number}" if decoy else f"/api/orders/{number + 1}"
                for number in range(count)]  # fmt: skip
    if family == "list":
        return [f"/api/clients/{number}" if decoy else f"/api/orders?page={number + 1}" for number in range(count)]
    if family == "login":
        return [f"/api/{made.choice(_WORDS)}/{number}/login" for number in range(count)] if decoy else ["/api/login"]
    if family == "file":
        return [f"/{'internal' if decoy else 'notes'}/{number:03d}.txt" for number in range(count)]
    start = "/api/" if family == "missing" else "/"
    out: set[str] = set()
    while len(out) < count:
        path = f"{start}{made.choice(_WORDS)}{made.choice(_ENDS)}/{made.randint(1, 9999)}"
        out.add(path + (".html" if family == "absent" else ""))
    return sorted(out, key=lambda _: made.random())


def file_of(path: str) -> bytes:
    """Return the content of a file, as long as configuration and notes are."""
    made = random.Random(path)
    lines = [f"{made.choice(_WORDS).upper()}_{made.choice(_WORDS).upper()}={made.getrandbits(64):x}" for _ in range(
        made.randint(4, 60))]  # fmt: skip
    return ("\n".join(lines) + "\n").encode()


def decoy_paths(everything: Sequence[Case], directory: str) -> list[dict[str, str]]:
    """Return ``deception.decoys.paths``; the files of decoys are in ``directory``."""
    settings = {
        "missing": {"kind": "not_found"},
        "absent": {"kind": "not_found"},
        "object": {"kind": "json", "like": "/api/orders/{id}"},
        "list": {"kind": "json", "like": "/api/orders"},
        "login": {"kind": "login"},
    }
    out = []
    for case in everything:
        if case.decoy and case.family == "file":
            out.append({"path": case.path, "kind": "file", "file": f"{directory}{case.path}"})
        elif case.decoy:
            out.append({"path": case.path, **settings[case.family]})
    return out


def visit(port: int, chosen: Iterable[Case], made: random.Random) -> list[Seen]:
    """Make requests one after the other, each of one of a few clients; returns what they saw."""
    clients = []
    for number in range(CLIENTS):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=20, source_address=(f"127.0.0.{number + 1}", 0))
        client.connect()
        clients.append(client)
    out = []
    for case in chosen:
        time.sleep(made.expovariate(1 / GAP))
        out.append(ask(made.choice(clients), case, made))
    for client in clients:
        client.close()
    return out


def ask(client: http.client.HTTPConnection, case: Case, made: random.Random) -> Seen:
    """Make a request on a connection that is open; returns what the client saw."""
    body, fields = None, {"user-agent": "Mozilla/5.0", "accept": "*/*"}
    if case.method == "POST":
        body = json.dumps({"username": made.choice(_WORDS), "password": f"{made.getrandbits(48):x}"}).encode()
        fields["content-type"] = "application/json"
    begun = time.perf_counter()
    client.request(case.method, case.path, body, fields)
    arrived = select.poll()
    arrived.register(client.sock, select.POLLIN)
    while not arrived.poll(0):  # a client that sleeps would measure how long it takes to wake up
        pass
    response = client.getresponse()
    head = time.perf_counter()
    data = response.read()
    end = time.perf_counter()
    return Seen(case, head - begun, end - head, response.status, response.getheaders(), data)
