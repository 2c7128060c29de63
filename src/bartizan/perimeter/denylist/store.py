"""Compiled sets on disk: each is made once, in a process of its own, and mapped by all that serve traffic."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakValueDictionary

import msgspec
from structlog.typing import FilteringBoundLogger

from bartizan.errors import ConfigError, Problem
from bartizan.perimeter.denylist.columns import compile_columns
from bartizan.perimeter.denylist.compile import SUFFIX, CompileReport, collect, digest_sources
from bartizan.perimeter.denylist.image import PrefixSetError
from bartizan.perimeter.denylist.lists import Rejected, Source
from bartizan.perimeter.denylist.prefixes import PrefixSet

__all__ = ["Answer", "Order", "PrefixStore"]

SMALL = 128 * 1024  # bytes of CIDR text up to which a set is cheaper to make than to share
COMPILE_TIMEOUT = 50.0  # seconds; the supervisor waits a little longer for a worker
KEEP = 8  # files that no set of this process uses
_CONFIGURATION = "the configuration"

_Inputs = tuple[tuple[str, ...], tuple[tuple[str, int, int, int, int, int], ...]]


class Order(msgspec.Struct):
    """What the compiling process is asked to do."""

    sources: list[Source]
    directory: str


class Answer(msgspec.Struct):
    """What it answers: a report, or problems."""

    report: CompileReport | None = None
    problems: list[Problem] = []


class PrefixStore:
    """The sets of one process; files are in ``directory``, shared with the other processes of the machine.

    ``small`` is how many bytes of CIDR text a set may have to be made in memory instead.
    """

    def __init__(self, directory: Path, log: FilteringBoundLogger, *, small: int = SMALL) -> None:
        self._directory = directory
        self._log = log
        self._small = small
        self._known: WeakValueDictionary[_Inputs, PrefixSet] = WeakValueDictionary()

    def get(self, networks: Sequence[str], files: Sequence[str]) -> PrefixSet:
        """Return the set of CIDRs and list files; one that has not changed is the same object as before.

        Blocks while a set is compiled, so it is for a thread; the work itself is done elsewhere. Raises ``ConfigError``
        for files that cannot be used.
        """
        inputs = tuple(networks), tuple(_identity(file) for file in files)
        known = self._known.get(inputs)
        if known is None:
            known = self._make(inputs)
            self._known[inputs] = known
        return known

    def prune(self) -> None:
        """Remove all files but those of sets in use in this process and the ``KEEP`` that were opened last."""
        live = {known.key for known in self._known.values()}
        found = [file for file in self._directory.glob("*" + SUFFIX) if bytes.fromhex(file.stem) not in live]
        for file in sorted(found, key=_opened_at, reverse=True)[KEEP:]:
            file.unlink(missing_ok=True)

    def _make(self, inputs: _Inputs) -> PrefixSet:
        networks, files = inputs
        sources = [Source(_CONFIGURATION, networks)] if networks else []
        sources += [Source(file[0], path=file[0]) for file in files]
        if sum(map(len, networks)) + sum(file[3] for file in files) <= self._small:
            read = collect(sources)
            self._tell(read.count, read.rejected_count, read.rejected)
            return PrefixSet(compile_columns(read))
        key = digest_sources(sources)
        opened = self._open(key)
        if opened is not None:
            return opened
        with self._lock():
            return self._open(key) or self._compile(sources)

    def _open(self, key: bytes) -> PrefixSet | None:
        file = self._directory / (key.hex() + SUFFIX)
        try:
            opened = PrefixSet.open(file)
            os.utime(file)
        except FileNotFoundError:
            return None
        except (OSError, PrefixSetError) as error:
            self._log.warning("a compiled list cannot be used, it is compiled anew", error=str(error))
            return None
        return opened

    def _compile(self, sources: list[Source]) -> PrefixSet:
        for left in self._directory.glob("*.tmp"):  # by a compiling process that was killed: we have the lock
            left.unlink(missing_ok=True)
        report = self._ask(Order(sources, str(self._directory)))
        self._tell(report.networks, report.rejected_count, report.rejected)
        try:
            compiled = PrefixSet.open(Path(report.file))
        except (OSError, PrefixSetError) as error:
            raise self._failed(str(error)) from None
        self.prune()
        return compiled

    def _ask(self, order: Order) -> CompileReport:
        command = [sys.executable, "-P", "-m", "bartizan.perimeter.denylist"]
        try:
            done = subprocess.run(  # noqa: S603 - our own module
                command, input=msgspec.json.encode(order), capture_output=True, timeout=COMPILE_TIMEOUT, check=True
            )
            answer = msgspec.json.decode(done.stdout, type=Answer)
        except subprocess.CalledProcessError as error:
            raise self._failed(error.stderr.decode("utf-8", "replace")[-500:]) from None
        except (OSError, subprocess.TimeoutExpired, msgspec.MsgspecError) as error:
            raise self._failed(str(error)) from None
        if answer.report is None:
            raise ConfigError(answer.problems)
        return answer.report

    def _failed(self, why: str) -> ConfigError:
        problem = Problem(str(self._directory), 0, 0, "guards.denylist", f"lists could not be compiled: {why}")
        return ConfigError([problem])

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Let one process of the machine compile at a time: the others then find what they want."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = (self._directory / "lock").open("ab")
        except OSError as error:
            raise self._failed(str(error)) from None
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _tell(self, count: int, rejected_count: int, rejected: Sequence[Rejected]) -> None:
        if rejected_count:
            examples = [str(each) for each in rejected]
            self._log.warning(
                "lines set aside: not an address or network", count=rejected_count, networks=count, examples=examples
            )


def _identity(file: str) -> tuple[str, int, int, int, int, int]:
    """Return what changes when a file does. One that is not there is told of when it is read."""
    with suppress(OSError):
        status = Path(file).stat()
        return file, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
    return file, 0, 0, 0, 0, 0


def _opened_at(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
