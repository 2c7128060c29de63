import base64
from datetime import date, datetime

import pytest

from bartizan.detection.fakes.forms import form_of
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.persona import Persona
from bartizan.detection.fakes.texts import fake_text, fitted, of_form

ROW = Keyed(b"k" * 32, "row")
PERSONA = Persona(ROW)


def text(schema: dict[str, object], name: str = "x", row: Keyed = ROW) -> str:
    return fake_text(schema, row.sub("text"), name, "", PERSONA)


@pytest.mark.parametrize(("kind", "form"), [("uuid", "uuid"), ("email", "email"), ("uri", "uri:https"),
                                            ("ipv4", "ipv4"), ("ipv6", "ipv6"), ("date", "date"),
                                            ("date-time", "datetime:T0Z")])  # fmt: skip
def test_a_format_makes_a_text_of_its_form(kind: str, form: str) -> None:
    assert form_of(text({"format": kind})) == form


def test_times_are_in_order_and_people_are_grown() -> None:
    made = datetime.fromisoformat(text({"format": "date-time"}, "created_at"))
    changed = datetime.fromisoformat(text({"format": "date-time"}, "updated_at"))
    assert made <= changed
    assert date.fromisoformat(text({"format": "date"}, "birth_date")).year < 2010


def test_binary_is_base64() -> None:
    assert len(base64.b64decode(text({"format": "byte"}))) == 24


def test_an_example_is_made_anew_in_its_form() -> None:
    made = text({"example": "CUST-00042"}, "thing")
    assert made != "CUST-00042"
    assert form_of(made) == "parts:{A:4}-{int:5}"
    assert text({"example": "blue"}, "thing") == "blue"


def test_names_of_times_and_ids_are_understood_without_a_format() -> None:
    assert form_of(text({}, "shipped_at")) == "datetime:T0Z"
    assert form_of(text({}, "session_id")) == "hex:24"


@pytest.mark.parametrize(("low", "high"), [(0, 0), (3, 3), (40, 50), (1, 5)])
def test_texts_are_cut_and_continued_to_their_lengths(low: int, high: int) -> None:
    for label in range(5):
        made = text({"minLength": low, "maxLength": high}, "description", Keyed(b"k" * 32, label))
        assert low <= len(made) <= high
    assert low <= len(fitted("a text of words", low, high, ROW)) <= high


def test_forms_that_were_seen_are_filled_as_the_name_says() -> None:
    assert of_form("email", ROW, "x", PERSONA) == f"{PERSONA.user}@{PERSONA.domain}"
    assert of_form("phone", ROW, "x", PERSONA) == PERSONA.phone
    assert of_form("word", ROW, "currency", PERSONA) == PERSONA.country.currency
    assert of_form("path", ROW, "x", PERSONA).startswith("/")
    assert of_form("uri:https", ROW, "avatar_url", PERSONA).endswith(".jpg")
