"""Which passwords people may choose, and for how long.

Two presets. ``nist-800-63b-4`` is SP 800-63B-4 section 3.1.1.2 as it stands. ``strict-rotation`` is for those who are
bound by older rules; what it departs from is listed in ``DEVIATIONS`` and told wherever it is chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from bartizan.access.passwords.blocklist import Blocklist
from bartizan.access.passwords.hashing import MAX_LENGTH, Passwords, normalised
from bartizan.config.model import Access
from bartizan.errors import PasswordRefused

__all__ = ["DEVIATIONS", "Deviation", "PasswordPolicy", "deviation_notices", "policy_for"]

DAY = 86_400.0
STRENGTH = 3  # of zxcvbn, 0 to 4: more than 10^8 guesses
_ZXCVBN_LENGTH = 72  # characters that zxcvbn looks at: it takes long for more, and more only makes it stronger
_CLASSES = ("a lower-case letter", "an upper-case letter", "a digit", "another character")


class Deviation(NamedTuple):
    """What a preset does otherwise than a clause of SP 800-63B-4 says."""

    clause: str
    says: str
    does: str


DEVIATIONS = (
    Deviation(
        "3.1.1.2 (5)",
        "verifiers SHALL NOT impose other composition rules, such as mixtures of character types",
        "asks for characters of all four classes",
    ),
    Deviation(
        "3.1.1.2 (6)",
        "verifiers SHALL NOT require subscribers to change passwords periodically",
        "asks for a new password after 90 days",
    ),
)
"""Of ``strict-rotation``; the history that it keeps is no deviation, only a rule of its own."""


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """What holds for one person. ``max_age`` in seconds, None for as long as nothing happened to the password."""

    minimum: int
    classes: int = 0
    max_age: float | None = None
    history: int = 0
    blocklist: Blocklist = field(default_factory=Blocklist)

    def check(
        self,
        password: str,
        *,
        name: str,
        display_name: str = "",
        email: str | None = None,
        history: Sequence[bytes] = (),
        passwords: Passwords | None = None,
    ) -> None:
        """Raise ``PasswordRefused`` with every reason against a password.

        ``history`` are the hashes of passwords before, the oldest first; to try them takes as long as so many logins.
        """
        plain = normalised(password)
        if plain is None:
            raise PasswordRefused((f"It has more than {MAX_LENGTH} characters.",))
        reasons = [*self._form(plain)]
        known = (name, display_name, *display_name.split(), email or "", (email or "").partition("@")[0])
        blocked = self.blocklist.why(plain, known)
        if blocked is not None:
            reasons.append(blocked)
        elif (weak := _weakness(plain, known)) is not None:
            reasons.append(weak)
        if not reasons and self.history and passwords is not None:
            recent = history[-self.history :]
            if any(passwords.verify(hashed, plain) for hashed in recent):
                reasons.append(f"This is one of your last {self.history} passwords.")
        if reasons:
            raise PasswordRefused(tuple(reasons))

    def expired(self, created: float, now: float) -> bool:
        """Tell whether a password of that age has to be changed (Unix times in seconds)."""
        return self.max_age is not None and now - created >= self.max_age

    def rules(self) -> list[str]:
        """Return the rules as sentences for people."""
        told = [f"At least {self.minimum} characters. Several words are easy to remember and hard to guess."]
        if self.classes:
            told.append(f"Characters of {self.classes} kinds: {', '.join(_CLASSES)}.")
        told.append("Not a password that is known from breaches, nor your name.")
        if self.history:
            told.append(f"None of your last {self.history} passwords.")
        if self.max_age is not None:
            told.append(f"It has to be changed after {self.max_age / DAY:.0f} days.")
        return told

    def _form(self, plain: str) -> Iterator[str]:
        if len(plain) < self.minimum:
            yield f"It has {len(plain)} characters, and needs at least {self.minimum}."
        missing = [name for name, there in zip(_CLASSES, _classes(plain), strict=True) if not there]
        if self.classes > len(_CLASSES) - len(missing):
            yield f"It lacks {', '.join(missing)}."


_PRESETS = {
    # 15 characters where it is the only factor, 8 with another: here there always is another (section 3.1.1.2 (1))
    "nist-800-63b-4": PasswordPolicy(minimum=8),
    "strict-rotation": PasswordPolicy(minimum=12, classes=4, max_age=90 * DAY, history=12),
}


def policy_for(access: Access, groups: Collection[str]) -> PasswordPolicy:
    """Return the policy for a member of groups: of all that apply the strictest, rule by rule."""
    chosen = [rules.password_policy for rules in access.groups if rules.name in groups and rules.password_policy]
    presets = [_PRESETS[name] for name in chosen or [access.password_policy]]
    ages = [preset.max_age for preset in presets if preset.max_age is not None]
    host = (access.origin or "").partition("://")[2].partition(":")[0]
    words = (access.title, host, *host.split("."), *access.blocklist)
    return replace(
        presets[0],
        minimum=max(preset.minimum for preset in presets),
        classes=max(preset.classes for preset in presets),
        max_age=min(ages, default=None),
        history=max(preset.history for preset in presets),
        blocklist=Blocklist(words),
    )


def deviation_notices(access: Access) -> list[str]:
    """Return a line for each clause of SP 800-63B-4 that the configuration departs from, with where it does."""
    places = ["access.password_policy"] if access.password_policy == "strict-rotation" else []  # noqa: S105
    places += [
        f"access.groups[{number}].password_policy"
        for number, rules in enumerate(access.groups)
        if rules.password_policy == "strict-rotation"  # noqa: S105
    ]
    return [
        f"{place}: strict-rotation departs from SP 800-63B-4 section {each.clause} ({each.says}): it {each.does}"
        for place in places
        for each in DEVIATIONS
    ]


def _classes(plain: str) -> tuple[bool, bool, bool, bool]:
    return (
        any(letter.islower() for letter in plain),
        any(letter.isupper() for letter in plain),
        any(letter.isdigit() for letter in plain),
        any(not letter.isalnum() for letter in plain),
    )


def _weakness(plain: str, known: Sequence[str]) -> str | None:
    from zxcvbn import zxcvbn  # noqa: PLC0415 - a megabyte that only choosing needs

    found = zxcvbn(plain[:_ZXCVBN_LENGTH], user_inputs=[word for word in known if word])
    if found["score"] >= STRENGTH:
        return None
    advice = [found["feedback"]["warning"], *found["feedback"]["suggestions"]]
    told = " ".join(text if text.endswith(".") else f"{text}." for text in advice if text)
    return f"It is easy to guess. {told}".strip()
