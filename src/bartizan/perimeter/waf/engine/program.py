"""Rules in the form that runs: everything that can be worked out once is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from bartizan.perimeter.waf.engine.macros import Expansion
from bartizan.perimeter.waf.engine.variables import Pairs, Reader
from bartizan.perimeter.waf.seclang.model import Disruption, EngineMode, Place, Settings, Target

if TYPE_CHECKING:
    from bartizan.perimeter.waf.engine.transaction import Transaction

__all__ = [
    "Captures",
    "CompiledAction",
    "CompiledControl",
    "CompiledLink",
    "CompiledRule",
    "CompiledSetVar",
    "CompiledTarget",
    "Exclusion",
    "Gate",
    "Hoisted",
    "Operator",
    "Outcome",
    "Program",
    "Transformation",
]

REMEMBERED = 4096  # names of TX variables
REMEMBERED_LENGTH = 128  # bytes of a name
REMEMBERED_VALUE = 2048  # bytes of a value of which the gate remembers what may match it

Captures = tuple[bytes, ...]
Operator = Callable[[bytes], Captures | None]
Transformation = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Members of ``variable`` that a rule does not look at: those whose name ``excludes`` says so."""

    variable: str
    excludes: Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class CompiledTarget:
    """A target: ``fetch`` reads it with its selector and the rule's own exclusions applied."""

    target: Target
    label: bytes
    fetch: Callable[[Transaction], Pairs]
    is_collection: bool
    ask: Callable[[bytes], int] | None = None
    """Returns the rules that may match a value, remembered for values of up to ``REMEMBERED_VALUE`` bytes."""


@dataclass(frozen=True, slots=True)
class CompiledSetVar:
    """``setvar``; ``change`` computes the new value from the old one, None removes the variable."""

    collection: str
    name: Expansion
    operation: Literal["set", "add", "subtract", "unset"]
    value: Expansion
    known_name: bytes = b""
    """The name in lower case, if it has no macro."""
    known_amount: int | None = None
    """What ``add`` and ``subtract`` add, if it has no macro."""


@dataclass(frozen=True, slots=True)
class CompiledControl:
    """``ctl``: ``apply`` changes the transaction."""

    apply: Callable[[Transaction], None]


@dataclass(frozen=True, slots=True)
class CompiledAction:
    """Any other action that takes effect when the whole rule has matched."""

    apply: Callable[[Transaction], None]


@dataclass(frozen=True, slots=True)
class CompiledLink:
    """One link. ``operator`` is None when the argument has macros; then ``operator_for`` makes it."""

    place: Place
    targets: tuple[CompiledTarget, ...]
    operator: Operator | None
    operator_for: Callable[[Transaction], Operator] | None
    negated: bool
    always: bool
    """Whether it is a ``SecAction``: it matches without looking at anything."""
    chain: tuple[Transformation, ...]
    chain_id: int
    multi_match: bool
    capture: bool
    setvars: tuple[CompiledSetVar, ...]
    controls: tuple[CompiledControl, ...]
    actions: tuple[CompiledAction, ...]
    beginnings: tuple[CompiledAction, ...] = ()
    """Actions that make collections known, before ``setvars``."""
    locate: Callable[[bytes], Mapping[bytes, bytes]] | None = None
    """``@geoLookup``: what GEO has when this matches."""
    bit: int = 0
    """What stands for the rule in the answers of ``ask``."""
    acts: bool = True
    """Whether anything is to be done for each value that matches."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule did that set nothing but TX variables (``writes``); ``skip_to`` as the rule's if it matched."""

    writes: dict[bytes, bytes]
    touched: int
    skip_to: int


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A chain of links and what follows from a match. ``position`` is its place in the order of all phases."""

    id: int
    phase: int
    position: int
    links: tuple[CompiledLink, ...]
    disruption: Disruption
    disruption_argument: Expansion
    status: int
    msg: Expansion | None
    logdata: Expansion | None
    tags: tuple[Expansion, ...]
    fixed_tags: tuple[str, ...]
    """The tags, if none has a macro."""
    severity: int | None
    ver: str
    rev: str
    maturity: int
    accuracy: int
    log: bool
    audit_log: bool
    skip_to: int
    """Where to go on after a match: a position in the same phase; 0: with the next rule."""
    quiet: bool = False
    """Whether a match has no effect beside TX variables and skips: no log, no ``ctl``, no disruption."""
    repeatable: bool = False
    """Whether a match, too, depends on the inputs alone and is quiet."""
    inputs: tuple[Reader, ...] | None = None
    """What alone decides what the rule does; None if that cannot be told, or is not worth remembering."""
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    """What the rule did, by the hash of its inputs (keyed by this process: see ``compiler.groups``)."""


@dataclass(frozen=True, slots=True)
class Hoisted:
    """A value that the rule at ``position`` would set in every transaction; it is set from the beginning instead."""

    position: int
    name: bytes
    before: bytes | None
    value: bytes


@dataclass(frozen=True, slots=True)
class Gate:
    """What tells which rules may match: ``facts`` has one function per phase, from transaction to a set of rules.

    A set of rules is an integer with the bit of each rule's position. What is not in the set cannot match.
    """

    facts: tuple[tuple[Callable[[Transaction], int], ...], ...]
    gated: int
    """Rules that it tells about."""


@dataclass(slots=True)
class Program:
    """A whole rule set, compiled for one configuration."""

    rules: tuple[CompiledRule, ...]
    phases: tuple[tuple[int, int], ...]
    """By phase (0 is unused): first position, and the one behind the last."""
    settings: Settings
    initial: dict[bytes, bytes] = field(default_factory=dict)
    """TX as it is once everything that never varies has been done."""
    hoisted: tuple[Hoisted, ...] = ()
    """In the order of their positions."""
    folded: int = 0
    """Rules that never run since their effect is known."""
    relied: int = 0
    """Rules whose effect was taken for certain when others were folded."""
    foreseen: int = 0
    """Of them, those on whose effect rules of other phases may rely, too: what they set, not what they skip."""
    always: int = 0
    """Rules that run in every transaction."""
    first_of_body: int = 0
    """The first rules of phase 2, as far as they only ask whether the body could be read."""
    readers: Mapping[bytes, int] = field(default_factory=dict)
    """By TX variable: rules that read it, and run only if it was changed."""
    pattern_readers: Sequence[tuple[Callable[[bytes], bool], int]] = ()
    gate: Gate | None = None
    """None: every rule runs."""
    time_budget: float = float("inf")
    on_budget: Literal["allow", "deny"] = "deny"
    loads_collections: bool = False
    """Whether any rule reads persistent collections."""
    by_id: Mapping[int, int] = field(default_factory=dict)
    mode: EngineMode = "on"
    notices: tuple[str, ...] = ()
    _reading: dict[bytes, int] = field(default_factory=dict)

    def watch(self, readers: Mapping[bytes, int], patterns: Sequence[tuple[Callable[[bytes], bool], int]]) -> None:
        """Have rules run when what they read of TX was changed, by name and by pattern of names."""
        self.readers = readers
        self.pattern_readers = patterns
        self._reading.clear()

    def rules_that_read(self, name: bytes) -> int:
        """Return the rules that have to run when the TX variable ``name`` was changed. The last ones are remembered."""
        mask = self._reading.get(name)
        if mask is None:
            mask = self.readers.get(name, 0)
            for reads, rules in self.pattern_readers:
                if reads(name):
                    mask |= rules
            if len(self._reading) >= REMEMBERED:
                self._reading.clear()
            if len(name) <= REMEMBERED_LENGTH:
                self._reading[name] = mask
        return mask
