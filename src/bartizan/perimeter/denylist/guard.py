"""The first guard of the series."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network

from bartizan.perimeter.denylist.bans import Bans
from bartizan.perimeter.denylist.prefixes import PrefixSet
from bartizan.pipeline import Actor, Client, Deny, Exchange, Signal, Verdict

__all__ = ["Denylist"]


class Denylist:
    """Refuse exchanges whose client address is listed or banned; the allowlist wins over both.

    Verdict: deny 403. Signal: ``denylist.hit`` (T1595), about the address and its network.
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
        if self._allow is not None and self._allow.match(client.version, client.number):
            return None
        if self._deny is not None and self._deny.match(client.version, client.number):
            remedy = "remove it from guards.denylist (deny or deny_files), or add it to guards.denylist.allow"
            return self._refuse(exchange, client, f"{client.address} is on the denylist", remedy, "list")
        ban = self._bans.match(client, self._clock())
        if ban is None:
            return None
        because = f"{ban.network} is banned by {ban.made_by}: {ban.reason or 'no reason given'}"
        return self._refuse(exchange, client, because, f"bartizan unban {ban.network}", "ban")

    @staticmethod
    def _refuse(exchange: Exchange, client: Client, because: str, remedy: str, source: str) -> Deny:
        actors = (Actor("address", client.address), Actor("network", _network(client)))
        evidence = {"source": source, "because": because}
        exchange.signals.append(
            Signal("denylist.hit", severity=30, technique="T1595", owasp="API4:2023", actors=actors, evidence=evidence)
        )
        return Deny(403, because=because, remedy=remedy)


def _network(client: Client) -> str:
    return str(ip_network(f"{client.address}/{24 if client.version == 4 else 48}", strict=False))
