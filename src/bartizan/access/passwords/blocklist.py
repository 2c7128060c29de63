"""Passwords that nobody may have: the common and breached ones that zxcvbn ships, and words of the place.

SP 800-63B-4 section 3.1.1.2 asks for such a list, compared with the password as a whole.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache

__all__ = ["Blocklist"]

_LISTS = ("passwords", "english_wikipedia", "us_tv_and_film", "surnames", "female_names", "male_names")
_SUBSTITUTED = str.maketrans("4@8310!|57$2", "aabeiolistsz"[:12])
_TRIMMED = "0123456789!?.,;:-_*#$%&+= "
_LEAST_WORD = 4  # characters of a word of the place that count


class Blocklist:
    """The bundled list, with ``words`` of the place besides: names of the service and of the company."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._words = frozenset(_folded(word) for word in words if len(word) >= _LEAST_WORD)

    def why(self, password: str, context: Iterable[str] = ()) -> str | None:
        """Return why a password may not be had, a sentence for its person, or None.

        ``context`` are words of the person: name, parts of it, e-mail address.
        """
        plain = _folded(password)
        bare = plain.strip(_TRIMMED)
        forms = {plain, bare, plain.translate(_SUBSTITUTED).strip(_TRIMMED)}
        if not _common().isdisjoint(forms):
            return "This password is among those that attackers try first."
        words = {_folded(word) for word in context if len(word) >= _LEAST_WORD} | self._words
        if not words.isdisjoint(forms):
            return "This password is your name, or a name of this place."
        if len(set(plain)) <= 2 or _is_sequence(plain):
            return "This password is one or two characters again and again, or a sequence."
        return None


@cache
def _common() -> frozenset[str]:
    """Return the bundled list: about 90,000 entries, read when the first password is chosen."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - a megabyte that only choosing needs

    return frozenset(word for name in _LISTS for word in FREQUENCY_LISTS[name])


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _is_sequence(text: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in zip(text, text[1:], strict=False)}
    return len(steps) == 1
