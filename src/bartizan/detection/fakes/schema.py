"""Fakes for JSON Schema (draft 2020-12) and the schema objects of OpenAPI 3.0 and 3.1.

Each member of an object is drawn from a row of its own, named after it: two schemas that share members, as those of a
list's items and of a detail page, have the same values in them. Depth, size and lengths are bounded whatever the schema
asks for; beyond the bounds a value may not fit.
"""

from __future__ import annotations

from collections.abc import Mapping

from bartizan.detection.fakes.checking import fits
from bartizan.detection.fakes.forms import UNTIL
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.named import words_of
from bartizan.detection.fakes.numbers import fake_number
from bartizan.detection.fakes.persona import Persona
from bartizan.detection.fakes.plain import Json, Schema, lookup_in, merged, number_of, types_of
from bartizan.detection.fakes.texts import fake_text

__all__ = ["Faker", "fake_value"]

MAX_DEPTH = 12
SHALLOW = 5  # depth from which on only what is required is made
MAX_VALUES = 6000  # schemas that are looked at for one document
MAX_ITEMS = 100
_BRANCHES = ("oneOf", "anyOf")


class Faker:
    """Makes values for the schemas of one document ``root``; times are before ``until`` (Unix seconds)."""

    def __init__(self, root: Mapping[str, object] | None = None, until: float = UNTIL) -> None:
        self.lookup = lookup_in(root or {})
        self._until = until
        self._left = MAX_VALUES

    def value(self, schema: Schema, keyed: Keyed, name: str = "", about: str = "", depth: int = 0) -> Json:
        """Return a value. ``name`` is that of the member, ``about`` that of what it is part of."""
        return self._value(schema, keyed, name, about, Persona(keyed, self._until), depth)

    def flat(self, schema: Mapping[str, object], keyed: Keyed, depth: int = 0) -> Mapping[str, object]:
        """Return a schema without references, with one of its branches chosen and merged."""
        schema = self.lookup(schema)
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0:
            return schema
        parts = schema.get("allOf")
        if isinstance(parts, list):
            own = {key: value for key, value in schema.items() if key != "allOf"}
            flat: Mapping[str, object] = {}
            for part in parts[:MAX_ITEMS]:
                if isinstance(part, Mapping):
                    flat = merged(flat, self.flat(part, keyed, depth + 1))
            schema = merged(flat, own)
        for kind in _BRANCHES:
            branches = schema.get(kind)
            if isinstance(branches, list) and branches:
                return self._branch(schema, kind, branches[:MAX_ITEMS], keyed, depth)
        return schema

    def _branch(
        self, schema: Mapping[str, object], kind: str, branches: list[Schema], keyed: Keyed, depth: int
    ) -> Mapping[str, object]:
        """Choose a branch: for ``oneOf`` one whose value fits no other, where there is one."""
        own = {key: value for key, value in schema.items() if key != kind}
        first = keyed.sub("branch", kind).below(len(branches))
        order = [*branches[first:], *branches[:first]]
        found: Mapping[str, object] | None = None
        for branch in order:
            if not isinstance(branch, Mapping):
                continue
            flat = merged(own, self.flat(branch, keyed, depth + 1))
            found = found or flat
            if kind != "oneOf" or len(branches) == 1 or depth > 2:
                return flat
            trial = self._value(flat, keyed, "", "", Persona(keyed, self._until), MAX_DEPTH - 3)
            if fits(trial, schema, self.lookup):
                return flat
        return found or own

    def _value(self, schema: Schema, keyed: Keyed, name: str, about: str, persona: Persona, depth: int) -> Json:
        self._left -= 1
        if isinstance(schema, bool) or not isinstance(schema, Mapping) or depth > MAX_DEPTH or self._left < 0:
            return None
        schema = self.flat(schema, keyed)
        if "const" in schema:
            return _plain(schema["const"])
        options = schema.get("enum")
        if isinstance(options, list) and options:
            return _plain(keyed.sub("enum").choice(self._fitting(schema, options)))
        kind = self._kind(schema, keyed, name)
        if kind == "object":
            return self._object(schema, keyed, name or about, persona, depth)
        if kind == "array":
            return self._array(schema, keyed, name or about, depth)
        if kind == "boolean":
            return keyed.sub("boolean").chance(0.75)
        if kind in ("integer", "number"):
            return fake_number(schema, keyed.sub("number"), words_of(name), whole=kind == "integer")
        if kind == "null":
            return None
        return fake_text(schema, keyed.sub("text"), name, about, persona)

    def _fitting(self, schema: Mapping[str, object], options: list[object]) -> list[object]:
        rest = {key: value for key, value in schema.items() if key != "enum"}
        known = [option for option in options if option is not None and fits(_plain(option), rest, self.lookup)]
        return known or options

    def _kind(self, schema: Mapping[str, object], keyed: Keyed, name: str) -> str:
        kinds = types_of(schema)
        present = [kind for kind in kinds if kind != "null"]
        if not present:
            return "null" if kinds else "string" if name else "object"
        if len(present) < len(kinds) and keyed.sub("null").chance(0.12):
            return "null"
        return present[0] if len(present) == 1 else keyed.sub("type").choice(present)

    def _object(self, schema: Mapping[str, object], keyed: Keyed, about: str, persona: Persona, depth: int) -> Json:
        known = schema.get("properties")
        properties = known if isinstance(known, Mapping) else {}
        needed = schema.get("required")
        required = [name for name in needed if isinstance(name, str)] if isinstance(needed, list) else []
        most = number_of(schema.get("maxProperties"))
        room = (MAX_VALUES if most is None else int(most)) - len([name for name in required if name not in properties])
        out: dict[str, Json] = {}
        for name, member in properties.items():
            must = name in required
            own = keyed.sub("member", name)
            if not must and not self._wanted(member, own, depth, room - len(out), properties, required, out):
                continue
            out[name] = self._value(member, own, name, about, persona, depth + 1)
        more = schema.get("additionalProperties", True)
        for name in required:
            if name not in out:
                out[name] = self._value(_any(more), keyed.sub("member", name), name, about, persona, depth + 1)
        least = int(number_of(schema.get("minProperties")) or 0)
        if isinstance(more, Mapping) and not properties and depth < SHALLOW:
            least = max(least, min(room, keyed.between(1, 3)))
        for index in range(min(least, MAX_ITEMS)):
            if len(out) >= least or more is False:
                break
            out.setdefault(
                _filler(keyed.sub("filler", index)),
                self._value(_any(more), keyed.sub("more", index), "value", about, persona, depth + 1),
            )
        return out

    def _wanted(
        self,
        member: object,
        own: Keyed,
        depth: int,
        room: int,
        properties: Mapping[str, object],
        required: list[str],
        out: dict[str, Json],
    ) -> bool:
        """Tell whether a member that is not required is made."""
        ahead = sum(name in properties and name not in out for name in required)
        if depth >= SHALLOW or room <= ahead or not isinstance(member, Mapping):
            return False
        if self.lookup(member).get("writeOnly") is True:
            return False
        share = number_of(member.get("x-share"))
        return own.sub("present").chance(0.92 if share is None else share)

    def _array(self, schema: Mapping[str, object], keyed: Keyed, about: str, depth: int) -> Json:
        count = _length(schema, keyed.sub("length"), depth)
        first = schema.get("prefixItems")
        prefix = first if isinstance(first, list) else []
        items = schema.get("items", True)
        unique = schema.get("uniqueItems") is True
        out: list[Json] = []
        for index in range(count):
            shape = prefix[index] if index < len(prefix) else items
            if shape is False or self._left < 0:
                break
            for again in range(8 if unique else 1):
                item = self._value(
                    _any(shape),
                    keyed.sub("item", index, again),
                    about,
                    about,
                    Persona(keyed.sub("item", index, again), self._until),
                    depth + 1,
                )
                if not unique or not any(item == each and type(item) is type(each) for each in out):
                    out.append(item)
                    break
        return out


def _length(schema: Mapping[str, object], keyed: Keyed, depth: int) -> int:
    """Return how long a list is: within its limits, else as lists on a page are; deep down as short as can be."""
    least = min(int(number_of(schema.get("minItems")) or 0), MAX_ITEMS)
    limit = number_of(schema.get("maxItems"))
    if depth >= SHALLOW:
        return least
    most = max(least, 6 if limit is None else min(int(limit), MAX_ITEMS))
    return keyed.between(max(least, min(2, most)) if depth < 3 else least, most)


def _any(schema: object) -> Schema:
    """Return a schema for what may be anything: a text."""
    return schema if isinstance(schema, Mapping) and schema else {"type": "string", "maxLength": 24}


def _filler(keyed: Keyed) -> str:
    return keyed.text("abcdefghijklmnopqrstuvwxyz", keyed.between(4, 9))


def _plain(value: object) -> Json:
    if isinstance(value, Mapping):
        return {str(name): _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool) else None


def fake_value(
    schema: Schema,
    keyed: Keyed,
    *,
    root: Mapping[str, object] | None = None,
    name: str = "",
    until: float = UNTIL,
) -> Json:
    """Return a value that fits a schema and looks real, the same for the same row.

    ``root`` is the document that references are looked up in, ``name`` what the value is called where it stands. Never
    raises for schemas that are plain data.
    """
    return Faker(root, until).value(schema, keyed, name)
