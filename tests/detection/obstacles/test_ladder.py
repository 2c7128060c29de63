"""Which obstacles a risk reaches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.config.model import Obstacles
from bartizan.config.semantics.obstacles import RUNGS as CONFIGURED
from bartizan.detection.obstacles.ladder import RUNGS, Ladder, RungName

ALL = {name: {"at": 10 * number} for number, name in enumerate(RUNGS, 1)}


def ladder(*rungs: RungName, **settings: Any) -> Ladder:
    return Ladder.of(Obstacles.model_validate(settings), rungs or RUNGS)


def test_rungs_are_those_of_the_configuration_in_its_order() -> None:
    assert RUNGS == CONFIGURED


@pytest.mark.parametrize(
    ("risk", "reached"),
    [(0, ()), (9.99, ()), (10, ("throttle",)), (35, ("step_up", "challenge", "throttle")), (100, RUNGS[::-1])],
)
def test_a_risk_reaches_all_rungs_up_to_it_the_gravest_first(risk: float, reached: tuple[str, ...]) -> None:
    assert ladder(**ALL).reached(risk) == reached


def test_without_rungs_there_is_no_ladder() -> None:
    assert not ladder()
    assert ladder().lowest == float("inf")
    assert not ladder(enabled=False, **ALL)
    assert ladder(deny={"at": 70, "shadow": True}).lowest == 70


def test_a_place_uses_the_rungs_that_it_can() -> None:
    assert ladder("throttle", "deny", **ALL).reached(100) == ("deny", "throttle")


def test_in_shadow_mode_a_rung_is_known_but_not_in_the_way() -> None:
    made = ladder(throttle={"at": 20}, divert={"at": 50, "shadow": True}, deny={"at": 80})
    assert (made.reached(60), made.hidden(60)) == (("throttle",), "divert")
    assert (made.reached(90), made.hidden(90)) == (("deny", "throttle"), None), "something graver happens"
    assert made.hidden(49) is None
    assert (ladder(shadow=True, **ALL).reached(100), ladder(shadow=True, **ALL).hidden(100)) == ((), RUNGS[-1])


@given(
    st.dictionaries(
        st.sampled_from(RUNGS), st.fixed_dictionaries({"at": st.integers(1, 100), "shadow": st.booleans()})
    ),
    st.floats(0, 100),
)
def test_nothing_happens_below_the_lowest_rung(rungs: dict[str, Any], risk: float) -> None:
    made = ladder(**rungs)
    reached, hidden = made.reached(risk), made.hidden(risk)
    assert bool(reached or hidden) == (risk >= made.lowest)
    assert list(reached) == sorted(reached, key=RUNGS.index, reverse=True)
    assert hidden is None or rungs[hidden]["shadow"]
