"""The authentication as a state machine: no order of events gets anybody further than what they proved."""

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bartizan.access import authentication as steps
from bartizan.access.authentication import Authentication, Requirement
from bartizan.config.model import GroupRules
from bartizan.errors import AccessError, FactorError

FACTORS = ("password", "webauthn", "totp", "push", "recovery")
ALL = Requirement(1, ("webauthn", "totp", "push", "recovery"))


def begun(**changes: Any) -> Authentication:
    values: dict[str, Any] = {
        "purpose": "login",
        "phase": "factor",
        "principal": "p1",
        "thumbprint": "key",
        "requirement": ALL,
        "attempts": 5,
        "created": 1000.0,
        "device": "d1",
        "proven": {"password": 1000.0},
        **changes,
    }
    return Authentication(**values)


def rules(name: str, **values: Any) -> GroupRules:
    return GroupRules(name=name, **values)


class Machine(RuleBasedStateMachine):
    """Every event at any time; whatever is refused changes nothing."""

    @initialize(
        device=st.booleans(),
        nobody=st.booleans(),
        first=st.sampled_from(("password", "webauthn", None)),
        count=st.integers(1, 2),
        counting=st.sets(st.sampled_from(FACTORS[1:]), min_size=1),
        change=st.sampled_from(("", "expired")),
        attempts=st.integers(1, 4),
    )
    def begin(
        self,
        device: bool,
        nobody: bool,
        first: str | None,
        count: int,
        counting: set[str],
        change: str,
        attempts: int,
    ) -> None:
        self.nobody = nobody
        self.limit = attempts
        self.paid = self.good = 0
        self.dead = False
        self.now = begun(
            phase="device",
            principal="" if nobody else "p1",
            device="",
            proven={first: 1000.0} if first else {},
            requirement=Requirement(min(count, len(counting)), tuple(counting)),
            change=change,
            attempts=attempts,
        )
        if device and not nobody:
            self.step(steps.device_confirmed, "d1")

    def step(self, event: Any, *arguments: Any, **named: Any) -> bool:
        try:
            self.now = event(self.now, *arguments, **named)
        except AccessError:
            return False
        if self.now.phase == "ended":
            self.dead = True
        return True

    @rule()
    def confirm_device(self) -> None:
        self.step(steps.device_confirmed, "d1")

    @rule(factor=st.sampled_from(FACTORS), right=st.booleans(), bound=st.booleans())
    def guess(self, factor: str, right: bool, bound: bool) -> None:
        if self.step(steps.attempt, factor):
            self.paid += 1
            if right:
                self.good += 1
                assert self.step(steps.proven, factor, 1001.0, device_bound=bound)
            else:
                assert self.step(steps.failed)

    @rule()
    def change_password(self) -> None:
        self.step(steps.password_changed)

    @rule()
    def finish(self) -> None:
        ready = self.now.phase == "done"
        assert self.step(steps.finished) is ready

    @rule()
    def revoke(self) -> None:
        if self.now.phase == "device":
            self.nobody = True
        assert self.step(steps.revoked)

    @invariant()
    def what_ended_stays_ended(self) -> None:
        if hasattr(self, "now") and self.dead:
            assert self.now.phase == "ended"

    @invariant()
    def nobody_gets_nowhere(self) -> None:
        if hasattr(self, "now") and self.nobody:
            assert self.now.phase in ("device", "ended")

    @invariant()
    def done_means_that_all_was_proven(self) -> None:
        if hasattr(self, "now") and self.now.phase == "done":
            assert self.now.device
            assert not self.now.change
            assert steps.needed(self.now) == 0
            assert steps.level(self.now) >= 2

    @invariant()
    def wrong_guesses_are_bounded(self) -> None:
        if hasattr(self, "now"):
            assert self.paid - self.good <= self.limit


TestMachine = Machine.TestCase


def test_password_and_a_factor_make_a_login() -> None:
    authentication = steps.proven(steps.attempt(begun(), "totp"), "totp", 1001.0)

    assert authentication.phase == "done"
    assert steps.level(authentication) == 2


def test_passkey_is_a_login_of_its_own() -> None:
    authentication = begun(phase="device", device="", proven={"webauthn": 1000.0})

    assert steps.device_confirmed(authentication, "d1").phase == "done"


def test_password_alone_is_never_enough() -> None:
    with pytest.raises(AccessError):
        steps.finished(begun())


def test_two_additional_factors_are_two() -> None:
    authentication = begun(requirement=Requirement(2, ("webauthn", "totp")))
    authentication = steps.proven(steps.attempt(authentication, "totp"), "totp", 1001.0)
    assert authentication.phase == "factor"
    assert steps.available(authentication, {"webauthn", "totp", "password"}) == ["webauthn"]

    assert steps.proven(steps.attempt(authentication, "webauthn"), "webauthn", 1002.0).phase == "done"


def test_factor_counts_once() -> None:
    authentication = begun(requirement=Requirement(2, ("webauthn", "totp")))
    authentication = steps.proven(steps.attempt(authentication, "totp"), "totp", 1001.0)

    with pytest.raises(FactorError) as refused:
        steps.attempt(authentication, "totp")
    assert refused.value.code == "factor_not_accepted"


def test_factor_that_a_group_does_not_count_is_refused() -> None:
    requirement = steps.login_requirement([rules("finance", factors=["webauthn"])], ["finance"])

    with pytest.raises(FactorError):
        steps.attempt(begun(requirement=requirement), "totp")


def test_passkey_that_a_group_does_not_count_stands_for_the_password_only() -> None:
    requirement = steps.login_requirement([rules("finance", factors=["totp"])], ["finance"])
    authentication = begun(proven={"webauthn": 1000.0}, requirement=requirement)

    assert steps.needed(authentication) == 1


def test_guesses_end() -> None:
    authentication = begun(attempts=2)
    for _ in range(2):
        authentication = steps.failed(steps.attempt(authentication, "totp"))
    assert authentication.phase == "ended"

    with pytest.raises(FactorError) as refused:
        steps.attempt(authentication, "totp")
    assert refused.value.code == "no_attempts_left"


def test_guesses_at_the_same_time_are_paid_one_by_one() -> None:
    authentication = steps.attempt(steps.attempt(begun(attempts=2), "totp"), "totp")

    with pytest.raises(FactorError):
        steps.attempt(authentication, "totp")


def test_right_guess_costs_nothing() -> None:
    requirement = Requirement(2, ("webauthn", "totp"))
    authentication = steps.proven(steps.attempt(begun(attempts=1, requirement=requirement), "totp"), "totp", 1001.0)

    assert authentication.attempts == 1


def test_password_is_changed_after_the_factors_and_before_the_session() -> None:
    authentication = steps.proven(steps.attempt(begun(change="expired"), "totp"), "totp", 1001.0)
    assert authentication.phase == "password"

    assert steps.password_changed(authentication).phase == "done"


def test_groups_that_count_different_factors_leave_the_strongest() -> None:
    both = [rules("a", factors=["totp"]), rules("b", factors=["push"])]

    assert steps.login_requirement(both, ["a", "b"]).counting == ("webauthn",)
    assert steps.login_requirement(both, ["a"]).counting == ("totp",)
    assert steps.login_requirement(both, ["c"]) == ALL


def test_passkey_alone_does_not_do_where_two_factors_are_asked_for_and_one_counts() -> None:
    requirement = steps.login_requirement([rules("a", factors=["webauthn"], additional_factors=2)], ["a"])
    passkey = begun(proven={"webauthn": 1000.0}, requirement=requirement)
    assert steps.needed(passkey) == 1
    assert steps.available(passkey, FACTORS) == ["password"]

    both = begun(proven={"webauthn": 1000.0, "password": 1000.0}, requirement=requirement)
    assert steps.needed(both) == 0


def test_reauthentication_takes_what_its_rule_asks_for() -> None:
    assert steps.reauth_requirement(ALL, "webauthn", aal=2, suspicious=False).counting == ("webauthn",)
    assert "password" in steps.reauth_requirement(ALL, "any", aal=2, suspicious=False).counting
    assert "password" not in steps.reauth_requirement(ALL, "any", aal=2, suspicious=True).counting
    assert steps.reauth_requirement(ALL, "any", aal=3, suspicious=False).counting == ("webauthn",)


def test_reauthentication_is_over_with_one_factor() -> None:
    requirement = steps.reauth_requirement(ALL, "any", aal=2, suspicious=False)
    authentication = begun(purpose="reauth", proven={}, requirement=requirement)

    assert steps.proven(steps.attempt(authentication, "password"), "password", 1001.0).phase == "done"
