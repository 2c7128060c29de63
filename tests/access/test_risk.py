"""The risk of everybody, until there is an engine."""

from __future__ import annotations

from tests.support.exchange import client_at
from tests.support.sessions import make_session

from bartizan.access.risk import ConstantRisk


async def test_everybody_is_at_the_same_risk() -> None:
    assert await ConstantRisk().of(make_session(), client_at()) == 0
    assert await ConstantRisk(70).of(make_session(), client_at()) == 70
