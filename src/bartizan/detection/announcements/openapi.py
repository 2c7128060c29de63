"""Operations that are put into an OpenAPI document (3.0, 3.1; JSON): bytes are put in, and no other byte changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from urllib.parse import urlsplit

from bartizan.detection.announcements.naming import topic
from bartizan.detection.announcements.operations import Source, path_item, quoted
from bartizan.detection.edits.scan import Member, Span, members_of, parse
from bartizan.detection.fakes.keyed import Keyed

__all__ = ["document"]

MAX_SOURCES = 16  # operations that are tried for one decoy
MAX_RANKED = 256  # operations among which the key chooses these
MAX_TAGS = 256
_SPACE = b" \t\r\n"


def document(body: bytes, paths: Sequence[str], keyed: Keyed) -> bytes:
    """Return a document with operations for paths, as they are asked for at the gateway.

    Those that the document's server does not lead to, or that it has already, are left out; where no operation of the
    document is one to make others from, it stays as it is. ``keyed`` chooses where they go. Raises ``ValueError`` for
    what is no OpenAPI document in JSON.
    """
    parsed = parse(body)
    known = parsed.get("paths") if isinstance(parsed, dict) else None
    if not isinstance(parsed, dict) or not str(parsed.get("openapi", "")).startswith("3.") or not known:
        raise ValueError("is no OpenAPI document with paths")
    if not isinstance(known, dict):
        raise ValueError("has no paths")
    base = _base(parsed.get("servers"))
    start = len(body) - len(body.lstrip(_SPACE))
    whole = members_of(body, Span(start, len(body.rstrip(_SPACE))))
    span = next(member.value for member in whole if member.name == "paths")
    members = members_of(body, span)
    wanted = sorted(path.removeprefix(base) for path in paths if path.startswith(f"{base}/"))
    puts: list[tuple[int, bytes]] = []
    for path in wanted:
        item = None if path in known else _item(_sources(body, parsed, members, path, keyed), path)
        if item is not None:
            key = members[0].key
            text = quoted(path, body[key.start : key.end]) + body[key.end : members[0].value.start] + item
            puts.append(_place(body, span, members, path, text, keyed.sub("place", path)))
    return _with(body, puts)


def _base(servers: object) -> str:
    """Return what stands before the paths of a document: the path of its first server (OpenAPI 3.1 section 4.8.5).

    Raises ``ValueError`` where it cannot be told.
    """
    if not servers:
        return ""
    first = servers[0] if isinstance(servers, list) else None
    url = first.get("url") if isinstance(first, dict) else None
    if not isinstance(url, str) or "{" in url:
        raise ValueError("has a server that depends")
    path = urlsplit(url).path
    if path and not path.startswith("/"):
        raise ValueError("has a server beside it")
    return path.rstrip("/")


def _sources(
    body: bytes, parsed: Mapping[str, object], members: Sequence[Member], path: str, keyed: Keyed
) -> Iterator[Source]:
    """Yield operations to make one for a path from: those about the same first, else as the key has it."""
    known, components = parsed["paths"], parsed.get("components")
    if not isinstance(known, dict):
        return
    schemas = components.get("schemas") if isinstance(components, dict) else None
    names = tuple(schemas) if isinstance(schemas, dict) else ()
    tags = tuple(_tags(known))
    candidates = [member for member in members if "{" not in member.name and _reads(known[member.name])]
    candidates.sort(key=lambda member: topic(member.name) != topic(path))
    ranked = sorted(candidates[:MAX_RANKED], key=lambda member: keyed.sub(path, member.name).draw(8))
    ranked.sort(key=lambda member: topic(member.name) != topic(path))
    for member in ranked[:MAX_SOURCES]:
        yield Source(body, member.name, member.value, tags, names)


def _reads(item: object) -> bool:
    operation = item.get("get") if isinstance(item, dict) else None
    return isinstance(operation, dict) and isinstance(operation.get("responses"), dict)


def _tags(known: Mapping[str, object]) -> list[str]:
    found: dict[str, None] = {}
    for item in known.values():
        operation = item.get("get") if isinstance(item, dict) else None
        tags = operation.get("tags") if isinstance(operation, dict) else None
        found.update((tag, None) for tag in (tags if isinstance(tags, list) else ()) if isinstance(tag, str))
    return list(found)[:MAX_TAGS]


def _item(sources: Iterator[Source], path: str) -> bytes | None:
    for source in sources:
        try:
            return path_item(source, path)
        except ValueError:
            continue
    return None


def _place(
    body: bytes, span: Span, members: Sequence[Member], path: str, text: bytes, keyed: Keyed
) -> tuple[int, bytes]:
    """Return where a member goes: in order where the others are, else behind one that the key chooses."""
    gap = b"," + body[span.start + 1 : members[0].key.start]
    if len(members) > 1:
        gap = body[members[0].value.end : members[1].key.start]
    behind = keyed.below(len(members))
    if len(members) > 1 and all(one.name < other.name for one, other in pairwise(members)):
        behind = sum(member.name < path for member in members) - 1
    if behind < 0:
        return members[0].key.start, text + gap
    return members[behind].value.end, gap + text


def _with(body: bytes, puts: Sequence[tuple[int, bytes]]) -> bytes:
    parts, last = [], 0
    for at, text in sorted(puts, key=lambda put: put[0]):
        parts += [body[last:at], text]
        last = at
    return b"".join((*parts, body[last:]))
