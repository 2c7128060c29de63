"""From SCIM resources that somebody sent to what is kept: strict, and bounded in size, count and depth.

What RFC 7643 knows and Bartizan does not keep is left out; what neither knows is refused, because it is a mistake.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from bartizan.access.forms import MAX_GROUP, MAX_TEXT, is_email, is_line, normalised_group
from bartizan.access.names import MAX_NAME, normalised_name
from bartizan.access.scim.names import GROUP, GROUP_ATTRIBUTES, USER, USER_ATTRIBUTES
from bartizan.errors import ScimError

__all__ = ["GroupInput", "UserInput", "decode", "read_group", "read_resource", "read_user"]

T = TypeVar("T")
MAX_DOCUMENT = 64 * 2**20  # bytes
MAX_EMAILS = 20
MAX_MEMBERS = 100_000


class UserInput(msgspec.Struct, frozen=True, kw_only=True):
    """A User as it was sent. ``name`` is normalised; ``id`` is whatever the sender calls it."""

    name: str
    display_name: str
    email: str | None = None
    external_id: str | None = None
    active: bool = True
    id: str = ""


class GroupInput(msgspec.Struct, frozen=True, kw_only=True):
    """A Group as it was sent; ``members`` are ids, or None if the attribute is not there."""

    name: str
    members: tuple[str, ...] | None = None
    id: str = ""


def decode(document: bytes) -> object:
    """Return a JSON document's content; raises ``ScimError`` (``invalidSyntax``, ``tooMany``).

    A name that stands twice in one object is refused: programs do not agree on which of the two counts.
    """
    if len(document) > MAX_DOCUMENT:
        raise ScimError("tooMany", "", f"is larger than {MAX_DOCUMENT // 2**20} MiB: split it")
    try:
        return json.loads(document.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError:
        raise ScimError("invalidSyntax", "", "is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ScimError("invalidSyntax", f"line {error.lineno}, column {error.colno}", error.msg) from None
    except (RecursionError, ValueError):
        raise ScimError("invalidSyntax", "", "has a number or a nesting that is too large") from None


def read_resource(value: object) -> UserInput | GroupInput:
    """Return what a resource is by its ``schemas``. Raises ``ScimError``."""
    fields = _fields(value, "")
    schemas = _get(fields, "schemas", list, "a list") or []
    if USER in schemas:
        return read_user(value)
    if GROUP in schemas:
        return read_group(value)
    raise ScimError("invalidValue", "schemas", f"names neither {USER} nor {GROUP}")


def read_user(value: object) -> UserInput:
    """Return a User. Raises ``ScimError``."""
    fields = _expected(_fields(value, ""), USER, USER_ATTRIBUTES)
    typed = _get(fields, "userName", str, "text") or ""
    name = normalised_name(typed)
    if not name:
        raise ScimError("invalidValue", "userName", f"has to have 1 to {MAX_NAME} characters that can be seen")
    return UserInput(
        name=name,
        display_name=_line(fields, "displayName") or _formatted(fields) or typed.strip(),
        email=_email(fields),
        external_id=_line(fields, "externalId") or None,
        active=_truth(fields, "active", default=True),
        id=_line(fields, "id"),
    )


def read_group(value: object) -> GroupInput:
    """Return a Group. Raises ``ScimError``."""
    fields = _expected(_fields(value, ""), GROUP, GROUP_ATTRIBUTES)
    name = normalised_group(_get(fields, "displayName", str, "text") or "")
    if not name:
        raise ScimError("invalidValue", "displayName", f"has to have 1 to {MAX_GROUP} characters that can be seen")
    return GroupInput(name=name, members=_members(fields), id=_line(fields, "id"))


def _expected(fields: Mapping[str, tuple[str, Any]], schema: str, known: frozenset[str]) -> Mapping[str, Any]:
    if schema not in (_get(fields, "schemas", list, "a list") or []):
        raise ScimError("invalidValue", "schemas", f"does not name {schema}")
    if "password" in fields:
        raise ScimError("mutability", "password", "is not taken: people choose their own when they enrol")
    for name, (spelled, _) in fields.items():
        if name not in known and not name.startswith("urn:"):
            raise ScimError("invalidSyntax", spelled[:64], "is no attribute of this resource")
    return fields


def _fields(value: object, path: str) -> dict[str, tuple[str, Any]]:
    """Return attributes by their names in lower case, with the name as it was spelled; without those that are null."""
    if not isinstance(value, dict):
        raise ScimError("invalidSyntax", path, "has to be an object")
    fields: dict[str, tuple[str, Any]] = {}
    for spelled, content in value.items():
        if spelled.lower() in fields:
            raise ScimError("invalidSyntax", f"{path}.{spelled[:64]}".lstrip("."), "stands there twice")
        fields[spelled.lower()] = (spelled, content)
    return {name: pair for name, pair in fields.items() if pair[1] is not None}


def _get(fields: Mapping[str, Any], name: str, kind: type[T], said: str, path: str = "") -> T | None:
    if name.lower() not in fields:
        return None
    value = fields[name.lower()][1]
    if not isinstance(value, kind):
        raise ScimError("invalidValue", f"{path}{name}", f"has to be {said}")
    return value


def _line(fields: Mapping[str, Any], name: str, path: str = "") -> str:
    text = _get(fields, name, str, "text", path) or ""
    if not is_line(text):
        message = f"has to be one line of at most {MAX_TEXT} characters that can be seen"
        raise ScimError("invalidValue", f"{path}{name}", message)
    return text.strip()


def _truth(fields: Mapping[str, Any], name: str, *, default: bool, path: str = "") -> bool:
    value = _get(fields, name, bool, "true or false", path)
    return default if value is None else value


def _formatted(fields: Mapping[str, Any]) -> str:
    """Return what ``name`` says a person is called (RFC 7643 section 4.1.1)."""
    if "name" not in fields:
        return ""
    parts = _fields(fields["name"][1], "name")
    full = f"{_line(parts, 'givenName', 'name.')} {_line(parts, 'familyName', 'name.')}"
    return _line(parts, "formatted", "name.") or full.strip()[:MAX_TEXT]


def _email(fields: Mapping[str, Any]) -> str | None:
    """Return the primary address, or else the first."""
    emails = _get(fields, "emails", list, "a list") or []
    if len(emails) > MAX_EMAILS:
        raise ScimError("tooMany", "emails", f"are more than {MAX_EMAILS}")
    chosen, primaries = None, 0
    for number, email in enumerate(emails):
        path = f"emails[{number}]."
        parts = _fields(email, path.rstrip("."))
        value = _get(parts, "value", str, "text", path) or ""
        if not is_email(value):
            raise ScimError("invalidValue", f"{path}value", "is no address for mail: write name@example.org")
        primary = _truth(parts, "primary", default=False, path=path)
        primaries += primary
        if chosen is None or primary:
            chosen = value
    if primaries > 1:
        raise ScimError("invalidValue", "emails", "has more than one that is primary")
    return chosen


def _members(fields: Mapping[str, Any]) -> tuple[str, ...] | None:
    members = _get(fields, "members", list, "a list")
    if members is None:
        return None
    if len(members) > MAX_MEMBERS:
        raise ScimError("tooMany", "members", f"are more than {MAX_MEMBERS}")
    found: dict[str, None] = {}  # a set that keeps the order
    for number, member in enumerate(members):
        path = f"members[{number}]."
        parts = _fields(member, path.rstrip("."))
        if (_get(parts, "type", str, "text", path) or "User").lower() != "user":
            raise ScimError("invalidValue", f"{path}type", "has to be User: groups have no groups in them")
        value = _line(parts, "value", path)
        if not value:
            raise ScimError("invalidValue", f"{path}value", "has to be the id of a User")
        found[value] = None
    return tuple(found)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ScimError("invalidSyntax", twice[:64], "stands twice in one object")
    return made


def _constant(_: str) -> Any:
    raise ScimError("invalidSyntax", "", "has a number that JSON does not know")
