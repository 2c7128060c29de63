from hypothesis import given
from hypothesis import strategies as st

from bartizan.detection.fakes.forms import UNTIL
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.persona import Persona, filled, iban, plain
from bartizan.detection.fakes.words import COUNTRIES

KEY = b"k" * 32


@given(st.integers(0, 500), st.sampled_from([country.code for country in COUNTRIES]))
def test_check_digits_of_account_numbers_are_right(label: int, country: str) -> None:
    number = iban(country, Keyed(KEY, label))
    assert int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1
    assert len(number) == {"GB": 22, "FR": 27, "SE": 24}.get(country, 22)


@given(st.integers(0, 500))
def test_what_belongs_to_one_persona_fits_together(label: int) -> None:
    persona = Persona(Keyed(KEY, label))
    assert persona.first in persona.country.first_names
    assert persona.city in [city for city, _, _ in persona.country.cities]
    assert plain(persona.first)[0] == persona.user[0]
    assert persona.domain.endswith(persona.country.domain)
    assert persona.created <= persona.updated <= UNTIL
    assert persona.when(("created", "at")) <= persona.when(("updated", "at"))
    assert persona.when(("expires", "at")) > persona.updated


def test_names_are_spelt_in_mail_addresses_as_people_do() -> None:
    assert [plain(name) for name in ("Münster", "Lefèvre", "Åkesson", "Groß")] == [
        "muenster", "lefevre", "akesson", "gross",
    ]  # fmt: skip


def test_forms_are_filled_with_digits_and_letters() -> None:
    made = filled("A#-@", Keyed(KEY))
    assert made[0] == "A"
    assert made[1].isdigit()
    assert made[3].isupper()
