"""Filters of SCIM queries (RFC 7644 section 3.4.2.2): comparisons for equality, joined by ``and``.

That is what provisioning clients ask to find one person. Everything else is refused as RFC 7644 says it may be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from bartizan.access.names import normalised_name
from bartizan.errors import ScimError
from bartizan.storage.records.people import PeopleFilter

__all__ = ["Comparison", "people_filter", "read_comparisons"]

MAX_FILTER = 1024  # characters
MAX_COMPARISONS = 8
_FIELDS: Mapping[str, str] = {
    "username": "name",
    "externalid": "external_id",
    "emails": "email",
    "emails.value": "email",
    "active": "active",
    "groups.display": "group",
}


class Comparison(NamedTuple):
    """``attribute eq value``; ``attribute`` is in lower case."""

    attribute: str
    value: str | bool


def people_filter(text: str) -> PeopleFilter:
    """Return whom a filter asks for. Raises ``ScimError`` (``invalidFilter``)."""
    values: dict[str, str | bool] = {}
    for attribute, value in read_comparisons(text):
        field = _FIELDS.get(attribute)
        if field is None:
            raise _refused(f"{attribute[:64]} cannot be asked for: {', '.join(_FIELDS)} can")
        if isinstance(value, bool) != (field == "active"):
            raise _refused(f"{attribute} is {'true or false' if field == 'active' else 'text'}")
        if field in values:
            raise _refused(f"{attribute} is asked for twice")
        values[field] = normalised_name(value) if field == "name" and isinstance(value, str) else value
    return msgspec.convert(values, PeopleFilter)


def read_comparisons(text: str) -> list[Comparison]:
    """Return the comparisons of a filter. Raises ``ScimError`` (``invalidFilter``)."""
    if len(text) > MAX_FILTER:
        raise _refused(f"it is longer than {MAX_FILTER} characters")
    found = []
    rest = text.strip()
    while True:
        attribute, _, rest = rest.partition(" ")
        operator, _, rest = rest.lstrip().partition(" ")
        if not attribute or operator.lower() != "eq":
            raise _refused('write: userName eq "ann"')
        value, rest = _value(rest.lstrip())
        found.append(Comparison(attribute.lower(), value))
        if not rest:
            return found
        conjunction, _, rest = rest.partition(" ")
        rest = rest.lstrip()
        if conjunction.lower() != "and" or len(found) == MAX_COMPARISONS:
            raise _refused(f"comparisons are joined by `and`, {MAX_COMPARISONS} at the most")


def _value(text: str) -> tuple[str | bool, str]:
    """Return the JSON value at the beginning of a text, and what comes after it."""
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        raise _refused("a value is text in double quotes, true or false") from None
    if not isinstance(value, str | bool):
        raise _refused("a value is text in double quotes, true or false")
    if isinstance(value, str) and not value.isprintable():
        raise _refused("a value has characters that can be seen")
    return value, text[end:].lstrip()


def _refused(message: str) -> ScimError:
    return ScimError("invalidFilter", "filter", message)
