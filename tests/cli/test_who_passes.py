"""What the guard access asks for, in words."""

from __future__ import annotations

from typing import Any

import pytest

from bartizan.cli.who_passes import who_passes
from bartizan.config.model import Access, Guards

LIMITS = "session: 15m without a request, 2h in all"


def said(guard: dict[str, Any], obstacles: dict[str, Any] | None = None, **access: Any) -> list[str]:
    guards = Guards.model_validate({"access": guard, "obstacles": obstacles or {}})
    return who_passes(Access.model_validate(access), guards)


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        ({}, ["nobody passes: there is no policy"]),
        ({"public": True}, ["everybody passes, without being asked"]),
        ({"policy": "risk < 40"}, ["passes: risk < 40", LIMITS]),
        ({"policy": "// quiet\n  risk < 40\n  && session.aal > 1\n"}, ["passes: risk < 40 && session.aal > 1", LIMITS]),
        (
            {"policy": "risk < 40", "session": {"idle": "5m", "lifetime": "1d"}},
            ["passes: risk < 40", "session: 5m without a request, 2h in all"],
        ),
    ],
)
def test_who_passes(guard: dict[str, Any], expected: list[str]) -> None:
    assert said(guard) == expected


def test_what_has_to_be_proven_anew() -> None:
    rules = [
        {"max_age": "5m", "factor": "webauthn", "methods": ["POST", "PUT"], "when": "request.body.amount > 1000"},
        {"max_age": "1h30m"},
    ]
    assert said({"policy": "risk < 40", "reauth": rules}, obstacles={"step_up": {"at": 30}})[1:-1] == [
        "proves anew who they are: by webauthn, at most 5m ago, for POST PUT, when request.body.amount > 1000",
        "proves anew who they are: by any factor, at most 1h30m ago",
        "proves anew who they are: from risk 30",
    ]


def test_a_step_up_in_shadow_mode_is_called_so() -> None:
    for obstacles in ({"step_up": {"at": 30, "shadow": True}}, {"step_up": {"at": 30}, "shadow": True}):
        assert said({"policy": "true"}, obstacles)[1] == "proves anew who they are: from risk 30, in shadow mode"
    assert len(said({"policy": "true"}, {"enabled": False, "step_up": {"at": 30}})) == 2


def test_limits_that_groups_shorten_are_mentioned() -> None:
    groups = [{"name": "a", "session": {"idle": "1m"}}]
    session = {"preset": "aal3"}
    assert said({"policy": "true"}, groups=groups, session=session)[-1] == (
        "session: 15m without a request, 12h in all; some groups have less"
    )
