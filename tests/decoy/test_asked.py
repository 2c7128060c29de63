from tests.decoy.test_app import CONTEXT

from bartizan.decoy.asked import Asked


def test_a_field_is_its_first_value_or_nothing() -> None:
    asked = Asked(CONTEXT, "GET", "/", "", [(b"accept", b"a"), (b"accept", b"b")])
    assert asked.field(b"accept") == "a"
    assert asked.field(b"host") == ""
