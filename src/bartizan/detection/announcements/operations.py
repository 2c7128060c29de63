"""Operations for decoys, made from one that a document has: its white space and order, no word of what it is about.

What is made is a path item with ``get`` alone. The answer's schema is one of the document's own about people, if it has
one; else nothing is said of the answer but that there is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bartizan.detection.announcements import naming
from bartizan.detection.edits.scan import Member, Span, members_of

__all__ = ["Source", "path_item"]

MAX_ITEM = 65_536  # bytes of an operation that others are made from
_REF = re.compile(rb'("\$ref"\s*:\s*"#\\?/components\\?/schemas\\?/)([^"/\\]+)(")')
_ANY_REF = re.compile(rb'"\$ref"\s*:')
_PEOPLE = re.compile(
    r"(?i)(user|account|customer|member|person|employee)s?(out|read|response|public|dto|schema|base|list)?"
)
_OF_PARAMETERS = frozenset(("400", "422"))


@dataclass(frozen=True, slots=True)
class Source:
    """A path item that others are made from: where it is in a document, and what of the document is needed."""

    body: bytes
    path: str
    item: Span
    tags: Sequence[str]
    """Those that the document uses."""
    schemas: Sequence[str]
    """The names of those in ``components``."""


def path_item(source: Source, path: str) -> bytes:
    """Return a path item for a path as JSON; raises ``ValueError`` where none can be made from this source."""
    topic = naming.topic(source.path)
    if len(topic) < 3 or source.item.end - source.item.start > MAX_ITEM:
        raise ValueError("is no operation to make others from")
    foreign = b"" if topic == naming.topic(path) else topic.encode("utf-8", "surrogatepass")
    members = members_of(source.body, source.item)
    get = _named(members, "get")
    return _object(source.body, source.item, members, {"get": _operation(source, get.value, path, foreign)})


def quoted(text: str, like: bytes) -> bytes:
    """Return a text as a JSON string; slashes are escaped if those of another string are."""
    made = json.dumps(text).encode("ascii")
    return made.replace(b"/", b"\\/") if b"\\/" in like else made


def _operation(source: Source, span: Span, path: str, foreign: bytes) -> bytes:
    body, members, said = source.body, members_of(source.body, span), naming.words(path)
    made: dict[str, bytes | None] = {}
    for member in members:
        value = body[member.value.start : member.value.end]
        if member.name == "summary":
            made["summary"] = quoted(naming.summary(said, _text(value)), value)
        elif member.name == "operationId":
            name = quoted(naming.operation_id(said, path, _text(value), source.path), value)
            made["operationId"] = None if name in body else name
        elif member.name == "tags":
            made["tags"] = _tags(source, value, said)
        elif member.name == "security":
            made["security"] = value
        elif member.name == "responses":
            made["responses"] = _responses(source, member.value, foreign)
    return _object(body, span, members, {name: value for name, value in made.items() if value is not None})


def _tags(source: Source, value: bytes, said: Sequence[str]) -> bytes | None:
    """Return tags with the one of the document that is about the same, None if there is none."""
    fitting = next((tag for tag in source.tags if tag.lower() in said), None)
    old = json.loads(value)
    if fitting is None or not isinstance(old, list) or not old or not isinstance(old[0], str):
        return None
    start, end = value.index(b'"'), value.rindex(b'"') + 1
    return value[:start] + quoted(fitting, value) + value[end:]


def _responses(source: Source, span: Span, foreign: bytes) -> bytes:
    """Return the responses: the first that is a success, and those errors that are not about something else."""
    body, members = source.body, members_of(source.body, span)
    success = next((member for member in members if member.name.startswith("2")), None)
    if success is None:
        raise ValueError("has no response that is a success")
    made = {success.name: _success(source, success.value, foreign)}
    for member in members:
        value = body[member.value.start : member.value.end]
        if member.name[0:1] in "45d" and member.name not in _OF_PARAMETERS and not _about(value, foreign):
            made[member.name] = value
    return _object(body, span, members, made)


def _success(source: Source, span: Span, foreign: bytes) -> bytes:
    body, members = source.body, members_of(source.body, span)
    description = _named(members, "description").value
    value = body[description.start : description.end]
    made = {"description": b'"OK"' if _about(value, foreign) else value}
    content = next((member for member in members if member.name == "content"), None)
    kept = None if content is None else _content(source, content.value, foreign)
    if kept is not None:
        made["content"] = kept
    return _object(body, span, members, made)


def _content(source: Source, span: Span, foreign: bytes) -> bytes | None:
    """Return the content with a schema about people in the place of its own, None where that cannot be."""
    body, media_types = source.body, members_of(source.body, span)
    if not media_types:
        return None
    parts = members_of(body, media_types[0].value)
    schema = next((member for member in parts if member.name == "schema"), None)
    if schema is None:
        return None
    old = body[schema.value.start : schema.value.end]
    if foreign:
        people = next((name for name in source.schemas if _PEOPLE.fullmatch(name)), None)
        if people is None or len(_ANY_REF.findall(old)) != 1 or len(_REF.findall(old)) != 1:
            return None
        old = _REF.sub(lambda found: found[1] + people.encode("ascii") + found[3], old)
        if _about(old, foreign):
            return None
    media_type = _object(body, media_types[0].value, parts, {"schema": old})
    return _object(body, span, media_types, {media_types[0].name: media_type})


def _object(body: bytes, span: Span, members: Sequence[Member], made: Mapping[str, bytes]) -> bytes:
    """Return an object with some of its members, with other values, and the white space that it has."""
    gap = body[members[0].value.end : members[1].key.start] if len(members) > 1 else b","
    kept = [body[each.key.start : each.value.start] + made[each.name] for each in members if each.name in made]
    opening, closing = body[span.start : members[0].key.start], body[members[-1].value.end : span.end]
    return opening + gap.join(kept) + closing


def _named(members: Sequence[Member], name: str) -> Member:
    found = next((member for member in members if member.name == name), None)
    if found is None:
        raise ValueError(f"has no {name!r}")
    return found


def _text(value: bytes) -> str:
    text = json.loads(value)
    if not isinstance(text, str):
        raise ValueError("is no text")
    return text


def _about(value: bytes, foreign: bytes) -> bool:
    return bool(foreign) and foreign in value.lower()
