"""Which rules a command is about: its options, and what they stand for."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bartizan.cli.options import Decorator, load_config
from bartizan.config.model import Crs, Waf
from bartizan.config.resolve import effective_guards
from bartizan.config.rule_files import DEBIAN, crs_files, crs_setup, matching, watched_files
from bartizan.errors import ConfigError, Problem
from bartizan.perimeter.waf.load import Progress, RuleSet, load_rules
from bartizan.perimeter.waf.seclang import Source
from bartizan.perimeter.waf.settings import Settings
from bartizan.perimeter.waf.sources import base_rules, rule_settings, rule_sources

__all__ = ["Chosen", "ManyRules", "chosen_rules", "effective_waf", "load_chosen", "rule_files_of", "rule_options"]

MAX_READ = 32 * 2**20  # bytes of a rule file
INITIALISATION = "*901-INITIALIZATION.conf"
_PARSES_BODIES = re.compile(rb"requestbodyprocessor\s*=\s*json", re.IGNORECASE)
_SETS_UP = b"crs_setup_version"

_ENGINE = Source(
    "(base)",
    b"""\
SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml application/json
""",
    Path(),
)
"""What rule files find set without a configuration; they may set it otherwise."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rules in order, and how they run; ``waf`` is the guard's configuration that they come from, or its defaults."""

    sources: Sequence[Source | Path]
    settings: Settings
    waf: Waf


class ManyRules(click.Command):
    """A command whose ``--rules`` takes several paths: ``--rules A B`` is ``--rules A --rules B``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option before each path, up to the next option or a number, which is no path but a rule's id."""
        expanded: list[str] = []
        taken = 0  # paths behind the last --rules; 0: not behind one
        for argument in args:
            if argument == "--rules":
                taken = 1
                expanded.append(argument)
            elif taken and not argument.startswith("-") and not argument.isdecimal():
                expanded += [argument] if taken == 1 else ["--rules", argument]
                taken += 1
            else:
                taken = 0
                expanded.append(argument)
        return super().parse_args(ctx, expanded)


def rule_options() -> Decorator:
    """Return the options that choose rules: ``--rules``, ``--config``, ``--route``."""
    options = (
        click.option(
            "--rules", multiple=True, metavar="PATH...", help="Rule files, patterns, or directories of them or a CRS."
        ),
        click.option(
            "-c", "--config", "config_file", type=click.Path(path_type=Path), help="Take settings from its guards.waf."
        ),
        click.option("--route", help="Take the settings of this route of the configuration."),
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def chosen_rules(
    rules: Sequence[str], config_file: Path | None, route: str | None, paranoia: int | None = None
) -> Chosen:
    """Return what the options choose; without any, the configuration that is here, or else Debian's Core Rule Set.

    Raises ``ConfigError``.
    """
    if not rules and config_file is None:
        here = Path(os.environ.get("BARTIZAN_CONFIG") or "bartizan.yaml")
        config_file = here if here.is_file() else None
        rules = () if config_file is not None else (str(DEBIAN),)
    files = rule_files_of(rules)
    if config_file is None:
        if route is not None:
            raise click.UsageError("--route names a route of a configuration: add --config")
        base = [_ENGINE, *_base(files)]
        return Chosen([*base, *files], Settings(paranoia=paranoia), Waf(paranoia=paranoia))
    waf = effective_waf(config_file, route)
    if paranoia is not None:
        waf = waf.model_copy(update={"paranoia": paranoia})
    if files:
        waf = waf.model_copy(update={"crs": None, "rules": [str(file) for file in files]})
    if not (waf.crs or waf.rules or waf.directives):
        remedy = "add `crs: {directory: …}` or `rules` to guards.waf, or name some with --rules"
        raise ConfigError([Problem(str(config_file), 0, 0, "guards.waf", "has no rules", remedy=remedy)])
    first, *others = rule_sources(waf)
    sources = [first, *(_base(files) if files else ()), *others]
    return Chosen(sources, rule_settings(waf), waf)


def effective_waf(config_file: Path, route: str | None) -> Waf:
    """Return the settings of a route, or those for all of them. Raises ``ConfigError``."""
    config = load_config(config_file).config
    if route is None:
        return config.guards.waf
    found = next((each for each in config.routes if each.name == route), None)
    if found is None:
        names = ", ".join(each.name for each in config.routes)
        raise click.BadParameter(f"{config_file} has no route {route!r}; it has {names}", param_hint="--route")
    return effective_guards(config, found).waf


def rule_files_of(names: Sequence[str]) -> list[Path]:
    """Return the files that paths, patterns and directories stand for, each once. Raises ``ConfigError``.

    A Core Rule Set has its setup first, unless one was named before it.
    """
    files: dict[Path, None] = {}
    for name in names:
        found = _files(Path(name).absolute(), has_setup=any(_has(file, _SETS_UP) for file in files))
        if not any(file.is_file() for file in found):
            remedy = (
                "name a rule file, a directory of them, or that of a Core Rule Set; Debian has it in modsecurity-crs"
            )
            raise ConfigError([Problem(name, 0, 0, "--rules", "has no rules", remedy=remedy)])
        files |= dict.fromkeys(found)
    return list(files)


def _files(path: Path, *, has_setup: bool) -> list[Path]:
    if not path.is_dir():
        return matching(str(path))
    if any((path / "rules").glob("*.conf")):
        return _crs(path, has_setup=has_setup)
    if path.name == "rules" and any(path.glob(INITIALISATION)):
        return _crs(path.parent, has_setup=has_setup)
    found = sorted(path.glob("*.conf"))
    return sorted(found, key=lambda file: file.name != "crs-setup.conf")


def _crs(directory: Path, *, has_setup: bool) -> list[Path]:
    crs = Crs(directory=str(directory))
    setup = None if has_setup else crs_setup(crs)
    return [*([] if setup is None else [setup]), *crs_files(crs)]


def _base(files: Sequence[Path]) -> list[Source]:
    """Return the rules that CRS counts on, unless ``files`` have such rules themselves."""
    waf = Waf(rules=[str(file) for file in files])
    rules = (file for file in watched_files(waf) if file.suffix != ".data" and file.is_file())
    return [] if any(_PARSES_BODIES.search(_read(file)) for file in rules) else [base_rules()]


def _has(file: Path, text: bytes) -> bool:
    return text in _read(file)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_READ)
    except OSError:
        return b""  # whoever reads its rules tells


# compiling them


def load_chosen(chosen: Chosen, cache: Path | None) -> RuleSet:
    """Compile rules; what they say without effect is told on standard error. Raises ``SecLangError``."""
    with _progress() as progress:
        rules = load_rules(chosen.sources, chosen.settings, _own_cache() if cache is None else cache, progress)
    for notice in rules.notices:
        click.echo(notice, err=True)
    return rules


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """Draw a bar where there is somebody to see it."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, label="compiling rules", file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield progress


def _own_cache() -> Path | None:
    """Return this user's directory of compiled rules; None if it cannot be had, or others could change it."""
    try:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        if not home.is_absolute():  # the XDG Base Directory Specification has it ignored
            home = Path.home() / ".cache"
        directory = home / "bartizan" / "waf"
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = directory.lstat()
    except (OSError, RuntimeError) as error:
        click.echo(f"compiled rules are not kept: {error}", err=True)
        return None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        click.echo(f"compiled rules are not kept: others could change {directory}; name another with --cache", err=True)
        return None
    return directory
