from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bartizan.access.approvals.context import MAX_TEXT, asked_from, no_place


def test_what_is_known_is_shown() -> None:
    places = {"192.0.2.7": "Vienna, Austria"}
    shown = asked_from("192.0.2.7", "Firefox 140 on Linux", lambda address: places.get(address, ""))
    assert shown == {"address": "192.0.2.7", "place": "Vienna, Austria", "client": "Firefox 140 on Linux"}
    assert asked_from("192.0.2.7", "", no_place) == {"address": "192.0.2.7"}


def test_nobody_writes_lines_or_turns_text_around() -> None:
    shown = asked_from("192.0.2.7", "Firefox\n\r\x1b[2J\u202eapproved by you\u200b", no_place)
    assert shown["client"] == "Firefox[2Japproved by you"


@given(st.text(st.characters(codec=None), max_size=2000))
def test_texts_are_short_and_can_be_seen(text: str) -> None:
    shown = asked_from("192.0.2.7", text, lambda _: text)
    for value in shown.values():
        assert 0 < len(value) <= MAX_TEXT
        assert value.isprintable()
