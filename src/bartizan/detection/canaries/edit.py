"""Where in a response a canary goes, and the response with it: bytes are put in, and no other byte changes.

In a list it stands behind the item that a keyed hash chooses by recipient and id, so that it stays where it is however
often, and with whatever parameters, the list is asked for. In an object it is a member among the others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

from bartizan.config.model.deception import CanaryField, CanaryItem
from bartizan.detection.canaries.clone import clone
from bartizan.detection.canaries.ids import Ids
from bartizan.detection.canaries.templates import Template
from bartizan.detection.edits.scan import Span, items_at, members_of, parse
from bartizan.detection.fakes.keyed import Keyed

__all__ = ["FieldCanary", "ItemCanary", "Spot", "insert"]

MIN_ITEMS, MAX_ITEMS = 2, 2000
MAX_ITEM = 4096  # bytes
_SPACE = b" \t\r\n"
_TOKENS = ("0" * 32, "f" * 32)


class Spot(NamedTuple):
    """What goes where: ``text`` behind ``gap``, which is what stands between its neighbours."""

    id: int | str
    at: int
    gap: bytes
    text: bytes


class ItemCanary:
    """An object in lists."""

    def __init__(self, key: bytes, settings: CanaryItem) -> None:
        self.template = Template(settings.path)
        self.detail = Template(settings.detail)
        self.field = settings.id
        self.ids = Ids(key, settings.detail, settings.range)
        self._key = key
        self._names = () if settings.items == "$" else tuple(settings.items.removeprefix("$.").split("."))

    def spot(self, body: bytes, recipient: str) -> Spot | None:
        """Return what goes where in a response for a recipient; None where it cannot be one of the others."""
        try:
            items = _list(parse(body), self._names)
            ids = [item[self.field] for item in items if isinstance(item, dict) and self.field in item]
            if not MIN_ITEMS <= len(items) <= MAX_ITEMS or len(ids) < len(items) or not _alike(ids):
                return None
            anchor = min(range(len(ids)), key=lambda number: self._rank(recipient, str(ids[number])))
            made = self.ids.make(ids, recipient, ids[anchor])
            if made is None:
                return None
            spans = items_at(body, self._names)
            if spans[anchor].end - spans[anchor].start > MAX_ITEM:
                return None
            before = min(anchor, len(spans) - 2)
            gap = body[spans[before].end : spans[before + 1].start]
            keyed = Keyed(self._key, "item", self.detail.text, recipient, str(made))
            text = clone(body, spans[anchor], _beside(items, anchor), (self.field, ids[anchor], made), keyed)
            return Spot(made, spans[anchor].end, gap, text)
        except ValueError:
            return None

    def _rank(self, recipient: str, item: str) -> bytes:
        data = f"{self.template.text}\n{recipient}\n{item}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, key=self._key, digest_size=8).digest()


class FieldCanary:
    """A member of objects, whose value is a path that nobody has a reason to follow."""

    def __init__(self, key: bytes, settings: CanaryField) -> None:
        self.template = Template(settings.path)
        self.detail = Template(settings.value)
        self.field = settings.name
        self.ids = Ids(key, settings.value)
        self._key = key

    def spot(self, body: bytes, recipient: str) -> Spot | None:
        """Return what goes where in a response for a recipient; None for what is no object, or has the field."""
        try:
            parsed = parse(body)
            token = self.ids.make(_TOKENS, f"{recipient} {self.template.text}", _TOKENS[0])
            if not isinstance(parsed, dict) or not parsed or self.field in parsed or token is None:
                return None
            start = len(body) - len(body.lstrip(_SPACE))
            members = members_of(body, Span(start, len(body.rstrip(_SPACE))))
        except ValueError:
            return None
        colon = body[members[0].key.end : members[0].value.start]
        gap = b"," + body[start + 1 : members[0].key.start]
        if len(members) > 1:
            gap = body[members[0].value.end : members[1].key.start]
        chosen = Keyed(self._key, "member", self.field, recipient).below(len(members))
        value = self.detail.text.replace(f"{{{self.detail.last}}}", str(token))
        text = json.dumps(self.field).encode("ascii") + colon + json.dumps(value).encode("ascii")
        return Spot(token, members[chosen].value.end, gap, text)


def insert(body: bytes, spot: Spot, text: bytes) -> bytes:
    """Return a response with a canary in its place."""
    return b"".join((body[: spot.at], spot.gap, text, body[spot.at :]))


def _list(value: object, names: Sequence[str]) -> list[object]:
    for name in names:
        if not isinstance(value, dict) or name not in value:
            raise ValueError("has no list there")
        value = value[name]
    if not isinstance(value, list):
        raise ValueError("has no list there")
    return value


def _alike(ids: Sequence[object]) -> bool:
    return all(type(each) is type(ids[0]) for each in ids) and type(ids[0]) in (int, str)


def _beside(items: Sequence[object], anchor: int) -> list[dict[str, object]]:
    """Return the items near one, itself first."""
    near = [items[anchor], *items[max(0, anchor - 25) : anchor], *items[anchor + 1 : anchor + 25]]
    return [item for item in near if isinstance(item, dict)]
