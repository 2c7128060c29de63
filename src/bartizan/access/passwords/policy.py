"""Which passwords people may choose, and for how long.

Two presets. ``nist-800-63b-4`` is SP 800-63B-4 section 3.1.1.2 as it stands. ``strict-rotation`` is for those who are
bound by older rules; what it departs from is listed in ``deviations.py`` and told wherever it is chosen.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from bartizan.access.passwords.blocklist import Blocklist
from bartizan.access.passwords.hashing import MAX_LENGTH, Passwords, normalised
from bartizan.access.passwords.strength import weakness
from bartizan.config.model import Access
from bartizan.errors import PasswordRefused

__all__ = ["PasswordPolicy", "policy_for"]

DAY = 86_400.0
_CLASSES = ("a small letter", "a capital", "a digit", "another character")


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What holds for one person, besides that it has to be hard to guess.

    ``classes``: of how many kinds there have to be characters. ``max_age``: seconds until it has to be changed, None
    for as long as nothing happened to it. ``history``: how many of the last passwords, the present one among them, may
    not be chosen again.
    """

    minimum: int
    classes: int = 0
    max_age: float | None = None
    history: int = 1
    blocklist: Blocklist = field(default_factory=Blocklist)

    def check(
        self,
        password: str,
        *,
        name: str,
        display_name: str = "",
        email: str | None = None,
        history: Sequence[bytes] = (),
        passwords: Passwords,
    ) -> None:
        """Raise ``PasswordRefused`` with every reason against a password.

        ``history`` are the hashes of the passwords so far, the oldest first. To try them takes as long as so many
        logins, so that is done last: call it in a thread of ``HashingThreads``.
        """
        plain = normalised(password)
        if plain is None:
            raise PasswordRefused((f"It has more than {MAX_LENGTH} characters.",))
        words = _words_of(name, display_name, email)
        blocked = self.blocklist.why(plain, words)
        weak = None if blocked else weakness(plain, (*words, *self.blocklist.words))
        reasons = [*self._form(plain), *filter(None, (blocked, weak))]
        if not reasons and any(passwords.verify(known, plain) for known in history[-self.history :]):
            reasons.append(self._reused)
        if reasons:
            raise PasswordRefused(tuple(reasons))

    def expired(self, created: float, now: float) -> bool:
        """Tell whether a password has reached the age at which it has to be changed (Unix times in seconds)."""
        return self.max_age is not None and now - created >= self.max_age

    def rules(self) -> list[str]:
        """Return as sentences what is asked besides length and classes, which pages tell while somebody types."""
        told = [
            "Hard to guess. Several words that have nothing to do with each other are, and are easy to remember.",
            "Not a common password, not one that is known from a breach, not a name of yours or of this place.",
            "Not the one that you have." if self.history == 1 else f"None of your last {self.history}.",
        ]
        if self.max_age is not None:
            told.append(f"It has to be changed after {self.max_age / DAY:.0f} days.")
        return told

    @property
    def _reused(self) -> str:
        return "You have it now." if self.history == 1 else f"It is one of your last {self.history} passwords."

    def _form(self, plain: str) -> Iterator[str]:
        if len(plain) < self.minimum:
            yield f"It has {len(plain)} characters, and needs at least {self.minimum}."
        kinds = [unicodedata.category(letter) for letter in plain]
        if not {"Cc", "Cn", "Cs"}.isdisjoint(kinds):  # of unassigned ones nobody knows how they will be normalised
            yield "It has a character that cannot be typed."
        missing = [name for name, there in zip(_CLASSES, _classes(kinds), strict=True) if not there]
        if self.classes > len(_CLASSES) - len(missing):
            yield f"It lacks {', '.join(missing)}."


@dataclass(frozen=True, slots=True)
class _Preset:
    """``alone``: the least length of a password that may be the only factor; ``with_mfa``: of one that never is."""

    alone: int
    with_mfa: int
    classes: int = 0
    max_age: float | None = None
    history: int = 1


_PRESETS = {
    "nist-800-63b-4": _Preset(alone=15, with_mfa=8),
    "strict-rotation": _Preset(alone=15, with_mfa=12, classes=4, max_age=90 * DAY, history=12),
}


def policy_for(access: Access, groups: Collection[str], *, alone: bool = False) -> PasswordPolicy:
    """Return the policy for a member of groups: of all that apply the strictest, rule by rule.

    ``alone`` is for passwords that may be the only factor. Here none may: every login takes another one.
    """
    chosen = [rules.password_policy for rules in access.groups if rules.name in groups and rules.password_policy]
    presets = [_PRESETS[name] for name in chosen or [access.password_policy]]
    ages = [preset.max_age for preset in presets if preset.max_age is not None]
    return PasswordPolicy(
        minimum=max(preset.alone if alone else preset.with_mfa for preset in presets),
        classes=max(preset.classes for preset in presets),
        max_age=min(ages, default=None),
        history=max(preset.history for preset in presets),
        blocklist=Blocklist(_words_of_place(access)),
    )


def _words_of_place(access: Access) -> Iterator[str]:
    host = (access.origin or "").partition("://")[2].partition(":")[0]
    yield from (access.title, *access.title.split(), host, *host.split("."), *access.blocklist)


def _words_of(name: str, display_name: str, email: str | None) -> tuple[str, ...]:
    address, _, domain = (email or "").partition("@")
    parts = address.replace("_", ".").replace("-", ".").split(".")
    return (name, display_name, *display_name.split(), email or "", address, *parts, domain, *domain.split("."))


def _classes(kinds: Collection[str]) -> tuple[bool, bool, bool, bool]:
    other = any(kind[0] != "L" and kind != "Nd" for kind in kinds)
    return "Ll" in kinds, "Lu" in kinds, "Nd" in kinds, other
