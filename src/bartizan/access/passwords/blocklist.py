"""Passwords that nobody may have (SP 800-63B-4 section 3.1.1.2): common and breached ones, and words of the place.

The bundled list is what the package zxcvbn brings: 30,000 passwords from breaches, and words and names of English, in
all about 90,000 entries. The password is compared with it as a whole, as the standard asks; what contains such words is
for ``strength.py`` to judge.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

__all__ = ["Blocklist", "bundled"]

LEAST_WORD = 4  # characters of a word of the place or person that counts
_SUBSTITUTED = str.maketrans("4@8310!|5$72+", "aabeioilsstzt")


class Blocklist:
    """The bundled list, with ``words`` of the place besides: names of the service, of the company, of the host."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self.words = frozenset(word for word in map(_folded, words) if len(word) >= LEAST_WORD)

    def why(self, password: str, context: Iterable[str] = ()) -> str | None:
        """Return why a password may not be had, a sentence for its person, or None.

        ``context`` are words of the person. Of these, and of the words of the place, also what is derived from them is
        refused: in other letters, with digits or signs around it, several times in a row.
        """
        folded = _folded(password)
        if any(folded in entries for entries in bundled().values()):
            return "It is among the passwords that attackers try first."
        words = self.words | {word for word in map(_folded, context) if len(word) >= LEAST_WORD}
        forms = {folded, _bare(folded), _bare(folded.translate(_SUBSTITUTED))}
        if any(_repeats(form, word) for form in forms for word in words | {_bare(word) for word in words}):
            return "It is a name of yours or of this place, or made of one."
        return None


def bundled() -> dict[str, dict[str, int]]:
    """Return the lists by name, each with the rank of every entry; they are read when they are asked for first."""
    from zxcvbn.matching import RANKED_DICTIONARIES  # noqa: PLC0415 - a megabyte, for choosing alone

    return {name: entries for name, entries in RANKED_DICTIONARIES.items() if name != "user_inputs"}


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _bare(text: str) -> str:
    """Return a text without spaces and signs, and without digits around it."""
    return "".join(letter for letter in text if letter.isalnum()).strip("0123456789")


def _repeats(text: str, word: str) -> bool:
    return len(word) >= LEAST_WORD and text == word * max(1, len(text) // len(word))
