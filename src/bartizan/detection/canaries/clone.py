"""An object like those beside it: the bytes of one, with values that any of them could have.

White space, order and the way strings are escaped stay as they are. What only few values occur for (a status) is one of
these; numbers are between the smallest and the largest; times are on a day of a sibling's; names and mail addresses are
those of somebody made up, at a domain of a sibling's; other texts have other digits, or parts of several siblings'.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Sequence

from bartizan.detection.edits.scan import Span, items_at, members_of
from bartizan.detection.fakes.forms import form_of, make
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.named import text_for, words_of
from bartizan.detection.fakes.persona import Persona

__all__ = ["clone"]

MAX_DEPTH = 6  # of objects in objects
MAX_SIBLINGS = 50  # that are looked at
_DECIMAL = re.compile(rb"-?\d+\.(\d{1,12})")
_RANDOM = frozenset(("uuid", "UUID", "hex", "HEX", "base64", "ipv4", "jwt"))
"""Forms of texts in which nothing is anybody's."""

Object = dict[str, object]
Identity = tuple[str, int | str, int | str]


def clone(text: bytes, span: Span, siblings: Sequence[Object], identity: Identity, keyed: Keyed) -> bytes:
    """Return the object at ``span`` of a JSON text with other values.

    ``siblings`` are the parsed objects beside it, itself among them; ``identity`` is the name of the field with its id,
    the id, and the id that it gets. Raises ``ValueError`` for what is nested too deeply or has a name twice.
    """
    return _Cloner(text, identity, keyed).of(span, siblings[:MAX_SIBLINGS], depth=0)


class _Cloner:
    def __init__(self, text: bytes, identity: Identity, keyed: Keyed) -> None:
        self._text = text
        self._field, self._old, self._new = identity
        self._keyed = keyed
        self._persona = Persona(keyed.sub("persona"))
        self._ascii = text.isascii()
        self._slashes = b"\\/" in text

    def of(self, span: Span, siblings: Sequence[Object], *, depth: int) -> bytes:
        if depth > MAX_DEPTH:
            raise ValueError("is nested too deeply")
        made, at = [], span.start
        for member in members_of(self._text, span):
            samples = [sibling[member.name] for sibling in siblings if member.name in sibling]
            made.append(self._text[at : member.value.start])
            if depth == 0 and member.name == self._field:
                made.append(self._written(self._new))
            else:
                made.append(self._value(member.name, member.value, samples, depth))
            at = member.value.end
        made.append(self._text[at : span.end])
        return b"".join(made)

    def _value(self, name: str, span: Span, samples: Sequence[object], depth: int) -> bytes:
        raw = self._text[slice(*span)]
        first = raw[:1]
        if first == b"{":
            return self.of(span, [each for each in samples if isinstance(each, dict)], depth=depth + 1)
        if first == b"[":
            return self._list(name, raw, depth)
        old = json.loads(raw)
        new = self._scalar(name, old, raw, samples)
        return raw if new == old and type(new) is type(old) else self._written(new, raw)

    def _list(self, name: str, raw: bytes, depth: int) -> bytes:
        """Return a list with other values: what it has itself are the samples."""
        if depth > MAX_DEPTH:
            raise ValueError("is nested too deeply")
        values = json.loads(raw)
        inner = _Cloner(raw, (self._field, self._old, self._new), self._keyed)
        made, at = [], 0
        for span in items_at(raw, ()):
            made.append(raw[at : span.start])
            made.append(inner._value(name, span, values, depth + 1))
            at = span.end
        return b"".join((*made, raw[at:]))

    def _scalar(self, name: str, old: object, raw: bytes, samples: Sequence[object]) -> object:
        alike = [each for each in samples if type(each) is type(old)]
        if isinstance(old, str) and self._names_it(old):
            return old.replace(str(self._old), str(self._new))
        if old is None or isinstance(old, bool) or len(alike) < 2 or len(set(map(str, alike))) * 2 <= len(alike):
            choices = [each for each in samples if not isinstance(each, dict | list)] or [old]
            return self._keyed.choice(choices)
        if isinstance(old, int):
            low, high = _bounds([each for each in alike if isinstance(each, int)])
            return self._keyed.between(low, high)
        if isinstance(old, float):
            return self._fraction(raw, [each for each in alike if isinstance(each, float)])
        return self._words(name, [each for each in alike if isinstance(each, str)])

    def _names_it(self, text: str) -> bool:
        """Tell whether a text has the object's id in it, as links to it do."""
        return len(str(self._old)) > 0 and str(self._old) in re.split(r"[/?&=#]", text)

    def _fraction(self, raw: bytes, numbers: Sequence[float]) -> float:
        found = _DECIMAL.fullmatch(raw)
        if found is None:
            return float(raw)
        scale: int = 10 ** len(found.group(1))
        low, high = _bounds([round(number * scale) for number in numbers])
        number = self._keyed.between(low, high)
        if number % 10 == 0 and not raw.endswith(b"0"):  # who writes 18.4 never writes 18.40
            number += -1 if number == high else 1
        return number / scale

    def _words(self, name: str, samples: Sequence[str]) -> str:
        text = self._keyed.choice(samples)
        form = form_of(text)
        kind = form.partition(":")[0]
        if kind == "datetime":  # the day is a sibling's, minutes and what follows are its own
            return text[:14] + f"{self._keyed.below(60):02d}" + self._digits(text[16:17]) + self._seconds(text[17:])
        if kind == "email":
            return f"{self._persona.user}@{text.partition('@')[2]}"
        if kind in _RANDOM:
            return make(form, self._keyed)
        if kind == "date":
            return text
        if any(letter.isdigit() for letter in text):
            return self._digits(text)
        named = text_for(words_of(name), self._persona, self._keyed) if text.isascii() else None
        if named is not None and not any(letter.isdigit() for letter in named) and (" " in named) is (" " in text):
            return named
        first, space, _ = text.partition(" ")
        _, other_space, rest = self._keyed.choice(samples).partition(" ")
        return f"{first} {rest}" if space and other_space else text

    def _seconds(self, rest: str) -> str:
        """Return seconds and their fraction anew; a zone stays."""
        zone = re.search(r"[Z+-]", rest)
        end = len(rest) if zone is None else zone.start()
        return (f"{self._keyed.below(60):02d}" + self._digits(rest[2:end]) if end >= 2 else rest[:end]) + rest[end:]

    def _digits(self, text: str) -> str:
        """Return a text with other digits; none that was not 0 becomes so."""
        return "".join(
            letter if letter not in string.digits or letter == "0" else str(1 + self._keyed.below(9)) for letter in text
        )

    def _written(self, value: object, like: bytes = b"") -> bytes:
        """Return a value as JSON, a number with as many decimals as another, a string escaped as strings are here."""
        found = _DECIMAL.fullmatch(like)
        if isinstance(value, float) and found is not None:
            return f"{value:.{len(found.group(1))}f}".encode("ascii")
        text = json.dumps(value, ensure_ascii=self._ascii)
        return (text.replace("/", "\\/") if self._slashes else text).encode("utf-8")


def _bounds(numbers: Sequence[int]) -> tuple[int, int]:
    return min(numbers), max(numbers)
