from __future__ import annotations

import pytest
from tests.support.exchange import make_exchange

from bartizan.config.model import KnownClient
from bartizan.detection.decoys.clients import Known

CLIENTS = [
    KnownClient(name="scanner", networks=["192.0.2.0/28", "2001:db8::/32"], user_agent="Nessus"),
    KnownClient(name="monitor", user_agent="uptime-probe"),
]


def confidence(address: str, agent: str = "curl/8.0") -> float:
    return Known(CLIENTS).confidence(make_exchange(client=address, headers={"user-agent": agent}))


def test_from_a_known_network_it_is_no_signal() -> None:
    assert confidence("192.0.2.15") == 0
    assert confidence("2001:db8::1") == 0
    assert confidence("192.0.2.16") == 1


@pytest.mark.parametrize("agent", ["Slackbot-LinkExpanding 1.0", "WhatsApp/2.23", "nessus", "Uptime-Probe/1"])
def test_a_user_agent_alone_is_hardly_believed(agent: str) -> None:
    assert 0 < confidence("203.0.113.1", agent) < 0.1


def test_everybody_else_is_nobody_known() -> None:
    assert confidence("203.0.113.1") == 1
    assert Known([]).confidence(make_exchange()) == 1
