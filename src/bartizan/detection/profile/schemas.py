"""From what was seen to a JSON Schema that fakes are made from, and the way in which JSON was written."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import msgspec

from bartizan.detection.fakes.documents import fake_document
from bartizan.detection.fakes.forms import UNTIL
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.plain import Json
from bartizan.detection.profile.latency import Latencies
from bartizan.detection.profile.shapes import Node

__all__ = ["TIMES", "Shape", "Style", "objects_in", "schema_of", "style_of"]

MAX_NODES = 1000
TIMES = 128  # of one path template
MONTH = 30 * 86400  # seconds
_LONG = 40  # characters
_SURE = 20  # texts that say what others have: how long they are, that there are no other letters than those of ASCII
_OPEN_FORMS = ("text", "word", "slug", "path", "uri")


class Style(msgspec.Struct, frozen=True, array_like=True):
    """How JSON is written: ``indent`` in spaces (0: on one line), with or without a space, ASCII alone, a last line."""

    indent: int = 0
    spaced: bool = False
    ascii: bool = False
    newline: bool = False

    def encode(self, document: Json) -> bytes:
        """Return JSON in this style."""
        separators = (",", ": ") if self.indent else (", ", ": ") if self.spaced else (",", ":")
        text = json.dumps(
            document, ensure_ascii=self.ascii, indent=self.indent or None, separators=separators, allow_nan=False
        )
        return (text + "\n" * self.newline).encode("utf-8", "replace")


def style_of(body: bytes) -> Style:
    """Return the style in which a body of JSON is written."""
    head = body[:4096]
    line = head.partition(b"\n")[2] if head[:2] in (b"{\n", b"[\n") else b""
    indent = len(line) - len(line.lstrip(b" "))
    return Style(min(indent, 8), b'": ' in head, b"\\u" in body and body.isascii(), body.endswith(b"\n"))


class Shape(msgspec.Struct, omit_defaults=True):
    """What successful responses of one method and path template look like; ``last`` is when the last came (Unix)."""

    status: int = 200
    media_type: str = ""
    count: int = 0
    last: float = 0.0
    style: Style = Style()
    node: Node | None = None
    """None where responses had no JSON."""
    wants_json: bool = False
    """Whether requests had JSON."""
    times: Latencies | None = None
    """How long they took: a long list takes longer than one object."""

    @property
    def until(self) -> float:
        """The moment before which its times are (Unix seconds): the month of the latest seen."""
        return _month(0.0 if self.node is None else _latest(self.node, 0)) or UNTIL

    def schema(self, partner: Node | None = None) -> dict[str, object]:
        """Return a JSON Schema for the body.

        ``partner`` is what the same objects look like elsewhere (in a list, on their pages): then members that both
        have are described alike.
        """
        if self.node is None:
            return {}
        schema = schema_of(self.node)
        objects = objects_in(self.node)
        if partner is None or objects is None:
            return schema
        place = schema
        for name in objects[0]:
            place = _below(place, name)
        place["properties"] = {**_shared(objects[1], partner, place)}
        place["required"] = [name for name, member in _members(place).items() if member.get("x-share") == 1]
        return schema

    def fake(self, keyed: Keyed, path: str, partner: Node | None = None) -> Json:
        """Return a fake body for a concrete path, None where responses have no JSON; see ``fake_document``."""
        basis = self.basis(partner)
        return None if basis is None else fake_document(basis[0], keyed, path, until=basis[1])

    def basis(self, partner: Node | None = None) -> tuple[dict[str, object], float] | None:
        """Return the schema of fakes and the moment before which their times are (Unix seconds); None without JSON."""
        if self.node is None:
            return None
        until = self.until
        if partner is not None:
            until = max(until, _month(_latest(partner, 0)))
        return self.schema(partner), until

    def encode(self, document: Json) -> bytes:
        """Return JSON as the upstream writes it."""
        return self.style.encode(document)

    def merge(self, other: Shape) -> None:
        """Take in what was learned elsewhere; what was seen last counts where only one can."""
        self.count = min(self.count + other.count, 2**31)
        if other.last >= self.last:
            self.status, self.media_type, self.style = other.status, other.media_type, other.style
            self.last = other.last
        self.wants_json = self.wants_json or other.wants_json
        if other.times is not None:
            self.times = self.times or Latencies(size=TIMES)
            self.times.merge(other.times)
        if other.node is not None:
            self.node = self.node or Node()
            self.node.merge(other.node)
        self.bound()

    def bound(self) -> None:
        """Forget the deepest levels of what has more than ``MAX_NODES`` members: whoever asks may have made them up."""
        depth = 8
        while self.node is not None and self.node.size() > MAX_NODES and depth >= 0:
            self.node.prune(depth)
            depth -= 1


def schema_of(node: Node) -> dict[str, object]:
    """Return a JSON Schema for what was seen at a place; of several types it is the most frequent one."""
    texts = 0 if node.texts is None else node.texts.count
    counts = {
        "object": node.objects,
        "array": node.lists,
        "string": texts,
        "number": node.integers + node.numbers if node.numbers else 0,
        "integer": 0 if node.numbers else node.integers,
        "boolean": node.booleans,
    }
    kind = max(counts, key=counts.__getitem__)
    if not counts[kind]:
        return {"type": "null"}
    schema: dict[str, object] = {"type": [kind, "null"] if node.nulls else kind}
    if kind == "object":
        schema.update(_object(node))
    elif kind == "array":
        schema.update(minItems=node.shortest, maxItems=max(node.longest, node.shortest))
        items = schema["items"] = schema_of(node.items or Node())
        few = items.get("enum")
        if isinstance(few, list) and node.longest <= len(few):
            schema["uniqueItems"] = True
    elif kind == "string":
        schema.update(_text(node))
    elif kind in ("integer", "number"):
        schema["x-seen"] = True
        schema["minimum"], schema["maximum"] = _range(node.low, node.high)
        if kind == "number":
            schema["x-digits"] = node.digits
    return schema


def _object(node: Node) -> dict[str, object]:
    if node.map is not None:
        return {"additionalProperties": schema_of(node.map)}
    properties: dict[str, object] = {}
    required: list[str] = []
    for name, member in node.members.items():
        seen = node.present.get(name, 0)
        if seen * 50 < node.objects:
            continue
        properties[name] = {**schema_of(member), "x-share": seen / node.objects}
        if seen >= node.objects:
            required.append(name)
    return {"properties": properties, "required": required, "additionalProperties": False}


def _text(node: Node) -> Mapping[str, object]:
    texts = node.texts
    if texts is None:
        return {}
    few = texts.few
    if few:
        return {"enum": [*sorted(few), None] if node.nulls else sorted(few)}
    form = texts.form
    out: dict[str, object] = {"x-form": form}
    if form.partition(":")[0] in _OPEN_FORMS:
        if texts.low > _LONG and form == "text":
            out["minLength"] = _LONG
        out["maxLength"] = max(2 * _LONG, texts.high)  # names and words are not to be cut for want of samples
        if texts.usual:
            out["x-patterns"] = texts.usual
        if texts.count >= _SURE and not texts.wide:
            out["x-ascii"] = True
        if form == "text" and texts.high <= _LONG:
            out["x-lengths"] = list(texts.middling) if texts.count >= _SURE else [texts.low, texts.high]
    return out


def _range(low: float, high: float) -> tuple[float, float]:
    """Return limits in steps of their distance's magnitude, so that they do not change with each new value.

    What may be a time (in seconds or milliseconds) is not put into the future.
    """
    if high <= low:
        return _whole(low), _whole(high)
    power = math.floor(math.log10(high - low))
    unit = 10.0**power if power < 0 else 10**power
    least, most = math.floor(low / unit) * unit, math.ceil(high / unit) * unit
    if 1e9 < high < 4e9 or 1e12 < high < 4e12:
        most = max(least, math.floor(high / unit) * unit)
    return (round(least, 12), round(most, 12)) if power < 0 else (least, most)


def _whole(value: float) -> float:
    return int(value) if float(value).is_integer() else value


def objects_in(node: Node) -> tuple[tuple[str, ...], Node] | None:
    """Return the objects that a document is about and the way to them: itself, its data, or a list's items."""
    if node.lists and node.items is not None and node.items.objects:
        return ("[]",), node.items
    if not node.objects:
        return None
    lists = [name for name, member in node.members.items() if member.items is not None and member.items.objects]
    if len(lists) == 1 and not _named_by_id(node):
        items = node.members[lists[0]].items
        return None if items is None else ((lists[0], "[]"), items)
    if not _named_by_id(node):
        inner = [(name, member) for name, member in node.members.items() if member.objects and _named_by_id(member)]
        if len(inner) == 1:
            return (inner[0][0],), inner[0][1]
    return (), node


def _named_by_id(node: Node) -> bool:
    return any(name.lower() in ("id", "_id", "uuid", "uid", "guid") for name in node.members)


def _below(schema: dict[str, object], name: str) -> dict[str, object]:
    found = schema.get("items") if name == "[]" else _members(schema).get(name)
    return found if isinstance(found, dict) else {}


def _members(schema: dict[str, object]) -> dict[str, dict[str, object]]:
    known = schema.get("properties")
    return known if isinstance(known, dict) else {}


def _shared(node: Node, partner: Node, schema: dict[str, object]) -> dict[str, object]:
    """Return the members of a schema; those that the partner has, too, are as both together."""
    out: dict[str, object] = {}
    for name, described in _members(schema).items():
        other, own = partner.members.get(name), node.members.get(name)
        if other is None or own is None:
            out[name] = described
            continue
        both = Node()
        both.merge(own)
        both.merge(other)
        share = (node.present.get(name, 0) + partner.present.get(name, 0)) / (node.objects + partner.objects)
        out[name] = {**schema_of(both), "x-share": share}
    return out


def _month(latest: float) -> float:
    return math.floor(latest / MONTH) * MONTH


def _latest(node: Node, depth: int) -> float:
    if depth > 12:
        return 0.0
    own = 0.0 if node.texts is None else node.texts.latest
    below = [*node.members.values(), *(each for each in (node.items, node.map) if each is not None)]
    return max(own, *(_latest(each, depth + 1) for each in below)) if below else own
