"""Honest people beside an intruder: each has sessions over a day, looks at orders, searches, mistypes, comes back.

Their sessions are begun in the shared state, as control does at the end of a login: a thousand logins would be a
thousand password hashes. Everything else is theirs: connections from their addresses, TLS, cookies, requests. Some
share an address with many others, as behind CGNAT.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bartizan.access.sessions.facts import client_facts
from bartizan.access.sessions.model import Session
from bartizan.access.sessions.store import SessionStore
from bartizan.config.model import State as StateSettings
from bartizan.storage.state import open_state

__all__ = ["Day", "People"]

USERS = 200
SESSIONS = 5  # of each in a day
REQUESTS = 12  # of each session, on average
SHARED = 60  # users behind one address
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
AT_ONCE = 24  # sessions that are in use at the same time
SEARCHES = ("oak", "lamp", "desk", "O'Brien", "glass & steel", "50% off", "kettle", "chair (linen)")
SLIPS = ("/api/order", "/api/orders/none", "/favicon.ico", "/api/orders/100000", "/api/customer/7")


@dataclass
class Day:
    """What they got: answers by status, and what broke; what was decided about them stands in the journal."""

    statuses: Counter[int] = field(default_factory=Counter)
    sessions: int = 0
    users: int = USERS
    failures: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    """Seconds."""


class People:
    """Lives a day in ``seconds``, at the gateway on ``port``; ``ca`` is the certificate that is trusted.

    ``ja4`` is what the gateway sees of this program's TLS: sessions are bound to it.
    """

    def __init__(self, port: int, ca: Path, storage: Path, ja4: str, seconds: float) -> None:
        self._port = port
        self._ja4 = ja4
        self._tls = ssl.create_default_context(cafile=str(ca))
        self._storage = storage
        self._seconds = seconds
        self._random = random.Random(7)
        self.day = Day()

    def live(self, stopped: Callable[[], bool] = lambda: False) -> Day:
        """Live the day, or what of it there is until ``stopped``."""
        asyncio.run(self._live(stopped))
        return self.day

    async def _live(self, stopped: Callable[[], bool]) -> None:
        state = open_state(StateSettings(), self._storage)
        store = SessionStore(state, time.time)
        waiting = [user for user in range(USERS) for _ in range(SESSIONS)]
        self._random.shuffle(waiting)
        pause = self._seconds * AT_ONCE / (len(waiting) * REQUESTS)
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(user: int) -> None:
            async with turn:
                if not stopped():
                    await self._session(store, user, pause)

        try:
            await asyncio.gather(*(one(user) for user in waiting))
        finally:
            await state.close()

    async def _session(self, store: SessionStore, user: int, pause: float) -> None:
        address = "127.20.0.1" if user < SHARED else f"127.20.{1 + user // 50}.{10 + user % 50}"
        token, _ = await store.begin(_session_of(user, address, self._ja4, time.time()))
        try:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", self._port, ssl=self._tls, server_hostname="localhost", local_addr=(address, 0)
            )
            try:
                for path in self._paths():
                    await asyncio.sleep(self._random.expovariate(1 / pause))
                    begun = time.perf_counter()
                    status = await self._ask(reader, writer, path, token)
                    self.day.slowest = max(self.day.slowest, time.perf_counter() - begun)
                    self.day.statuses[status] += 1
            finally:
                writer.close()
        except (OSError, EOFError, ValueError) as error:
            self.day.failures[type(error).__name__] += 1
        self.day.sessions += 1

    def _paths(self) -> list[str]:
        """What somebody does in one session: pages of lists, things on them, searches, now and then a slip."""
        page = self._random.randint(1, 10)
        paths = [f"/api/orders?page={page}"]
        for _ in range(max(1, int(self._random.gauss(REQUESTS, 4)))):
            kind = self._random.random()
            if kind < 0.45:
                paths.append(f"/api/orders/{(page - 1) * 20 + self._random.randint(1, 20)}")
            elif kind < 0.6:
                paths.append(f"/api/customers/{self._random.randint(1, 120)}")
            elif kind < 0.75:
                page = min(20, page + 1)
                paths.append(f"/api/orders?page={page}")
            elif kind < 0.97:
                paths.append("/api/products?q=" + _quoted(self._random.choice(SEARCHES)))
            else:
                paths.append(self._random.choice(SLIPS))
        return paths

    @staticmethod
    async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, token: str) -> int:
        lines = (
            f"GET {path} HTTP/1.1",
            "Host: localhost",
            f"User-Agent: {AGENT}",
            "Accept: application/json",
            f"Cookie: __Host-bartizan-session={token}",
        )
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
        await reader.readexactly(int(fields.get(b"content-length", b"0")))
        return int(head[9:12])


def _session_of(user: int, address: str, ja4: str, now: float) -> Session:
    return Session(
        id=f"honest-{user}-{now:.3f}",
        kind="cookie",
        principal=f"principal-{user}",
        name=f"person{user}",
        display_name=f"Person {user}",
        groups=("members",),
        device=f"device-{user}",
        thumbprint=f"thumbprint-{user}",
        platform="Linux",
        browser="Firefox",
        browser_version="140",
        device_enrolled=now - 86_400,
        aal=2,
        factors={"password": now, "totp": now},
        created=now,
        authenticated=now,
        seen=now,
        proved=now,
        expires=now + 7200,
        idle=900.0,
        proof_interval=3600.0,
        facts=client_facts(address, ja4, AGENT),
        address=address,
    )


def _quoted(text: str) -> str:
    return "".join(each if each.isalnum() else f"%{ord(each):02X}" for each in text)
