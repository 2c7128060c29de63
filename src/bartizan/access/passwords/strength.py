"""How hard a password is to guess, as zxcvbn estimates it (Wheeler, USENIX Security 2016).

This is no rule about what a password is composed of: it looks for what attackers try first, common words and names,
keyboard walks, dates, repetition, and for words of the person and of the place.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["ENOUGH", "weakness"]

ENOUGH = 10**8
"""Guesses, from which zxcvbn calls a password safely unguessable (score 3 of 4). Its score adds 5 to that, so that no
password of eight characters would ever reach it, not even a random one."""
LOOKED_AT = 32
"""Characters. What it takes grows with their square, and with ``@``, ``$``, ``1`` and the like up to half a second for
64; a password is at least as strong as what it begins with."""
MAX_WORDS, MAX_WORD = 64, 64  # characters


def weakness(password: str, words: Iterable[str] = ()) -> str | None:
    """Return why a password is too easy to guess, as advice to its person, or None if it is not.

    ``words`` are what an attacker would try for this person. It takes up to a third of a second: call it in a thread.
    """
    from zxcvbn import feedback, matching, scoring  # noqa: PLC0415 - a megabyte, for choosing alone

    text = password[:LOOKED_AT]
    if not text:
        return "It is empty."
    known = [word.lower()[:MAX_WORD] for word in words if word][:MAX_WORDS]
    # zxcvbn() itself keeps the words in a dictionary of the module, where other threads would find them.
    dictionaries = {**matching.RANKED_DICTIONARIES, "user_inputs": matching.build_ranked_dict(known)}
    found = scoring.most_guessable_match_sequence(text, matching.omnimatch(text, dictionaries))
    if found["guesses"] >= ENOUGH:
        return None
    told = feedback.get_feedback(0, found["sequence"])
    advice = (told["warning"], *told["suggestions"])
    return " ".join(("It is easy to guess.", *(f"{text.rstrip('.')}." for text in advice if text)))
