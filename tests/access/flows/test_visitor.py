"""Who asks, in words and in what later requests are compared with."""

import pytest
from tests.support.device import AGENT

from bartizan.access.flows.visitor import Visitor

HINTS = {"sec-ch-ua": '"Chromium";v="140", "Google Chrome";v="140"', "sec-ch-ua-platform": '"Windows"'}


def visitor(address: str = "2001:db8:1:2::3", agent: str = AGENT, hints: dict[str, str] | None = None) -> Visitor:
    return Visitor(address, "", agent, "", "thumbprint", {}, hints or {})


@pytest.mark.parametrize(
    ("agent", "hints", "words"),
    [
        (AGENT, {}, "Chrome 140.0.0.0 on Linux"),
        (AGENT, HINTS, "Chrome 140 on Windows"),
        ("curl/8.5.0", {}, "curl 8.5.0"),
        ("", {}, ""),
    ],
)
def test_client_in_words(agent: str, hints: dict[str, str], words: str) -> None:
    assert visitor(agent=agent, hints=hints).client == words


def test_network_of_the_address() -> None:
    assert visitor().network == "2001:db8:1::/48"
    assert visitor("").network == ""
    assert visitor().facts.network == "2001:db8:1::/48"
