from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from bartizan.perimeter.denylist import Ban
from bartizan.perimeter.denylist.replica import PURGE, Replica

NETWORKS = ("192.0.2.7/32", "192.0.2.0/24", "192.0.2.128/25", "0.0.0.0/0", "2001:db8::/32", "2001:db8::1/128", "::/0")
ADDRESSES = tuple(map(ip_address, ("192.0.2.7", "192.0.2.200", "203.0.113.1", "2001:db8::1", "2001:db8::2", "::1")))
TIMES = st.integers(0, 20)


def make(network: str, expires: float | None = None, reason: str = "") -> Ban:
    return Ban(network, reason, "test", 0.0, expires)


class Followed(RuleBasedStateMachine):
    """Against a dictionary of bans by network."""

    def __init__(self) -> None:
        super().__init__()
        self.replica = Replica(100)
        self.model: dict[str, Ban] = {}
        self.now = 0

    @rule(network=st.sampled_from(NETWORKS), expires=TIMES | st.none(), reason=st.sampled_from("ab"))
    def put(self, network: str, expires: int | None, reason: str) -> None:
        ban = make(network, expires, reason)
        self.replica.put(ban)
        self.model[network] = ban

    @rule(network=st.sampled_from(NETWORKS))
    def remove(self, network: str) -> None:
        self.replica.remove(network)
        self.model.pop(network, None)

    @rule(now=TIMES)
    def purge(self, now: int) -> None:
        self.now = max(self.now, now)
        self.replica.purge(self.now)
        for network, ban in list(self.model.items()):
            if ban.expires is not None and ban.expires <= self.now:
                del self.model[network]

    @invariant()
    def is_the_model(self) -> None:
        assert len(self.replica) == len(self.model)
        for address in ADDRESSES:
            for now in (self.now, 10, 20):
                live = [
                    ban
                    for network, ban in self.model.items()
                    if address in ip_network(network) and (ban.expires is None or ban.expires > now)
                ]
                narrowest = max(live, key=lambda ban: ip_network(ban.network).prefixlen, default=None)
                assert self.replica.match(address.version, int(address), now) == narrowest


TestFollowed = Followed.TestCase
TestFollowed.settings = settings(max_examples=50, stateful_step_count=20)


def test_a_ban_ends_at_its_time_exactly() -> None:
    replica = Replica(10)
    replica.put(make("192.0.2.7", 100.0))
    assert replica.match(4, 0xC0000207, 99.999999) is not None
    assert replica.match(4, 0xC0000207, 100.0) is None


def test_clients_without_an_address_are_under_no_ban() -> None:
    replica = Replica(10)
    replica.put(make("0.0.0.0/0"))
    replica.put(make("::/0"))
    assert replica.match(0, 0, 0.0) is None


def test_past_the_maximum_those_that_end_soonest_go() -> None:
    replica = Replica(3)
    for number, expires in enumerate((50.0, None, 20.0, 40.0, None)):
        replica.put(make(f"192.0.2.{number}", expires))
    assert len(replica) == 3
    assert replica.dropped == 2
    assert [number for number in range(5) if replica.match(4, 0xC0000200 + number, 0.0)] == [0, 1, 4]


def test_a_ban_that_was_prolonged_stays() -> None:
    replica = Replica(10)
    replica.put(make("192.0.2.7", 10.0))
    replica.put(make("192.0.2.7", 30.0))
    replica.purge(20.0)
    assert replica.match(4, 0xC0000207, 20.0) is not None
    replica.purge(30.0)
    assert len(replica) == 0


def test_the_same_ban_over_and_over_takes_no_more_room() -> None:
    replica = Replica(10)
    for end in range(10 * PURGE):
        replica.put(make("192.0.2.7", float(end)))
    assert len(replica._ends) <= PURGE + 3


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="not an address"):
        Replica(1).put(make("nobody"))
    with pytest.raises(ValueError, match="not an address"):
        Replica(1).remove("nobody")


def test_a_large_replica_goes_in_pieces() -> None:
    replica = Replica(10 * PURGE)
    for number in range(3 * PURGE + 1):
        replica.put(make(f"10.0.{number // 256}.{number % 256}"))
    sizes = []
    while replica.shrink():
        sizes.append(len(replica))
    assert sizes == [2 * PURGE + 1, PURGE + 1, 1]
    assert len(replica) == len(replica._ends) == 0
