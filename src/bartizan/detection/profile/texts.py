"""What is kept of the texts at one place: forms, lengths, times, and the few words that many objects have."""

from __future__ import annotations

import msgspec

from bartizan.detection.fakes.forms import form_of, moment_of
from bartizan.detection.fakes.wording import pattern_of
from bartizan.detection.profile.candidates import CLOSED, KEPT, MANY, MAX_VALUES, Candidates

__all__ = ["Texts"]

MAX_FORMS = 8
MAX_PATTERNS = 12
MAX_SIZE = 40  # characters of texts whose lengths are counted
MAX_TIME = 4e9  # Unix seconds
MAX_PREFIX = 6
_PREFIXED = ("parts:{A:", "parts:{a:")
_TIMES = ("datetime", "date", "http-date")


class Texts(msgspec.Struct, omit_defaults=True):
    """Counts. ``values`` are words that may be kept, with how often they were seen; ``closed``: there are too many."""

    count: int = 0
    low: int = 0
    high: int = 0
    forms: dict[str, int] = {}
    values: dict[str, int] = {}
    prefixes: dict[str, int] = {}
    """Letters that many objects' numbers begin with: ORD of ORD-1042."""
    closed: bool = False
    latest: float = 0.0
    """The latest time among them, in Unix seconds."""
    earliest: float = 0.0
    """The earliest one; 0 if there was none."""
    patterns: dict[str, int] = {}
    """How texts of a few words are written: ``Aa, a``."""
    wide: int = 0
    """How many had other letters than those of ASCII."""
    sizes: dict[int, int] = {}
    """How many were how long, of those of a few words."""

    def learn(
        self,
        text: str,
        place: str,
        identity: int,
        candidates: Candidates,
        *,
        keepable: bool,
        many: int = MANY,
        form: str = "",
    ) -> None:
        """Take in one text of the object ``identity``; ``keepable``: it may be kept once many objects have it.

        ``form`` is what its form is, for whom knows more of it than its letters say.
        """
        size = len(text)
        self.low = size if not self.count else min(self.low, size)
        self.high = max(self.high, size)
        self.count += 1
        form = form or form_of(text)
        if form not in self.forms and len(self.forms) >= MAX_FORMS:
            form = "text"
        self.forms[form] = self.forms.get(form, 0) + 1
        if form == "text":
            self._written(text)
        if form.startswith(_PREFIXED):
            prefix = _prefix(text)
            if prefix and candidates.see(place + "^", prefix, identity) == KEPT:
                self.prefixes[prefix] = self.prefixes.get(prefix, 0) + 1
        if form.startswith(_TIMES):
            self._time(moment_of(text))
        if not text:
            return
        if not keepable:
            if not self.closed:
                candidates.close(place)
                self._close()
            return
        if self.closed:
            return
        known = candidates.see(place, text, identity, many)
        if known == CLOSED:
            self._close()
        elif known == KEPT:
            self.values[text] = self.values.get(text, 0) + 1

    def merge(self, other: Texts) -> None:
        """Take in what was learned elsewhere."""
        if not other.count:
            return
        self.low = other.low if not self.count else min(self.low, other.low)
        self.high = max(self.high, other.high)
        self.count += other.count
        self.latest = max(self.latest, other.latest)
        self.earliest = min(self.earliest or other.earliest, other.earliest or self.earliest)
        for form, count in other.forms.items():
            known = form if form in self.forms or len(self.forms) < MAX_FORMS else "text"
            self.forms[known] = self.forms.get(known, 0) + count
        for prefix, count in other.prefixes.items():
            if prefix in self.prefixes or len(self.prefixes) < MAX_VALUES:
                self.prefixes[prefix] = self.prefixes.get(prefix, 0) + count
        for pattern, count in other.patterns.items():
            self._pattern(pattern, count)
        self.wide += other.wide
        for size, count in other.sizes.items():
            self.sizes[size] = self.sizes.get(size, 0) + count
        for value, count in other.values.items():
            self.values[value] = self.values.get(value, 0) + count
        if self.closed or other.closed or len(self.values) > MAX_VALUES:
            self._close()

    def halve(self) -> None:
        """Let what is new count for more than what is old."""
        self.count = self.count // 2 + 1
        self.forms = {form: count // 2 for form, count in self.forms.items() if count > 1}
        self.patterns = {pattern: count // 2 for pattern, count in self.patterns.items() if count > 1}
        self.wide = (self.wide + 1) // 2
        self.sizes = {size: count // 2 for size, count in self.sizes.items() if count > 1}
        self.values = {value: count // 2 + 1 for value, count in self.values.items()}

    @property
    def form(self) -> str:
        """The form that most have; letters that nearly all begin with stand in it as they are."""
        form = max(self.forms, key=self.forms.__getitem__, default="text")
        prefix = max(self.prefixes, key=self.prefixes.__getitem__, default="")
        if prefix and self.prefixes[prefix] * 2 > self.count and form.startswith(_PREFIXED):
            return "parts:" + prefix + form.partition("}")[2]
        return form

    @property
    def usual(self) -> list[str]:
        """The patterns that at least one text in five has, in an order of their own."""
        return sorted(pattern for pattern, count in self.patterns.items() if pattern and count * 5 >= self.count)

    @property
    def middling(self) -> tuple[int, int]:
        """Two lengths in characters: a tenth of the texts is shorter than the first, a tenth longer than the second."""
        rest, whole = sorted(self.sizes.items()), sum(self.sizes.values())
        ends = []
        for side in (rest, rest[::-1]):
            left = whole // 10
            for size, count in side:
                left -= count
                if left < 0:
                    ends.append(size)
                    break
        return (ends[0], ends[1]) if len(ends) == 2 else (self.low, self.high)

    @property
    def few(self) -> list[str]:
        """The words, if most texts are one of them; the most frequent first."""
        if self.closed or sum(self.values.values()) * 5 < self.count * 2:
            return []
        return sorted(self.values, key=lambda value: (-self.values[value], value))

    def _time(self, at: float | None) -> None:
        if at is not None and 0 < at < MAX_TIME:
            self.latest = max(self.latest, at)
            self.earliest = min(self.earliest or at, at)

    def _written(self, text: str) -> None:
        self._pattern(pattern_of(text), 1)
        self.wide += not text.isascii()
        if len(text) <= MAX_SIZE:
            self.sizes[len(text)] = self.sizes.get(len(text), 0) + 1

    def _pattern(self, pattern: str, count: int) -> None:
        if pattern in self.patterns or len(self.patterns) < MAX_PATTERNS:
            self.patterns[pattern] = self.patterns.get(pattern, 0) + count

    def _close(self) -> None:
        self.closed = True
        self.values.clear()


def _prefix(text: str) -> str:
    """Return the letters that a text begins with, if they are few."""
    letters = 0
    while letters < len(text) and text[letters].isalpha():
        letters += 1
    return text[:letters] if letters <= MAX_PREFIX else ""
