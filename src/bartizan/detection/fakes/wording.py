"""How texts are written: ``Tent, folding`` is ``Aa, a``. A pattern says nothing of what a text says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bartizan.detection.fakes.keyed import Keyed

__all__ = ["fits", "folded", "pattern_of", "styled"]

MAX_WORDS = 6
_WORD = re.compile(r"[^\W_]+")
_BETWEEN = frozenset(" ,.-/&:")
_APART = str.maketrans({"ß": "ss", "æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d"})


def pattern_of(text: str) -> str:
    """Return the pattern of a text of a few words, "" for any other: letters by case, digits, what is in between."""
    words = _WORD.findall(text[:160])
    between = _WORD.split(text[:160])
    if not 0 < len(words) <= MAX_WORDS or not all(_BETWEEN.issuperset(each) and len(each) <= 3 for each in between):
        return ""
    return "".join([gap + kind for gap, kind in zip(between, [*map(_kind, words), ""], strict=True)])


def fits(text: str, patterns: Sequence[str]) -> bool:
    """Tell whether a text has as many words as one of the patterns."""
    count = len(_WORD.findall(text))
    return any(len(_WORD.findall(each)) == count for each in patterns)


def styled(text: str, patterns: Sequence[str], keyed: Keyed) -> str:
    """Return a text written as one of the patterns that has as many words; as it is where there is none."""
    words = _WORD.findall(text)
    if not patterns or pattern_of(text) in patterns:
        return text
    fitting = [each for each in patterns if len(_WORD.findall(each)) == len(words)]
    if not fitting:
        return text
    pattern = keyed.sub("pattern").choice(fitting)
    if len(words) == 2 and ", " in pattern:  # the thing goes first then
        words.reverse()
    made = iter(words)
    return _WORD.sub(lambda kind: _written(next(made), kind[0]), pattern)


def folded(text: str) -> str:
    """Return a text in ASCII, as systems write names that know no other letters."""
    plain = unicodedata.normalize("NFKD", text.translate(_APART))
    return plain.encode("ascii", "ignore").decode("ascii")


def _kind(word: str) -> str:
    if word.isdigit():
        return "9"
    if word.islower():
        return "a"
    return "A" if word.isupper() else "Aa"


def _written(word: str, kind: str) -> str:
    if kind == "a":
        return word.lower()
    if kind == "A":
        return word.upper()
    return word[:1].upper() + word[1:] if kind == "Aa" else word
