r"""What a PCRE pattern means, as a tree.

Options and case are resolved while the pattern is read: a leaf is the set of bytes that it takes, so what follows the
reader knows no ``(?i)``, no ``\s`` and no ``.``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

__all__ = [
    "ANYTHING",
    "EMPTY",
    "Alternation",
    "Assertion",
    "Atomic",
    "Beyond",
    "Group",
    "Mode",
    "Node",
    "OneByte",
    "Place",
    "Repeat",
    "Sequence",
]


class Place(Enum):
    """A condition on the place in the text; takes no byte."""

    TEXT_START = auto()
    TEXT_END = auto()
    LINE_START = auto()
    """``^`` in multi-line mode: not after a newline that ends the text."""
    LINE_END = auto()
    LAST_LINE_END = auto()
    """``\\Z``: the end of the text, or before a newline that ends it."""
    WORD_EDGE = auto()
    NO_WORD_EDGE = auto()


class Mode(Enum):
    """What a repetition tries first, and whether it gives back."""

    GREEDY = auto()
    LAZY = auto()
    POSSESSIVE = auto()


@dataclass(frozen=True, slots=True)
class OneByte:
    """One byte out of a set: bit n of ``bytes`` stands for the byte n."""

    bytes: int


@dataclass(frozen=True, slots=True)
class Assertion:
    """A condition on the place; ``position`` in the pattern, for errors."""

    place: Place
    position: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other; without items it matches everywhere."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternation:
    """The first branch that leads to a match."""

    branches: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A capturing group; ``number`` counts from 1."""

    node: Node
    number: int


@dataclass(frozen=True, slots=True)
class Atomic:
    """A group that is not entered again once it has matched."""

    node: Node
    position: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """``node`` at least ``low`` and at most ``high`` times; None is without end."""

    node: Node
    low: int
    high: int | None
    mode: Mode
    position: int


@dataclass(frozen=True, slots=True)
class Beyond:
    """What RE2 cannot match: a look-around, a back-reference and the like.

    ``wider`` matches at least what it does, as far as bytes are taken; ``what`` names it for people.
    """

    wider: Node
    what: str
    position: int


Node = OneByte | Assertion | Sequence | Alternation | Group | Atomic | Repeat | Beyond

EMPTY = Sequence(())
ANYTHING = Repeat(OneByte((1 << 256) - 1), 0, None, Mode.GREEDY, 0)
