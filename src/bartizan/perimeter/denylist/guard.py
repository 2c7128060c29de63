"""The first guard of the series."""

from __future__ import annotations

import socket
from collections.abc import Callable

from bartizan.perimeter.denylist.bans import Bans
from bartizan.perimeter.denylist.prefixes import Match, PrefixSet
from bartizan.perimeter.denylist.replica import Ban
from bartizan.pipeline import Actor, Client, Deny, Exchange, Signal, Verdict

__all__ = ["Denylist"]


class Denylist:
    """Refuse exchanges whose client address is listed or banned; the allowlist wins over both.

    Verdict: deny 403. Signal: ``denylist.hit`` (T1595), about the address and its network. The client is who the
    request comes from as far as it can be trusted: behind a trusted proxy not the proxy, which others share. Clients on
    a Unix socket have no address and are never refused.
    """

    name = "denylist"

    __slots__ = ("_allow", "_bans", "_clock", "_deny")

    def __init__(self, deny: PrefixSet, allow: PrefixSet, bans: Bans, clock: Callable[[], float]) -> None:
        self._deny = deny if len(deny) else None
        self._allow = allow if len(allow) else None
        self._bans = bans
        self._clock = clock

    async def on_request(self, exchange: Exchange) -> Verdict | None:
        """Look the client up; see the class."""
        client = exchange.client
        version, number = client.version, client.number
        if self._allow is not None and self._allow.row(version, number) >= 0:
            return None
        if self._deny is not None:
            row = self._deny.row(version, number)
            if row >= 0:
                return _listed(exchange, client, self._deny.at(version, row))
        ban = self._bans.match(client, self._clock())
        return None if ban is None else _banned(exchange, client, ban)


def _listed(exchange: Exchange, client: Client, match: Match) -> Deny:
    if match.line:
        place, remedy = f"{match.source}:{match.line}", f"remove line {match.line} of {match.source}"
    else:
        place, remedy = "guards.denylist.deny", f"remove {match.network} from guards.denylist.deny"
        if exchange.route is not None:
            remedy += f" (that of the route {exchange.route.name}, if it has its own)"
    remedy += f", or add {client.address} to guards.denylist.allow"
    _signal(exchange, client, {"network": match.network, "source": place})
    return Deny(403, because=f"{match.network} is on the denylist ({place})", remedy=remedy)


def _banned(exchange: Exchange, client: Client, ban: Ban) -> Deny:
    reason = ban.reason or "no reason given"
    _signal(exchange, client, {"network": ban.network, "source": "ban", "made_by": ban.made_by, "reason": reason})
    because = f"{ban.network} is banned by {ban.made_by}: {reason}"
    return Deny(403, because=because, remedy=f"bartizan unban {ban.network}")


def _signal(exchange: Exchange, client: Client, evidence: dict[str, str]) -> None:
    actors = (Actor("address", client.address), Actor("network", _network(client)))
    exchange.signals.append(Signal("denylist.hit", severity=30, technique="T1595", actors=actors, evidence=evidence))


def _network(client: Client) -> str:
    """Return the /24 or /48 around a client."""
    if client.version == 4:
        return client.address.rpartition(".")[0] + ".0/24"
    return socket.inet_ntop(socket.AF_INET6, (client.number >> 80 << 80).to_bytes(16, "big")) + "/48"
