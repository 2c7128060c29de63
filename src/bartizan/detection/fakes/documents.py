"""The bodies of responses: objects that a list names are the same as those that their pages show."""

from __future__ import annotations

import math
from collections.abc import Mapping

from bartizan.detection.fakes.forms import UNTIL, is_variable
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.paging import WHOLE, Part, is_paged, part_of
from bartizan.detection.fakes.plain import Json, Schema, number_of, types_of
from bartizan.detection.fakes.schema import Faker

__all__ = ["fake_document"]

MAX_ITEMS = 50
_IDS = ("id", "_id", "uuid", "uid", "guid", "key", "slug", "code", "number")
_LISTS = ("items", "data", "results", "content", "records", "entries", "rows", "list")
_COUNTS = frozenset(("total", "count", "totalcount", "total_count", "size", "length", "totalitems", "total_items"))


def fake_document(
    schema: Schema,
    keyed: Keyed,
    path: str,
    *,
    root: Mapping[str, object] | None = None,
    until: float = UNTIL,
    query: str = "",
) -> Json:
    """Return the body of a response at a concrete path and ``query``, as asked for (percent-encoded).

    An object is drawn from ``keyed`` by the path of its collection and its id: with the same row, the item with the id
    17 of ``/orders`` is what ``/orders/17`` shows. A list has the part that the query asks for. ``root`` and ``until``
    are as in ``fake_value``. Never raises.
    """
    faker = Faker(root, until)
    if not isinstance(schema, Mapping):
        return faker.value(schema, keyed.sub("page", path))
    page = keyed.sub("page", path)
    flat = faker.flat(schema, page)
    collection, _, last = path.rstrip("/").rpartition("/")
    if types_of(flat)[:1] == ["array"]:
        return _items(faker, flat, keyed, path.rstrip("/"), part_of(query))
    listed = _list_in(faker, flat, page)
    if listed is not None:
        return _envelope(faker, flat, listed, keyed, path, part_of(query))
    name = _id_name(faker, flat, page)
    inner = _object_in(faker, flat, page) if name is None else None
    if inner is not None:
        around = faker.value(flat, page)
        within = fake_document(_property(faker, flat, inner, page), keyed, path, root=root, until=until, query=query)
        return {**around, inner: within} if isinstance(around, dict) else around
    if name is None or not (is_variable(last) or "/" in collection):
        return faker.value(flat, page, "", _about(path))
    given = _as_id(last, _property(faker, flat, name, page))
    if given is None:
        return faker.value(flat, page, "", _about(path))
    return _object(faker, flat, keyed, collection, name, given)


def _object(
    faker: Faker, schema: Mapping[str, object], keyed: Keyed, collection: str, name: str, given: str | int
) -> Json:
    """Return the object with an id; everything of it but the id is drawn from its own row."""
    made = faker.value(schema, keyed.sub("object", collection, given), "", _about(collection + "/x"))
    if isinstance(made, dict):
        own = f"{collection}/{given}"
        return {key: given if key == name else _linked(key, value, own, 0) for key, value in made.items()}
    return made


def _linked(name: str, value: Json, own: str, depth: int) -> Json:
    """Return a member of an object in which links to the object itself lead to its path ``own``."""
    if isinstance(value, dict) and depth < 3:
        return {key: _linked(name if key == "href" else key, each, own, depth + 1) for key, each in value.items()}
    return own if name == "self" and isinstance(value, str) and value.startswith("/") else value


def _items(
    faker: Faker,
    schema: Mapping[str, object],
    keyed: Keyed,
    collection: str,
    part: Part = WHOLE,
    *,
    from_first: bool = False,
    whole: int | None = None,
) -> Json:
    """Return a part of a list of objects with ids that rise, as rows of a table have them.

    ``from_first``: the ids of the whole list begin with the least that there is, and none is left out; it has
    ``whole`` items, as many as there are ids where that is None.
    """
    row = keyed.sub("list", collection, *(each for pair in part.other for each in pair))
    items = schema.get("items")
    if not isinstance(items, Mapping):
        return faker.value(schema, row)
    flat = faker.flat(items, row)
    name = _id_name(faker, flat, row)
    if name is None:
        return faker.value(schema, row, "", _about(collection + "/x"))
    least = int(number_of(schema.get("minItems")) or 0)
    limit = number_of(schema.get("maxItems"))
    low = max(least, 4 if limit is None else min(4, int(limit)))
    high = max(low, 12 if limit is None else int(limit))
    count = min(row.between(min(max(least, high // 2), high), high), MAX_ITEMS)
    count = count if part.limit is None else min(count, part.limit)
    skip = part.first(count)
    described = _property(faker, flat, name, row)
    if from_first and "integer" in types_of(described):
        ids: list[str | int] = list(_rising(described, skip, count, whole))
    else:
        ids = _ids(faker, described, row, count, skip)
    if len(ids) < least and part == WHOLE:  # there are not as many as a list has
        return faker.value(schema, row, "", _about(collection + "/x"))
    return [_object(faker, flat, keyed, collection, name, each) for each in ids]


def _rising(schema: Mapping[str, object], skip: int, count: int, whole: int | None) -> range:
    """Return a part of all ids that there are."""
    low, high = number_of(schema.get("minimum")), number_of(schema.get("maximum"))
    first = max(1, math.ceil(low or 0))
    ends = [first + skip + count]
    if high is not None:
        ends.append(math.floor(high) + 1)
    if whole is not None:
        ends.append(first + whole)
    return range(first + skip, min(ends))


def _envelope(faker: Faker, schema: Mapping[str, object], listed: str, keyed: Keyed, path: str, part: Part) -> Json:
    """Return an object that has the list of a collection in one of its members, and how many there are in another."""
    page = keyed.sub("page", path)
    around = faker.value({**schema, "properties": {**_properties(schema), listed: {"const": None}}}, page)
    if not isinstance(around, dict):
        return around
    around = part.told(around)
    paged = is_paged(around)
    total = next((value for name, value in around.items() if paged and _is_total(name, value)), None)
    described = _property(faker, schema, listed, page)
    whole = total if isinstance(total, int) else None
    items = _items(faker, described, keyed, path.rstrip("/"), part, from_first=paged, whole=whole)
    out: dict[str, Json] = {}
    for name in (*(_properties(schema)), *around):
        if name == listed:
            out[name] = items
        elif name in around:
            known = total is not None and _is_total(name, around[name])
            counts = not known and isinstance(around[name], int) and name.lower() in _COUNTS
            out[name] = len(items) if counts and isinstance(items, list) else around[name]
    return out


def _is_total(name: str, value: Json) -> bool:
    return isinstance(value, int) and name.lower().startswith("total")


def _properties(schema: Mapping[str, object]) -> Mapping[str, object]:
    known = schema.get("properties")
    return known if isinstance(known, Mapping) else {}


def _property(faker: Faker, schema: Mapping[str, object], name: str, keyed: Keyed) -> Mapping[str, object]:
    member = _properties(schema).get(name)
    return faker.flat(member, keyed.sub("member", name)) if isinstance(member, Mapping) else {}


def _list_in(faker: Faker, schema: Mapping[str, object], keyed: Keyed) -> str | None:
    """Return the name of the member with the list, if an object is there for a list's sake."""
    found = []
    for name in _properties(schema):
        member = _property(faker, schema, name, keyed)
        if types_of(member)[:1] == ["array"] and isinstance(member.get("items"), Mapping):
            found.append(name)
    preferred = [name for name in found if name.lower() in _LISTS]
    if preferred:
        return preferred[0]
    return found[0] if len(found) == 1 and _id_name(faker, schema, keyed) is None else None


def _object_in(faker: Faker, schema: Mapping[str, object], keyed: Keyed) -> str | None:
    """Return the name of the member with the object, if what is around it is there for its sake: ``data``."""
    members = {name: _property(faker, schema, name, keyed) for name in _properties(schema)}
    found = [
        name
        for name, member in members.items()
        if types_of(member)[:1] == ["object"] and _id_name(faker, member, keyed.sub("member", name)) is not None
    ]
    return found[0] if len(found) == 1 else None


def _id_name(faker: Faker, schema: Mapping[str, object], keyed: Keyed) -> str | None:
    """Return the name of the member by which an object is asked for, None where there is none."""
    plain = {
        name.lower(): name
        for name in _properties(schema)
        if set(types_of(_property(faker, schema, name, keyed))) & {"string", "integer"}
    }
    for wanted in _IDS:
        if wanted in plain:
            return plain[wanted]
    return next((name for form, name in plain.items() if form.endswith(("_id", "id"))), None)


def _as_id(text: str, schema: Mapping[str, object]) -> str | int | None:
    """Return a segment of a path as the id of an object, None if no object has such an id."""
    if "integer" in types_of(schema):
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
    return text[:256] or None


def _ids(faker: Faker, schema: Mapping[str, object], keyed: Keyed, count: int, skip: int) -> list[str | int]:
    """Return ids for a list; numbers are near each other, within the limits of their schema.

    ``skip``: how many there are before these.
    """
    if "integer" in types_of(schema):
        first = faker.value(schema, keyed.sub("ids"), "id")
        at = first if isinstance(first, int) else 1
        top = number_of(schema.get("maximum"))
        if top is not None and at + 3 * count > top:
            least = number_of(schema.get("minimum"))
            at = max(1 if least is None else int(least), int(top) - 3 * count)
        at += 2 * skip
        steps = keyed.sub("steps") if skip == 0 else keyed.sub("steps", skip)
        out: list[str | int] = []
        for _ in range(count):
            if top is not None and at > top:
                break
            out.append(at)
            at += steps.choice((1, 1, 1, 2, 3))
        return out
    made = [faker.value(schema, keyed.sub("ids", index), "id") for index in range(skip, skip + count)]
    return list(dict.fromkeys(each for each in made if isinstance(each, str)))


def _about(path: str) -> str:
    """Return what an object at a path is called: the name of its collection."""
    names = [segment for segment in path.rstrip("/").split("/")[:-1] if segment and not is_variable(segment)]
    return names[-1] if names else ""
