from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.access.passwords.hashing import Passwords
from bartizan.access.passwords.parameters import Parameters
from bartizan.access.passwords.policy import PasswordPolicy, policy_for
from bartizan.config.model import Access, GroupRules
from bartizan.errors import PasswordRefused

DAY = 86_400.0
NIST, STRICT = "nist-800-63b-4", "strict-rotation"
GOOD = "nine purple kettles sing"
PAGE = (Path(__file__).parents[3] / "docs" / "passwords.md").read_text(encoding="utf-8")
PASSWORDS = Passwords(Parameters(64, 1))


def made(preset: str, **changes: Any) -> PasswordPolicy:
    return policy_for(Access(password_policy=preset, origin="https://gate.example.org", **changes), ())  # type: ignore[arg-type]


def reasons(policy: PasswordPolicy, password: str, **changes: Any) -> tuple[str, ...]:
    facts: dict[str, Any] = {"name": "ann", "passwords": PASSWORDS} | changes
    try:
        policy.check(password, **facts)
    except PasswordRefused as refused:
        return refused.reasons
    return ()


def test_eight_characters_do_where_there_is_another_factor_and_fifteen_where_there_is_none() -> None:
    alone = policy_for(Access(), (), alone=True)
    assert reasons(made(NIST), "Vk3#qpL")[0] == "It has 7 characters, and needs at least 8."
    assert reasons(made(NIST), "Vk3#qpLx") == ()
    assert reasons(alone, "Vk3#qpLxw8!mzT") == ("It has 14 characters, and needs at least 15.",)
    assert reasons(alone, "Vk3#qpLxw8!mzT9") == ()


def test_a_code_point_is_a_character() -> None:
    assert reasons(made(NIST), "жыщцфюкя") == ()
    assert reasons(made(NIST), "𝄞🜁🜂🜃𐎠𐎡𐎢")[0] == "It has 7 characters, and needs at least 8."


@pytest.mark.parametrize("password", ["qzxjvwkptb", "9482716305839", "QZXJVWKPTB", "    vkq pl xw    ", GOOD])
def test_the_standard_asks_for_no_mixture_of_characters(password: str) -> None:
    assert reasons(made(NIST), password) == ()


def test_all_printing_ascii_and_spaces_and_64_characters_and_more_are_accepted() -> None:
    printing = [chr(number) for number in range(0x20, 0x7F)]
    Random(1).shuffle(printing)
    assert reasons(made(NIST), "".join(printing)) == ()
    assert reasons(made(NIST), (GOOD + "; ") * 39) == ()


def test_more_than_1024_characters_are_too_many_also_when_normalisation_makes_them() -> None:
    assert reasons(made(NIST), GOOD + "x" * 1000) == ()
    for password in (GOOD + "x" * 1001, "\ufdfa" * 100, "x" * 10_000_000):
        assert reasons(made(NIST), password) == ("It has more than 1024 characters.",)


@pytest.mark.parametrize("character", ["\x00", "\n", "\x7f", "\ud800", "\u0378"])
def test_characters_that_nobody_types_the_same_way_twice_are_refused(character: str) -> None:
    assert reasons(made(NIST), GOOD + character) == ("It has a character that cannot be typed.",)


@pytest.mark.parametrize("password", ["password", "Password123", "iloveyou", "elizabeth", "aaaaaaaaaaaaaaaaaaaa"])
@pytest.mark.parametrize("preset", [NIST, STRICT])
def test_common_and_weak_passwords_are_refused_with_a_reason(preset: str, password: str) -> None:
    assert reasons(made(preset), password)[-1].startswith(("It is easy to guess.", "It is among the passwords"))


@pytest.mark.parametrize(
    "password",
    ["zorblaxian", "Quintessa Zorblaxian!", "quintessazorblaxian1", "q.zorblaxian@example.com", "Bartizan123456",
     "gate.example.org", "gateexampleorg", "Acme Rockets 2024", "acmer0ckets"],
)  # fmt: skip
def test_names_of_the_person_and_of_the_place_are_refused(password: str) -> None:
    policy = made(NIST, blocklist=["Acme Rockets"])
    facts = {"name": "zorblaxian", "display_name": "Quintessa Zorblaxian", "email": "q.zorblaxian@example.com"}
    assert reasons(policy, password, **facts)


def test_every_reason_is_told_at_once() -> None:
    told = reasons(made(STRICT), "summer\n")
    assert told == (
        "It has 7 characters, and needs at least 12.",
        "It has a character that cannot be typed.",
        "It lacks a capital, a digit.",
        "It is among the passwords that attackers try first.",
    )


@pytest.mark.parametrize(
    ("password", "missing"),
    [
        ("qzxj-vwkp-tb42", "a capital"),
        ("QZXJ-VWKP-TB42", "a small letter"),
        ("Qzxj-vwkp-tbgh", "a digit"),
        ("Qzxj4vwkp4tbgh", "another character"),
        ("qzxjvwkptbghmn", "a capital, a digit, another character"),
        ("жщюэяфывцкпрол", "a capital, a digit, another character"),
    ],
)
def test_strict_rotation_asks_for_all_four_classes(password: str, missing: str) -> None:
    assert reasons(made(STRICT), password) == (f"It lacks {missing}.",)


@pytest.mark.parametrize("password", ["Qzxj-vwkp-tb42", "Жщюэ яфыв 4 цкпрол", "Qzxj٤vwkp tbgh"])
def test_classes_are_those_of_any_script(password: str) -> None:
    assert reasons(made(STRICT), password) == ()


def test_the_present_password_is_no_new_one_and_older_ones_are_again_by_the_standard() -> None:
    history = [PASSWORDS.hash(text) for text in ("an older one of mine, long ago", GOOD)]
    assert reasons(made(NIST), GOOD, history=history) == ("You have it now.",)
    assert reasons(made(NIST), "an older one of mine, long ago", history=history) == ()
    assert reasons(made(NIST), GOOD, history=()) == ()


def test_strict_rotation_remembers_the_last_twelve() -> None:
    before = [f"Vk3#qpLx{number:02}wZ" for number in range(14)]
    history = [PASSWORDS.hash(text) for text in before]
    told = [reasons(made(STRICT), text, history=history) for text in before]
    assert told == [()] * 2 + [("It is one of your last 12 passwords.",)] * 12


def test_another_form_of_the_present_password_is_the_present_password() -> None:
    history = [PASSWORDS.hash("neuf bouilloires à thé chantent")]
    assert reasons(made(NIST), "neuf bouilloires a\u0300 the\u0301 chantent", history=history) == ("You have it now.",)


def test_only_strict_rotation_lets_passwords_expire() -> None:
    assert not made(NIST).expired(0.0, 100 * 365 * DAY)
    assert not made(STRICT).expired(1000.0, 1000.0 + 90 * DAY - 1)
    assert made(STRICT).expired(1000.0, 1000.0 + 90 * DAY)


def groups(**presets: str | None) -> Access:
    rules = [GroupRules(name=name, password_policy=preset) for name, preset in presets.items()]  # type: ignore[arg-type]
    return Access(groups=rules)


def test_a_group_has_its_policy_instead_of_the_general_one() -> None:
    access = groups(a=STRICT, b=None)
    assert policy_for(access, ("a",)).minimum == 12
    assert policy_for(access, ("b", "unknown")).minimum == 8
    strict = access.model_copy(update={"password_policy": STRICT, "groups": groups(c=NIST).groups})
    assert policy_for(strict, ("c",)).max_age is None
    assert policy_for(strict, ()).max_age == 90 * DAY


@given(st.sets(st.sampled_from("abcd")))
def test_of_several_groups_the_strictest_rules_hold(member: set[str]) -> None:
    access = groups(a=STRICT, b=NIST, c=None, d=STRICT)
    policy = policy_for(access, member)
    strict = bool(member & {"a", "d"})
    assert (policy.minimum, policy.classes, policy.history) == ((12, 4, 12) if strict else (8, 0, 1))
    assert policy.max_age == (90 * DAY if strict else None)


def test_rules_are_told_in_sentences() -> None:
    for preset, last in ((NIST, "Not the one that you have."), (STRICT, "It has to be changed after 90 days.")):
        told = made(preset).rules()
        assert told[-1] == last
        assert all(line.endswith(".") for line in told)


@settings(max_examples=30)
@given(st.text(max_size=50), st.text(max_size=20), st.text(max_size=20), st.emails() | st.text(max_size=20))
def test_any_text_has_an_answer(password: str, name: str, display_name: str, email: str) -> None:
    told = reasons(made(STRICT), password, name=name, display_name=display_name, email=email)
    assert all(line.endswith(".") for line in told)


def test_the_page_shows_a_configuration_that_does_what_it_says() -> None:
    text = PAGE.partition("```yaml\n")[2].partition("```")[0]
    access = Access.model_validate(yaml.safe_load(text)["access"])
    assert policy_for(access, ()).max_age is None
    assert policy_for(access, ("payments",)).max_age == 90 * DAY
    assert reasons(policy_for(access, ()), "4cm3-r0ck3ts", name="Acme Rockets")
    assert reasons(policy_for(access, ()), "rocketworks2024")


@pytest.mark.parametrize("preset", [NIST, STRICT])
def test_the_page_says_the_numbers_that_are_in_force(preset: str) -> None:
    column = 1 if preset == NIST else 2
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("| length")]
    with_mfa, alone = (policy_for(Access(password_policy=preset), (), alone=alone).minimum for alone in (False, True))  # type: ignore[arg-type]
    assert rows[0][column].split()[0] == str(with_mfa)
    assert rows[1][column].split()[0] == str(alone)
