"""From rule files to a rule book. Every problem is found, not only the first, each with its place."""

from __future__ import annotations

import difflib
import glob
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bartizan.errors import Problem, SecLangError
from bartizan.perimeter.waf.seclang.directives import IGNORED, REFUSED, SETTINGS
from bartizan.perimeter.waf.seclang.lexer import Directive, LexicalError, directives
from bartizan.perimeter.waf.seclang.model import Place, RuleBook, Settings
from bartizan.perimeter.waf.seclang.reading import RuleList
from bartizan.perimeter.waf.seclang.selection import SELECTIONS, id_ranges

__all__ = ["Source", "id_ranges", "parse_files", "parse_sources"]

MAX_DEPTH = 16  # Includes within Includes
MAX_FILE = 32 * 1024 * 1024  # bytes
MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True)
class Source:
    """A rule text with the name its places use; ``directory`` is where it looks for files."""

    name: str
    text: bytes
    directory: Path


def parse_files(paths: Iterable[Path], operators: Collection[str], transformations: Collection[str]) -> RuleBook:
    """Read rule files in order; see ``parse_sources``."""
    return parse_sources([*paths], operators, transformations)


def parse_sources(
    sources: Iterable[Source | Path], operators: Collection[str], transformations: Collection[str]
) -> RuleBook:
    """Read rule texts and files in order, as one rule set.

    ``operators`` and ``transformations`` are the names that exist, in lower case. Raises ``SecLangError`` with every
    problem found: file, line, directive, what is wrong and what was expected.
    """
    reader = _Reader(RuleList(operators, transformations))
    for source in sources:
        if isinstance(source, Path):
            reader.file(source, None, 0)
        else:
            reader.text(source, 0)
    if (open_chain := reader.rules.open_chain) is not None:
        reader.problem(
            open_chain, "SecRule", "the chain that begins here has no end", "add its next rule, or remove chain"
        )
    if reader.problems:
        raise SecLangError(reader.problems[:MAX_PROBLEMS])
    return RuleBook(
        entries=tuple(reader.rules.entries),
        settings=reader.settings,
        notices=tuple(reader.notices),
        files=tuple(reader.files),
        directories=reader.directories,
    )


@dataclass(slots=True)
class _Reader:
    rules: RuleList
    settings: Settings = field(default_factory=Settings)
    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    directories: dict[str, Path] = field(default_factory=dict)
    open_files: list[Path] = field(default_factory=list)
    """The file that is read, after those that include it."""

    def problem(self, place: Place, directive: str, message: str, remedy: str = "") -> None:
        self.problems.append(Problem(place.file, place.line, 1 if place.line else 0, directive, message, remedy=remedy))

    def file(self, path: Path, included_from: Place | None, depth: int) -> None:
        place = included_from or Place(str(path), 0)
        resolved = path.resolve()
        if resolved in self.open_files:
            self.problem(place, "Include", f"{path} includes itself", "remove one of the Includes")
            return
        try:
            if path.stat().st_size > MAX_FILE:
                self.problem(place, "Include", f"{path} is larger than {MAX_FILE} bytes", "name a rule file")
                return
            text = path.read_bytes()
        except OSError as error:
            self.problem(
                place, "Include", f"{path} cannot be read: {error.strerror}", "check the path and its permissions"
            )
            return
        self.files.append(path)
        self.open_files.append(resolved)
        self.text(Source(str(path), text, path.parent), depth)
        self.open_files.pop()

    def text(self, source: Source, depth: int) -> None:
        self.directories[source.name] = source.directory
        for item in directives(source.text):
            place = Place(source.name, item.line)
            if isinstance(item, LexicalError):
                self.problem(place, item.directive, str(item))
                continue
            try:
                self._directive(item, place, source.directory, depth)
            except ValueError as error:
                self.problem(place, item.name, str(error))

    def _directive(self, item: Directive, place: Place, directory: Path, depth: int) -> None:
        name = item.name.lower()
        if name in ("include", "secruleinclude"):
            self._include(item.arguments, place, directory, depth)
        elif (change := _RULES.get(name)) is not None:
            if change(self.rules, place, item.arguments) == 0:
                self.notices.append(f"{place}: {item.name} has no effect: no rule before it is meant")
        elif (setter := SETTINGS.get(name)) is not None:
            self.settings = setter(self.settings, item.arguments, directory)
        elif (why := IGNORED.get(name)) is not None:
            self.notices.append(f"{place}: {item.name} has no effect: {why}")
        else:
            refused = REFUSED.get(name)
            raise ValueError(refused if refused is not None else f"{item.name} is no directive{_meant(name)}")

    def _include(self, arguments: tuple[bytes, ...], place: Place, directory: Path, depth: int) -> None:
        if len(arguments) != 1:
            raise ValueError("Include takes one path")
        if depth >= MAX_DEPTH:
            raise ValueError(f"files include each other more than {MAX_DEPTH} deep")
        pattern = arguments[0].decode("utf-8", "surrogateescape")
        if "\0" in pattern:
            raise ValueError("a path has no NUL")
        found = sorted(glob.glob(pattern, root_dir=directory))  # noqa: PTH207 - takes absolute patterns too
        if not found:
            raise ValueError(f"there is no file {directory / pattern}")
        for path in found:
            self.file(directory / path, place, depth + 1)


_Change = Callable[[RuleList, Place, tuple[bytes, ...]], int | None]
"""Reads a directive about rules; returns how many rules it changed, None if it is none that changes rules."""


def _count(arguments: tuple[bytes, ...], *allowed: int) -> None:
    if len(arguments) not in allowed:
        expected = " or ".join(str(number) for number in allowed)
        noun = "argument" if allowed == (1,) else "arguments"
        raise ValueError(f"{expected} {noun} expected, not {len(arguments)}")


def _sec_rule(rules: RuleList, place: Place, arguments: tuple[bytes, ...]) -> None:
    _count(arguments, 2, 3)
    rules.rule(place, arguments[0], arguments[1], arguments[2] if len(arguments) == 3 else b"")


def _sec_action(rules: RuleList, place: Place, arguments: tuple[bytes, ...]) -> None:
    _count(arguments, 1)
    rules.action(place, arguments[0])


def _sec_marker(rules: RuleList, place: Place, arguments: tuple[bytes, ...]) -> None:
    _count(arguments, 1)
    rules.marker(place, arguments[0].decode("latin-1").strip("'"))


def _sec_default_action(rules: RuleList, place: Place, arguments: tuple[bytes, ...]) -> None:  # noqa: ARG001
    _count(arguments, 1)
    rules.default(arguments[0])


def _remove(kind: str) -> _Change:
    def change(rules: RuleList, place: Place, arguments: tuple[bytes, ...]) -> int:  # noqa: ARG001
        if not arguments:
            raise ValueError("what to remove was expected")
        texts = [argument.decode("latin-1") for argument in arguments]
        selections = [SELECTIONS[kind](text) for text in ([" ".join(texts)] if kind == "byid" else texts)]
        return rules.change(lambda rule: any(selects(rule) for selects in selections), lambda _: None)

    return change


def _update_target(kind: str) -> _Change:
    def change(rules: RuleList, place: Place, arguments: tuple[bytes, ...]) -> int:  # noqa: ARG001
        _count(arguments, 2, 3)
        replaced = arguments[2] if len(arguments) == 3 else None
        return rules.update_targets(SELECTIONS[kind](arguments[0].decode("latin-1")), arguments[1], replaced)

    return change


def _update_action(rules: RuleList, place: Place, arguments: tuple[bytes, ...]) -> int:  # noqa: ARG001
    _count(arguments, 2)
    text, colon, offset = arguments[0].decode("latin-1").partition(":")
    if "-" in text or (colon and not (offset.isascii() and offset.isdigit() and len(offset) < 4)):
        raise ValueError(f"a rule id was expected, or ID:NUMBER for a rule of a chain, not {text + colon + offset!r}")
    (rule_id, _), *others = id_ranges(text)
    if others:
        raise ValueError(f"one rule id was expected, not {text!r}")
    return rules.update_actions(rule_id, int(offset or "0"), arguments[1])


_RULES: Mapping[str, _Change] = {
    "secaction": _sec_action,
    "secdefaultaction": _sec_default_action,
    "secmarker": _sec_marker,
    "secrule": _sec_rule,
    "secruleremovebyid": _remove("byid"),
    "secruleremovebymsg": _remove("bymsg"),
    "secruleremovebytag": _remove("bytag"),
    "secruleupdateactionbyid": _update_action,
    "secruleupdatetargetbyid": _update_target("byid"),
    "secruleupdatetargetbymsg": _update_target("bymsg"),
    "secruleupdatetargetbytag": _update_target("bytag"),
}


def _meant(name: str) -> str:
    close = difflib.get_close_matches(name, (*_RULES, *SETTINGS, "include"), 1)
    return f": did you mean {close[0]}?" if close else ": check its spelling, or remove it"
