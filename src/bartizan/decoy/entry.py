"""One line of a transcript: what somebody who was diverted asked, and what they got."""

from __future__ import annotations

import msgspec

from bartizan.evidence.journal.framing import MAX_RECORD

__all__ = ["Brief", "Entry", "Fields", "decode_brief", "decode_entry", "encode_entry"]

Fields = list[tuple[str, str]]
MAX_NAME = 256  # characters of a method or an actor's key, in an entry that is too large
_SPARE = 16  # bytes for the lengths in front of two values
_BODIES = 96  # bytes for the names and lengths of two bodies


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An exchange. Text is Latin-1 as it came; times are in seconds, ``time`` is Unix time; sizes in bytes.

    Bodies may be cut: ``body_size`` and ``response_size`` are what they were. What was named like a secret is masked.
    """

    exchange: str
    actor: str
    time: float
    method: str
    url: str
    """Absolute, with its query."""
    route: str = ""
    upstream: str = ""
    address: str = ""
    ja4: str = ""
    risk: float = 0.0
    version: str = "1.1"
    fields: Fields = []
    body: bytes = b""
    body_size: int = 0
    cut: bool = False
    """Whether the end of the body is missing."""
    status: int = 0
    response_fields: Fields = []
    response_body: bytes = b""
    response_size: int = 0
    response_cut: bool = False
    wait: float = 0.0
    """Until the response began."""
    receive: float = 0.0
    """From then until it was whole: long only in the tarpit."""
    by: str = "decoy"
    """Who answered: the decoy, its tarpit, or a guard of the edge (then the response itself is not here)."""
    payloads: list[str] = []
    """Classes of attack that were seen in it before it was masked and cut."""


class Brief(msgspec.Struct, frozen=True):
    """Of an entry, whose it is and when: much faster to read."""

    actor: str
    time: float


def encode_entry(entry: Entry, limit: int = MAX_RECORD) -> bytes:
    """Return the entry in at most ``limit`` bytes, at least 4096; what is too large is cut down, bodies first."""
    data = msgspec.msgpack.encode(entry)
    if len(data) <= limit:
        return data
    share = limit // 8
    smaller = msgspec.structs.replace(
        entry,
        actor=entry.actor[:MAX_NAME],
        method=entry.method[:MAX_NAME],
        url=entry.url[: share // 2],
        fields=_within(entry.fields, share),
        response_fields=_within(entry.response_fields, share),
    )
    bare = msgspec.structs.replace(smaller, body=b"", response_body=b"")
    room = max(0, limit - len(msgspec.msgpack.encode(bare)) - _BODIES)
    response_body = smaller.response_body[: max(room // 2, room - len(smaller.body))]
    body = smaller.body[: room - len(response_body)]
    cut = smaller.cut or len(body) < len(smaller.body)
    response_cut = smaller.response_cut or len(response_body) < len(smaller.response_body)
    return msgspec.msgpack.encode(
        msgspec.structs.replace(smaller, body=body, cut=cut, response_body=response_body, response_cut=response_cut)
    )


def decode_entry(data: bytes) -> Entry:
    """Return the entry; raises ``msgspec.MsgspecError`` for what is none."""
    return msgspec.msgpack.decode(data, type=Entry)


def decode_brief(data: bytes) -> Brief:
    """Return whose entry it is and when; raises ``msgspec.MsgspecError`` for what is none."""
    return msgspec.msgpack.decode(data, type=Brief)


def _within(fields: Fields, limit: int) -> Fields:
    """Return the first fields that take at most ``limit`` bytes; a character may take two."""
    kept: Fields = []
    for name, value in fields:
        limit -= 2 * (len(name) + len(value)) + _SPARE
        if limit < 0:
            break
        kept.append((name, value))
    return kept
