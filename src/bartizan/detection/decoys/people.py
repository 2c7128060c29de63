"""People who do not exist, the same in every decoy."""

from __future__ import annotations

from typing import NamedTuple

from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.schema import fake_value

__all__ = ["Person", "person"]

_SCHEMA = {
    "type": "object",
    "required": ["first_name", "last_name", "email"],
    "properties": {
        "first_name": {"type": "string"},
        "last_name": {"type": "string"},
        "email": {"type": "string", "format": "email"},
    },
}


class Person(NamedTuple):
    """Somebody."""

    first: str
    last: str
    email: str
    user: str


def person(keyed: Keyed, number: int) -> Person:
    """Return the person of a number, for this key the same each time; names have no quotes in them."""
    made = fake_value(_SCHEMA, keyed.root("person", number))
    if not isinstance(made, dict):
        raise TypeError("a person is an object")
    first, last, email = (str(made[name]).replace("'", "").replace('"', "") for name in _SCHEMA["required"])
    return Person(first, last, email, f"{first[:1]}{last}".lower().replace(" ", ""))
