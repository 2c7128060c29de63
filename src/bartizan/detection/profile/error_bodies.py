"""Bodies of errors: what is always the same in them, with places for what differs."""

from __future__ import annotations

import msgspec

from bartizan.detection.fakes.forms import form_of, is_variable, make, moment
from bartizan.detection.fakes.keyed import Keyed

__all__ = ["MAX_BYTES", "ErrorBodies", "ErrorBody"]

MAX_BYTES = 4096
MAX_PARTS = 1500
MAX_KINDS = 4
SURE = 3  # distinct requests that have to have had an error before its words are taken for the upstream's own
_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/.:%~")
_PATH = "\x00path"
_METHOD = "\x00method"
_HOST = "\x00host"
_FORM = "\x00form:"


class ErrorBody(msgspec.Struct, omit_defaults=True):
    """One error as parts: texts as they are, and marks (they begin with NUL) for what differs."""

    parts: list[str]
    count: int = 1
    template: str = ""
    """The path template that it was seen at last."""

    @property
    def sure(self) -> bool:
        """Whether it was seen often enough to be told apart from what it says of one request."""
        return self.count >= SURE

    def merge(self, parts: list[str], count: int, template: str) -> bool:
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

    def learn(self, body: bytes, path: str, method: str, host: str, template: str) -> None:
        """Take in a body of at most ``MAX_BYTES``, the answer to a request; what is not UTF-8 is left out."""
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return
        parts = _parts(text, path, method, host)
        if len(body) <= MAX_BYTES and len(parts) <= MAX_PARTS:
            self._add(ErrorBody(parts, 1, template))

    def merge(self, other: ErrorBodies) -> None:
        """Take in what was learned elsewhere."""
        for body in other.kinds:
            self._add(body)

    def find(self, template: str) -> ErrorBody | None:
        """Return the error for a path template: that of the template itself, else the most frequent one."""
        sure = [body for body in self.kinds if body.sure]
        own = [body for body in sure if body.template == template]
        return max(own or sure, key=lambda body: body.count, default=None)

    def _add(self, body: ErrorBody) -> None:
        for known in self.kinds:
            if known.merge(body.parts, body.count, body.template):
                return
        if len(self.kinds) >= MAX_KINDS:
            self.kinds.remove(min(self.kinds, key=lambda each: each.count))
        self.kinds.append(body)


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
