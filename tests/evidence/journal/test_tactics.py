from __future__ import annotations

import pytest

from bartizan.detection.attack import technique
from bartizan.evidence.journal.tactics import TACTICS, attack_of


@pytest.mark.parametrize("uid", TACTICS)
def test_attack_has_the_technique_and_uses_it_for_the_tactic(uid: str) -> None:
    known = technique(uid)
    assert known is not None
    assert TACTICS[uid].name.lower().replace(" ", "-") in known.tactics


def test_a_sub_technique_has_the_tactic_of_its_technique() -> None:
    attack = attack_of("T1595.003")
    assert (attack.technique.uid, attack.tactic and attack.tactic.uid) == ("T1595.003", "TA0043")


def test_a_technique_that_is_not_in_the_table_has_none() -> None:
    assert attack_of("T9999").tactic is None
