"""Installing a rule set from a directory: all of it at once, and only if its rules can be read and compiled."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bartizan.config.model import Crs, Waf
from bartizan.config.rule_files import DEBIAN, DEBIAN_SETUP
from bartizan.errors import SecLangError
from bartizan.perimeter.waf.load import load_rules
from bartizan.perimeter.waf.release.errors import ReleaseError
from bartizan.perimeter.waf.release.files import FOLDERS, KINDS, MAX_FILE, SETUP, SETUP_EXAMPLE, TEXTS
from bartizan.perimeter.waf.sources import rule_settings, rule_sources

__all__ = ["Installed", "install"]

_FIRST = "REQUEST-901-INITIALIZATION.conf"
_SIGNATURE = re.compile(rb'^SecComponentSignature[ \t]+"OWASP_CRS/([0-9][0-9A-Za-z.-]{0,30})"', re.MULTILINE)
_VERSION = re.compile(rb"ver:'OWASP_CRS/([0-9][0-9A-Za-z.-]{0,30})'")


@dataclass(frozen=True, slots=True)
class Installed:
    """Where a release is, and how many rules it has; ``fresh`` is False if it had been there already."""

    directory: Path
    version: str
    rules: int
    fresh: bool


def install(source: Path, to: Path) -> Installed:
    """Install the rule set of a directory as ``to``/VERSION, or nothing at all.

    Raises ``ReleaseError``, and ``SecLangError`` if its rules cannot be read and compiled.
    """
    root = _root(source)
    version = _version(root / "rules" / _FIRST)
    target = to / version
    try:
        to.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=to, prefix=".installing-") as scratch:
            made = Path(scratch) / version
            made.mkdir()
            for name, file in _files(root):
                _copy(file, made / name)
            rules = _prove(made, target)
            if target.exists():
                if _digest(made / "rules") != _digest(target / "rules"):
                    raise ReleaseError(f"{target} is there already, with other rules: move it away first")
                return Installed(target, version, rules, fresh=False)
            made.rename(target)
    except OSError as error:
        raise ReleaseError(f"{to} cannot be written: {error.strerror}") from error
    return Installed(target, version, rules, fresh=True)


def _root(source: Path) -> Path:
    """Return the directory that has ``rules/``: the one that is named, or the only one of its folders that does."""
    for candidate in (source, source.parent if source.name == "rules" else source):
        if (candidate / "rules" / _FIRST).is_file():
            return candidate
    found = [folder for folder in sorted(source.iterdir()) if (folder / "rules" / _FIRST).is_file()]
    if len(found) != 1:
        raise ReleaseError(f"there is no rule set in what was given: no rules/{_FIRST}, or more than one")
    return found[0]


def _version(first: Path) -> str:
    text = first.read_bytes()[:MAX_FILE]
    found = _SIGNATURE.search(text) or _VERSION.search(text)
    version = "" if found is None else found[1].decode("ascii").rstrip(".-")
    if not version or ".." in version:
        raise ReleaseError(f"rules/{_FIRST} does not say which version of OWASP CRS it is")
    return version


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield what is installed: files by their names below the installation."""
    setup = next((file for name in (SETUP, SETUP_EXAMPLE) if (file := root / name).is_file()), None)
    if setup is None and root == DEBIAN and DEBIAN_SETUP.is_file():
        setup = DEBIAN_SETUP
        yield from ((f"rules/{file.name}", file) for file in sorted(setup.parent.glob("RE*-*.conf")))
    if setup is None:
        raise ReleaseError(f"there is no {SETUP} and no {SETUP_EXAMPLE} beside rules/")
    yield SETUP, setup
    for folder in sorted(FOLDERS):
        for file in sorted((root / folder).glob("*")):
            if file.suffix in KINDS and file.is_file():
                yield f"{folder}/{file.name}", file
    for name in sorted({*TEXTS, SETUP_EXAMPLE}):
        if (root / name).is_file():
            yield name, root / name


def _copy(file: Path, to: Path) -> None:
    to.parent.mkdir(exist_ok=True)
    if file.stat().st_size > MAX_FILE:
        raise ReleaseError(f"{file} is larger than {MAX_FILE} bytes")
    to.write_bytes(file.read_bytes())
    to.chmod(0o644)


def _prove(made: Path, target: Path) -> int:
    """Read and compile the rules; returns how many there are. Problems are told with the place they would have."""
    waf = Waf(crs=Crs(directory=str(made)))
    try:
        rules = load_rules(rule_sources(waf), replace(rule_settings(waf), hyperscan=False, gate=False))
    except SecLangError as error:
        problems = [replace(each, file=each.file.replace(str(made), str(target), 1)) for each in error.problems]
        raise SecLangError(problems) from None
    return sum(rule.links[0].place.file.startswith(str(made)) for rule in rules.program.rules)


def _digest(directory: Path) -> bytes:
    digest = hashlib.sha256()
    for file in sorted(directory.glob("*")):
        content = file.read_bytes()
        digest.update(b"%b %d\n" % (file.name.encode(), len(content)))
        digest.update(content)
    return digest.digest()
