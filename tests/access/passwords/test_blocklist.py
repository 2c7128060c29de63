import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.passwords.blocklist import Blocklist, bundled

PLACE = Blocklist(["Bartizan", "gate.example.org", "Acme Rockets", "io"])


def test_the_bundled_list_has_ten_thousand_passwords_that_are_long_enough_to_be_chosen() -> None:
    lists = bundled()
    assert sum(len(entry) >= 8 for entry in lists["passwords"]) >= 10_000
    assert sum(len(entries) for entries in lists.values()) >= 80_000


@given(st.sampled_from(sorted(bundled()["passwords"])), st.sampled_from([str, str.upper, str.title]))
def test_none_of_them_may_be_had_in_any_case(entry: str, case: object) -> None:
    assert Blocklist().why(case(entry)) == "It is among the passwords that attackers try first."  # type: ignore[operator]


@pytest.mark.parametrize("password", ["iloveyou", "\uff50assword", " password ", "Elizabeth", "international"])
def test_common_words_and_names_may_not_be_had_either(password: str) -> None:
    assert Blocklist().why(password) is not None


@pytest.mark.parametrize("password", ["my password is a long sentence", "iloveyouiloveyou!", "qzxj vwkp tbgh"])
def test_the_list_is_compared_with_the_whole_password(password: str) -> None:
    assert Blocklist().why(password) is None


@pytest.mark.parametrize(
    "password",
    ["bartizan", "BARTIZAN", "Bartizan2024!", "b4rt1z4n", "bartizanbartizan", "acme rockets", "Acme-Rockets!!",
     "@cmeR0ckets", "gate.example.org", "gateexampleorg1"],
)  # fmt: skip
def test_words_of_the_place_and_what_is_made_of_them_may_not_be_had(password: str) -> None:
    assert PLACE.why(password) == "It is a name of yours or of this place, or made of one."


@pytest.mark.parametrize("password", ["a bartizan is a small turret", "rockets from acme, all of them", "ioioioio"])
def test_what_only_contains_them_may_be_had(password: str) -> None:
    assert PLACE.why(password) is None


def test_words_of_the_person_count_as_well() -> None:
    context = ["ann", "Ann Müller-Lüdenscheidt", "ann.mueller@example.org"]
    for password in ("Ann Müller-Lüdenscheidt", "annmüllerlüdenscheidt99", "ann.mueller@example.org"):
        assert PLACE.why(password, context) is not None
        assert PLACE.why(password) is None
    assert PLACE.why("annannannann", context) is None  # three letters are in too many passwords


@given(st.text(max_size=80), st.lists(st.text(max_size=20), max_size=5))
def test_any_text_has_an_answer(password: str, context: list[str]) -> None:
    why = PLACE.why(password, context)
    assert why is None or why.endswith(".")
