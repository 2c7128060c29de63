import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.detection.fakes.forms import form_of, is_variable, make, moment, moment_of
from bartizan.detection.fakes.keyed import Keyed

KEY = b"k" * 32
SAMPLES = {
    "0b9f8a3e-1c2d-4e5f-8a9b-0c1d2e3f4a5b": "uuid",
    "12345": "int:5",
    "d41d8cd98f00b204e9800998ecf8427e": "hex:32",
    "2024-01-02": "date",
    "2024-01-02T03:04:05.123Z": "datetime:T3Z",
    "2024-01-02 03:04:05": "datetime: 0",
    "2024-01-02T03:04:05+02:00": "datetime:T0+00:00",
    "10:11:12": "time",
    "Tue, 02 Jan 2024 03:04:05 GMT": "http-date",
    "ada@shop.test": "email",
    "https://shop.test/x": "uri:https",
    "/orders/1": "path",
    "192.0.2.7": "ipv4",
    "2001:db8::1": "ipv6",
    "+49 30 1234567": "phone",
    "in-progress": "slug",
    "paid": "word",
    "two words": "text",
    "": "empty",
    'W/"a3f-18cAbcDEFghiJK9mnop"': 'parts:W/"{hex:3}-{base64:19}"',
    "ORD-00123": "parts:{A:3}-{int:5}",
    "é": "text",
}


@pytest.mark.parametrize(("text", "form"), SAMPLES.items())
def test_a_text_has_its_form(text: str, form: str) -> None:
    assert form_of(text) == form


@pytest.mark.parametrize("text", [each for each, form in SAMPLES.items() if form.partition(":")[0] not in
                                  ("text", "word", "slug", "path", "uri", "email", "phone")])  # fmt: skip
def test_what_is_made_of_a_form_has_it(text: str) -> None:
    form = form_of(text)
    for label in range(5):
        assert form_of(make(form, Keyed(KEY, label))) == form or form.startswith("parts:W")


@given(st.text(max_size=40))
def test_whatever_the_text_it_has_a_form_of_which_something_can_be_made(text: str) -> None:
    assert isinstance(make(form_of(text), Keyed(KEY)), str)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz ", min_size=8, max_size=40))
def test_no_words_of_a_text_are_in_its_form(text: str) -> None:
    assert not any(word in form_of(text) for word in text.split() if len(word) > 8)


def test_numbers_and_hashes_are_variable_and_words_are_not() -> None:
    assert all(map(is_variable, ("17", "2024-01-02", "a@b.c", "d41d8cd98f00b204", 'W/"1f"')))
    assert not any(map(is_variable, ("orders", "in-progress", "some words", "v")))


@given(st.integers(0, 4_000_000_000))
def test_a_moment_is_read_as_it_was_written(at: int) -> None:
    for form in ("datetime:T0Z", "datetime: 3+00:00", "http-date"):
        assert moment_of(moment(form, at)) == at


def test_what_is_no_moment_is_none() -> None:
    assert moment_of("Tue, 99 Jan 2024 03:04:05 GMT") is None
    assert moment_of("9999-99-99") is None
    assert moment_of("") is None
