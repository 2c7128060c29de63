from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import CapturingLogger

from bartizan.http.address import parse_address
from bartizan.http.headers import Headers
from bartizan.http.message import Request
from bartizan.perimeter.denylist import BanList, Bans, Denylist, PrefixSet, PrefixStore
from bartizan.pipeline import Actor, Client, Connection, Deny, Exchange, RouteInfo
from bartizan.storage.state.lmdb_engine import LmdbState


def client(address: str) -> Client:
    text, version, number = parse_address(address) if address else ("", 0, 0)
    return Client(text, 0, version, number)


def exchange_of(address: str, peer: str | None = None) -> Exchange:
    connection = Connection("main", "https", client(address if peer is None else peer), "127.0.0.1:443")
    exchange = Exchange("0af7", Request("GET", b"/", Headers()), connection, client(address), received=0.0, started=0.0)
    exchange.route = RouteInfo("orders", "/*")
    return exchange


class Doorkeeper:
    """A guard with what it looks at."""

    def __init__(self, state: LmdbState) -> None:
        self.banned = BanList(state)
        self.bans = Bans(state, CapturingLogger())  # type: ignore[arg-type]
        self.now = time.time()

    def guard(self, deny: PrefixSet | None = None, allow: PrefixSet | None = None) -> Denylist:
        empty = PrefixSet.of([])
        return Denylist(deny or empty, allow or empty, self.bans, lambda: self.now)

    async def ban(self, network: str, duration: float | None = None, reason: str = "probing") -> None:
        await self.banned.ban(network, reason=reason, made_by="ann", duration=duration)
        await self.bans.catch_up()


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Doorkeeper]:
    state = LmdbState(tmp_path / "state", 2**24)
    yield Doorkeeper(state)
    await state.close()


async def test_who_is_not_listed_passes_without_a_trace(door: Doorkeeper) -> None:
    guard = door.guard(PrefixSet.of(["192.0.2.0/24", "2001:db8::/32"]))
    for address in ("192.0.3.1", "2001:db9::1", ""):
        exchange = exchange_of(address)
        assert await guard.on_request(exchange) is None
        assert exchange.signals == []


@pytest.mark.parametrize(
    ("address", "network", "around"),
    [
        ("192.0.2.7", "192.0.2.0/25", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/25", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8::/32", "2001:db8:1::/48"),
    ],
)
async def test_who_is_listed_is_refused_and_the_journal_told_where(
    door: Doorkeeper, address: str, network: str, around: str
) -> None:
    exchange = exchange_of(address)
    verdict = await door.guard(PrefixSet.of(["192.0.2.0/25", "2001:db8::/32"])).on_request(exchange)
    assert isinstance(verdict, Deny)
    assert (verdict.status, verdict.detail) == (403, "")
    assert verdict.because == f"{network} is on the denylist (guards.denylist.deny)"
    assert f"remove {network} from guards.denylist.deny" in verdict.remedy
    assert "orders" in verdict.remedy
    (signal,) = exchange.signals
    assert (signal.name, signal.severity, signal.technique) == ("denylist.hit", 30, "T1595")
    assert signal.actors == (Actor("address", exchange.client.address), Actor("network", around))
    assert signal.evidence == {"network": network, "source": "guards.denylist.deny"}


async def test_a_hit_in_a_file_tells_file_and_line(door: Doorkeeper, tmp_path: Path) -> None:
    file = tmp_path / "bad.txt"
    file.write_text("# bad\n192.0.2.0/24\n")
    deny = PrefixStore(tmp_path / "prefixes", CapturingLogger()).get([], [str(file)])  # type: ignore[arg-type]
    exchange = exchange_of("192.0.2.7")
    verdict = await door.guard(deny).on_request(exchange)
    assert isinstance(verdict, Deny)
    assert verdict.because == f"192.0.2.0/24 is on the denylist ({file}:2)"
    assert verdict.remedy == f"remove line 2 of {file}, or add 192.0.2.7 to guards.denylist.allow"
    assert exchange.signals[0].evidence["source"] == f"{file}:2"


async def test_who_is_banned_is_refused_until_the_ban_ends(door: Doorkeeper) -> None:
    guard = door.guard()
    await door.ban("192.0.2.0/24", duration=60.0)
    exchange = exchange_of("192.0.2.7")
    verdict = await guard.on_request(exchange)
    assert isinstance(verdict, Deny)
    assert verdict.because == "192.0.2.0/24 is banned by ann: probing"
    assert verdict.remedy == "bartizan unban 192.0.2.0/24"
    assert exchange.signals[0].evidence == {
        "network": "192.0.2.0/24",
        "source": "ban",
        "made_by": "ann",
        "reason": "probing",
    }
    door.now += 61
    assert await guard.on_request(exchange_of("192.0.2.7")) is None


async def test_the_allowlist_wins_over_lists_and_bans(door: Doorkeeper) -> None:
    guard = door.guard(PrefixSet.of(["192.0.2.0/24"]), PrefixSet.of(["192.0.2.7"]))
    await door.ban("192.0.2.7")
    exchange = exchange_of("192.0.2.7")
    assert await guard.on_request(exchange) is None
    assert exchange.signals == []
    assert await guard.on_request(exchange_of("192.0.2.8")) is not None


async def test_a_list_goes_before_a_ban(door: Doorkeeper) -> None:
    await door.ban("192.0.2.7")
    verdict = await door.guard(PrefixSet.of(["192.0.2.0/24"])).on_request(exchange_of("192.0.2.7"))
    assert verdict is not None
    assert "denylist" in verdict.because


async def test_behind_a_trusted_proxy_the_client_counts_and_not_the_proxy(door: Doorkeeper) -> None:
    guard = door.guard(PrefixSet.of(["192.0.2.7"]))
    assert await guard.on_request(exchange_of("203.0.113.1", peer="192.0.2.7")) is None
    assert await guard.on_request(exchange_of("192.0.2.7", peer="203.0.113.1")) is not None


async def test_clients_on_a_unix_socket_are_never_refused(door: Doorkeeper) -> None:
    await door.ban("0.0.0.0/0")
    await door.ban("::/0")
    guard = door.guard(PrefixSet.of(["0.0.0.0/0", "::/0"]))
    assert await guard.on_request(exchange_of("")) is None
