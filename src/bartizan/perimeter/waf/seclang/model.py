"""What a rule set says, as data: rules, markers and settings, as they were written and before they are compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bartizan.perimeter.waf.seclang.template import Template

__all__ = [
    "Action",
    "Control",
    "Disruption",
    "EngineMode",
    "Link",
    "Marker",
    "Operation",
    "Place",
    "Rule",
    "RuleBook",
    "Selector",
    "SetVar",
    "Settings",
    "Target",
]

_SEPARATORS = frozenset("|, \t")
"""What would end a selector that is not in quotes."""

EngineMode = Literal["on", "detection_only", "off"]
Disruption = Literal["pass", "block", "deny", "drop", "redirect", "allow"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written; lines count from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Selector:
    """Which members of a collection: of one name (``key``, lower case), by ``regex`` on the name, or an ``xpath``."""

    kind: Literal["key", "regex", "xpath"]
    text: bytes


@dataclass(frozen=True, slots=True)
class Target:
    """What a rule looks at: a variable, all of it or what ``selector`` says, its values or their number."""

    variable: str
    selector: Selector | None = None
    count: bool = False

    def __str__(self) -> str:
        text = ("&" if self.count else "") + self.variable
        if self.selector is None:
            return text
        name = self.selector.text.decode("latin-1")
        if self.selector.kind == "regex":
            return f"{text}:/{name}/"
        if self.selector.kind == "key" and (name[0] in "'/" or not _SEPARATORS.isdisjoint(name)):
            name = "'" + name.replace("'", "\\'") + "'"
        return f"{text}:{name}"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator with its argument, which may hold macros."""

    name: str
    argument: Template
    negated: bool = False

    def __str__(self) -> str:
        return f"{'!' if self.negated else ''}@{self.name} {self.argument}".rstrip()


@dataclass(frozen=True, slots=True)
class SetVar:
    """``setvar``: give ``collection``:``name`` a value, add to it, take from it, or remove it."""

    collection: str
    name: Template
    operation: Literal["set", "add", "subtract", "unset"]
    value: Template


@dataclass(frozen=True, slots=True)
class Control:
    """``ctl``: change the engine for the rest of this transaction. ``target`` is for ``ruleRemoveTargetBy…``."""

    name: str
    value: Template
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """Any other action that takes effect on a match: ``expirevar``, ``initcol``, ``setsid``, ``sanitise…``."""

    name: str
    value: Template
    key: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One ``SecRule`` or ``SecAction`` of a chain. ``operation`` is None for ``SecAction``."""

    place: Place
    targets: tuple[Target, ...]
    excluded: tuple[Target, ...]
    operation: Operation | None
    transformations: tuple[str, ...]
    multi_match: bool = False
    capture: bool = False
    setvars: tuple[SetVar, ...] = ()
    controls: tuple[Control, ...] = ()
    actions: tuple[Action, ...] = ()
    namespaces: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A chain of links with what identifies it and what happens when the whole of it matches.

    ``phase`` is 1 to 5. ``severity`` is 0 (emergency) to 7 (debug). ``skip_after`` names a marker or a rule id.
    """

    id: int
    phase: int
    links: tuple[Link, ...]
    disruption: Disruption = "pass"
    disruption_argument: Template = field(default_factory=lambda: Template(()))
    """Where ``redirect`` leads; ``phase`` or ``request`` for ``allow``."""
    status: int = 403
    msg: Template | None = None
    logdata: Template | None = None
    tags: tuple[Template, ...] = ()
    severity: int | None = None
    ver: str = ""
    rev: str = ""
    maturity: int = 0
    accuracy: int = 0
    log: bool = True
    audit_log: bool = True
    skip: int = 0
    skip_after: str = ""

    @property
    def place(self) -> Place:
        """Where the rule begins."""
        return self.links[0].place


@dataclass(frozen=True, slots=True)
class Marker:
    """``SecMarker``: where ``skipAfter`` goes on."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Settings:
    """What the engine directives say; sizes in bytes, times in seconds."""

    mode: EngineMode = "off"
    request_body_access: bool = False
    request_body_limit: int = 128 * 1024 * 1024
    request_body_no_files_limit: int = 1024 * 1024
    request_body_limit_action: Literal["reject", "process_partial"] = "reject"
    json_depth_limit: int = 512
    arguments_limit: int = 1000
    upload_file_limit: int = 100
    response_body_access: bool = False
    response_body_types: frozenset[bytes] = frozenset((b"text/plain", b"text/html"))
    response_body_limit: int = 512 * 1024
    response_body_limit_action: Literal["reject", "process_partial"] = "process_partial"
    collection_timeout: float = 3600.0
    argument_separator: int = ord("&")
    cookie_format: int = 0
    unicode_map: tuple[Path, int] | None = None
    geo_database: Path | None = None
    web_app_id: str = ""
    component_signatures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleBook:
    """A rule set as it was read: rules and markers in order, and settings.

    ``notices`` are directives that have no meaning here, one message each, with its place.
    """

    entries: tuple[Rule | Marker, ...]
    settings: Settings
    notices: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    """Every file that was read, data files of operators included, for watching and for cache keys."""
    directories: Mapping[str, Path] = field(default_factory=dict)
    """The directory of each rule file, by the name its places use: operators find their data files there."""
