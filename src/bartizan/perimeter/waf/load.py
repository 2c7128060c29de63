"""From rule files and settings to a rule set that inspects exchanges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import maxminddb

from bartizan.errors import Problem, SecLangError
from bartizan.perimeter.waf.compiler.databases import DatabaseCache, Shared, available
from bartizan.perimeter.waf.compiler.fold import Folding, fold
from bartizan.perimeter.waf.compiler.gate import build_gate
from bartizan.perimeter.waf.compiler.lower import Lowered, lower
from bartizan.perimeter.waf.compiler.purity import with_inputs
from bartizan.perimeter.waf.engine import Program, RequestHead, Transaction
from bartizan.perimeter.waf.operators import OPERATORS, Context
from bartizan.perimeter.waf.seclang import Marker, Rule, RuleBook, Source, parse_sources
from bartizan.perimeter.waf.seclang import Settings as EngineSettings
from bartizan.perimeter.waf.settings import Settings, closing_directives, opening_directives
from bartizan.perimeter.waf.transformations import TRANSFORMATIONS, UnicodeMapError, read_unicode_map, url_decode_uni

__all__ = ["Progress", "RuleSet", "load_rules", "lower_rules", "read_rules"]

Progress = Callable[[int, int], None]
"""Told how many databases of how many have been compiled."""

BODY_ERRORS = frozenset(
    ("&ARGS", "MULTIPART_STRICT_ERROR", "MULTIPART_UNMATCHED_BOUNDARY", "REQBODY_ERROR", "REQBODY_PROCESSOR_ERROR")
)
CRS_FIRST_RULE = range(901_000, 901_101)


class RuleSet:
    """A compiled rule set with the rules it was made from."""

    def __init__(self, program: Program, book: RuleBook) -> None:
        self.program = program
        self.book = book

    @property
    def notices(self) -> tuple[str, ...]:
        """What in the rules has no effect, one sentence each."""
        return self.program.notices

    def transaction(self, head: RequestHead) -> Transaction:
        """Return a new transaction for a request."""
        return Transaction(self.program, head, self.program.mode)


def load_rules(
    sources: Sequence[Source | Path],
    settings: Settings,
    cache: Path | None = None,
    progress: Progress | None = None,
    shared: Shared | None = None,
) -> RuleSet:
    """Read, lower and compile rules. Raises ``SecLangError`` with every problem found.

    ``cache`` is the directory of compiled databases (made if it is missing, readable by its owner only); without it
    they are compiled anew, which takes seconds for a large rule set. ``shared`` are the databases of other rule sets of
    this process.
    """
    book = read_rules(sources, settings)
    lowered = lower_rules(book, settings)
    program = lowered.program
    folding = fold(lowered)
    program.loads_collections = folding.loads_collections
    refused = [problem for position, problem in lowered.refused.items() if not folding.folded >> position & 1]
    if refused:
        raise SecLangError(refused)
    if settings.gate:
        databases = DatabaseCache(cache, progress, shared) if settings.hyperscan and available() else None
        _add_gate(lowered, folding, databases)
    program.time_budget = settings.time_budget
    program.on_budget = settings.on_budget
    return RuleSet(program, book)


def _add_gate(lowered: Lowered, folding: Folding, databases: DatabaseCache | None) -> None:
    """Have the program begin with what never varies, and know beforehand which rules may match."""
    program = lowered.program
    program.initial = folding.initial
    program.hoisted = tuple(folding.hoisted)
    program.folded = folding.folded
    program.foreseen = folding.foreseen
    program.relied = folding.relied
    program.always = folding.always
    program.first_of_body = _first_of_body(lowered)
    program.watch(folding.readers, tuple(folding.pattern_readers))
    program.gate, rules = build_gate(lowered, folding, databases)
    program.rules = with_inputs(lowered, folding, rules)
    if databases is None:
        program.notices += ("Hyperscan is not used: patterns are matched one by one with RE2, which is slower",)


def _first_of_body(lowered: Lowered) -> int:
    """Return the first rules of phase 2 that only ask whether the body could be read, and skip nothing."""
    mask = 0
    for position in range(*lowered.program.phases[2]):
        rule = lowered.order.rules[position]
        asked = {target.variable for link in rule.links for target in link.targets if not target.count}
        asked |= {f"&{target.variable}" for link in rule.links for target in link.targets if target.count}
        if not asked or not asked <= BODY_ERRORS or position in lowered.order.landings:
            break
        mask |= 1 << position
    return mask


def read_rules(sources: Sequence[Source | Path], settings: Settings) -> RuleBook:
    """Read rules with what ``settings`` add to them. Raises ``SecLangError``."""
    closing = Source("(exclusions of the configuration)", closing_directives(settings).encode(), Path())
    book = parse_sources([*sources, closing], OPERATORS.keys(), {*TRANSFORMATIONS, "none"})
    opening = Source("(settings of the configuration)", opening_directives(settings).encode(), Path())
    added = parse_sources([opening], OPERATORS.keys(), TRANSFORMATIONS.keys())
    return replace(
        book,
        entries=_inserted(book.entries, added.entries),
        settings=_settings(book.settings, settings),
        directories={**added.directories, **book.directories},
    )


def _inserted(entries: tuple[Rule | Marker, ...], added: tuple[Rule | Marker, ...]) -> tuple[Rule | Marker, ...]:
    for at, entry in enumerate(entries):
        if isinstance(entry, Rule) and entry.id in CRS_FIRST_RULE:
            return (*entries[:at], *added, *entries[at:])
    return (*added, *entries)


def _settings(written: EngineSettings, settings: Settings) -> EngineSettings:
    changes = {
        "mode": settings.mode,
        "request_body_access": settings.request_body,
        "request_body_limit": settings.request_body_limit,
        "response_body_access": settings.response_body,
        "response_body_limit": settings.response_body_limit,
        "geo_database": settings.geo_database,
    }
    return replace(written, **{name: value for name, value in changes.items() if value is not None})  # type: ignore[arg-type]


def lower_rules(book: RuleBook, settings: Settings) -> Lowered:
    """Return the program of a rule book, without gate and folding. Raises ``SecLangError``."""
    geo = _geo(book.settings.geo_database)
    contexts: dict[str, Context] = {}

    def context(file: str) -> Context:
        if file not in contexts:
            contexts[file] = Context(book.directories.get(file, Path()), geo, settings.hyperscan)
        return contexts[file]

    changed = {}
    if book.settings.unicode_map is not None:
        path, code_page = book.settings.unicode_map
        try:
            changed["urldecodeuni"] = url_decode_uni(read_unicode_map(path.read_bytes(), code_page))
        except (OSError, UnicodeMapError) as error:
            raise SecLangError([Problem(str(path), 0, 0, "SecUnicodeMapFile", str(error))]) from error
    return lower(book, context, changed)


def _geo(path: Path | None) -> maxminddb.Reader | None:
    if path is None:
        return None
    try:
        return maxminddb.open_database(path)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        raise SecLangError([Problem(str(path), 0, 0, "SecGeoLookupDB", str(error))]) from error
