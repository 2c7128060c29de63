"""Assurance levels: what counts for how much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.assurance import assurance

FACTORS = ("password", "totp", "push", "recovery", "webauthn")


@pytest.mark.parametrize(
    ("factors", "device_bound", "level"),
    [
        ((), False, 0),
        (("password",), False, 1),
        (("totp",), False, 1),
        (("totp", "push"), False, 1),
        (("password", "totp"), False, 2),
        (("password", "push"), False, 2),
        (("password", "recovery"), False, 2),
        (("webauthn",), False, 2),
        (("webauthn",), True, 2),
        (("password", "webauthn"), False, 2),
        (("password", "webauthn"), True, 3),
        (("totp", "webauthn"), True, 3),
    ],
)
def test_level_of(factors: tuple[str, ...], device_bound: bool, level: int) -> None:
    assert assurance(factors, device_bound=device_bound) == level


@given(st.sets(st.sampled_from(FACTORS)), st.sampled_from(FACTORS), st.booleans())
def test_proving_more_never_lowers_the_level(factors: set[str], another: str, device_bound: bool) -> None:
    before = assurance(factors, device_bound=device_bound)

    assert assurance(factors | {another}, device_bound=device_bound) >= before


@given(st.sets(st.sampled_from(FACTORS)))
def test_level_3_takes_a_key_that_cannot_leave_its_authenticator(factors: set[str]) -> None:
    assert assurance(factors, device_bound=False) < 3
