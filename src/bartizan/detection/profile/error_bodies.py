"""Bodies of errors: what is always the same in them, with places for what differs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from bartizan.detection.fakes.forms import form_of, is_variable, make, moment
from bartizan.detection.fakes.keyed import Keyed

__all__ = ["MAX_BYTES", "ErrorBodies", "ErrorBody", "ErrorMemory"]

MAX_BYTES = 4096
MAX_PARTS = 1500
MAX_KINDS = 4
MAX_MEMORY = 64  # statuses and media types
SURE = 3  # that have to have had an error before its words are taken for the upstream's own
_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/.:%~")
_PATH = "\x00path"
_METHOD = "\x00method"
_HOST = "\x00host"
_FORM = "\x00form:"


class ErrorBody(msgspec.Struct, omit_defaults=True):
    """One error as parts: texts as they are, and marks (they begin with NUL) for what differs."""

    parts: list[str]
    count: int = 1
    template: bytes = b""
    """A digest of the path template that it was seen at last."""

    def merge(self, parts: list[str], count: int, template: bytes) -> bool:
        """Take in parts, if they are those of the same error; tells whether they are."""
        if len(parts) != len(self.parts):
            return False
        same = sum(one == other for one, other in zip(self.parts, parts, strict=True))
        if same * 10 < len(parts) * 7:
            return False
        self.parts = [
            one if one == other else _joined(one, other) for one, other in zip(self.parts, parts, strict=True)
        ]
        self.count = min(self.count + count, 2**31)
        self.template = template
        return True

    def make(self, path: str, method: str, host: str, keyed: Keyed, now: float) -> bytes:
        """Return a body for a request; ``now`` is Unix time in seconds."""
        out = []
        for index, part in enumerate(self.parts):
            if not part.startswith("\x00"):
                out.append(part)
            elif part == _PATH:
                out.append(path)
            elif part == _METHOD:
                out.append(method)
            elif part == _HOST:
                out.append(host)
            else:
                form = part.removeprefix(_FORM)
                if form.startswith(("datetime", "date", "time", "http-date")):
                    out.append(moment(form, now))
                else:
                    out.append(make(form, keyed.sub("part", index), shortest=4, longest=12, until=now))
        return "".join(out).encode("utf-8", "replace")


class ErrorBodies(msgspec.Struct, omit_defaults=True):
    """The errors of one status and media type, at most 4 kinds."""

    kinds: list[ErrorBody] = []

    def add(self, body: ErrorBody) -> None:
        """Take in one error; the least frequent one makes room for a new one."""
        for known in self.kinds:
            if known.merge(body.parts, body.count, body.template):
                return
        if len(self.kinds) >= MAX_KINDS:
            self.kinds.remove(min(self.kinds, key=lambda each: each.count))
        self.kinds.append(body)

    def merge(self, other: ErrorBodies) -> None:
        """Take in what was learned elsewhere."""
        for body in other.kinds:
            self.add(body)

    def find(self, template: str) -> ErrorBody | None:
        """Return the error for a path template: that of the template itself, else the most frequent one."""
        own = [body for body in self.kinds if body.template == _digest(template)]
        return max(own or self.kinds, key=lambda body: body.count, default=None)


@dataclass(slots=True)
class _Seen:
    body: ErrorBody
    askers: set[int]
    told: bool = False


class ErrorMemory:
    """Errors that were seen, until it is known what in them is the upstream's own; never written anywhere."""

    def __init__(self) -> None:
        self._kinds: dict[str, list[_Seen]] = {}

    def learn(
        self,
        kind: str,
        body: bytes,
        path: str,
        method: str,
        host: str,
        template: str,
        asker: int,
        said: frozenset[str] | None = None,
    ) -> ErrorBody | None:
        """Take in the body of an error, the answer to a request; ``kind`` is its status and media type.

        ``asker`` is a number for whom it may speak to. ``said`` are the words of a request that had nothing else to
        say: an error with none of them speaks to nobody, and each counts. Returns the error as it may be kept, once
        several had it; None until then, and for what is not UTF-8 or too long.
        """
        if len(body) > MAX_BYTES or (kind not in self._kinds and len(self._kinds) >= MAX_MEMORY):
            return None
        try:
            parts = _parts(body.decode("utf-8"), path, method, host)
        except UnicodeDecodeError:
            return None
        if len(parts) > MAX_PARTS:
            return None
        seen = self._find(self._kinds.setdefault(kind, []), parts, _digest(template))
        if len(seen.askers) < SURE:
            general = said is not None and not _repeats(parts, said)
            seen.askers.add(hash((asker, seen.body.count)) if general else asker)
        if len(seen.askers) < SURE:
            return None
        count, seen.told = (1 if seen.told else seen.body.count), True
        return ErrorBody(list(seen.body.parts), count, seen.body.template)

    def _find(self, known: list[_Seen], parts: list[str], template: bytes) -> _Seen:
        for seen in known:
            if seen.body.merge(parts, 1, template):
                return seen
        if len(known) >= MAX_KINDS:
            known.remove(min(known, key=lambda each: each.body.count))
        known.append(_Seen(ErrorBody(parts, 1, template), set()))
        return known[-1]


def _repeats(parts: list[str], said: frozenset[str]) -> bool:
    """Tell whether an error has a word that was said, also as part of another; of one or two letters only as itself."""
    text = "".join([part for part in parts if not part.startswith("\x00")]).lower()
    return not said.isdisjoint(parts) or any(len(word) > 2 and word.lower() in text for word in said)


def _digest(template: str) -> bytes:
    """Return what tells templates apart without saying what they are: they may have a name in them."""
    return hashlib.blake2b(template.encode("utf-8", "replace"), digest_size=8).digest()


def _joined(one: str, other: str) -> str:
    """Return the mark for a place that has two different texts."""
    if one.startswith("\x00") and one != other:
        return one if one.startswith(_FORM) else _FORM + "word"
    left = form_of(one)
    right = other.removeprefix(_FORM) if other.startswith(_FORM) else form_of(other)
    return _FORM + (left if left == right else "word")


def _parts(text: str, path: str, method: str, host: str) -> list[str]:
    """Return words and what stands between them; what belongs to the request, and what is a number, is a mark."""
    out: list[str] = []
    for index, piece in enumerate(text.split(path) if len(path) > 1 else [text]):
        if index:
            out.append(_PATH)
        begun = 0
        inside = False
        for at, letter in enumerate(piece):
            if (letter in _WORD) is not inside:
                if at > begun:
                    out.append(_mark(piece[begun:at], method, host))
                begun, inside = at, not inside
        if begun < len(piece):
            out.append(_mark(piece[begun:], method, host))
    return [part.replace("\x00", "") if not part.startswith("\x00") else part for part in out]


def _mark(word: str, method: str, host: str) -> str:
    if word == method:
        return _METHOD
    if word == host and len(host) > 3:
        return _HOST
    word = word.lstrip("\x00")
    return _FORM + form_of(word) if is_variable(word) and len(word) > 3 else word
