"""The scores that docs/risk.md tells are those that the engine makes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.risk import ADDRESS, NOW, PLACES, canary, decoy, engine, honeytoken, rate_limit, waf

DOCUMENTED = {
    "one rate limit": [rate_limit()],
    "ten thousand rate limits": [rate_limit()] * 100,
    "one critical rule of the WAF": [waf()],
    "many rules of the WAF": [waf()] * 20,
    "one decoy": [decoy()],
    "a decoy, then many rules of the WAF": [decoy(NOW - 60), *[waf()] * 20],
    "a canary": [canary(NOW, PLACES)],
    "a honeytoken": [honeytoken()],
}


@pytest.mark.parametrize("row", DOCUMENTED)
def test_scores_in_the_documentation_are_true(row: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "risk.md").read_text()
    assert f"| {row} | {engine(*DOCUMENTED[row]).score(ADDRESS, NOW):.0f} |" in page
