"""Which files the decoy process may open: its own, and those that the interpreter needs (landlock(7)).

The process runs as the same user as the gateway, whose keys, records and journals lie beside its own directory. Where
the kernel has Landlock, from Linux 5.13 on, they cannot be opened from here. System call numbers and structures are
those of ``linux/landlock.h``; the numbers are the same on all architectures.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from pathlib import Path

from bartizan.errors import DecoyError

__all__ = ["restrict_files"]

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_VERSION = 1  # flag of _CREATE
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38  # PR_SET_NO_NEW_PRIVS

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_FILE, _MAKE_FILE, _MAKE_DIR, _TRUNCATE = 1 << 5, 1 << 8, 1 << 7, 1 << 14
_RIGHTS_BY_VERSION = ((1, 13), (2, 14), (3, 15), (5, 16))
"""From which version of Landlock on there are how many rights of files."""
_READ = _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
"""The rights that a rule about a file, rather than a directory, may give."""

_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/localtime", "/etc/ld.so.cache", "/dev/null", "/dev/urandom")


def restrict_files(readable: Iterable[Path], writable: Sequence[Path]) -> bool:
    """Let this thread, and those it starts, open only these files and directories and what lies below them.

    What the interpreter reads is added. Returns False where the kernel has no Landlock; raises ``DecoyError`` where it
    has and refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    if version < 1:
        return False
    count = max(rights for since, rights in _RIGHTS_BY_VERSION if since <= version)
    handled = (1 << count) - 1
    ruleset = _call(libc, _CREATE, struct.pack("=Q", handled), ctypes.c_size_t(8), ctypes.c_uint32(0))
    try:
        for path in (*readable, *_needed()):
            _allow(libc, ruleset, path, _READ & handled)
        for path in writable:
            rights = _READ | _WRITE_FILE | _REMOVE_FILE | _MAKE_FILE | _MAKE_DIR | _TRUNCATE
            _allow(libc, ruleset, path, rights & handled)
        if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
            raise DecoyError("the decoy process cannot give up privileges: see to PR_SET_NO_NEW_PRIVS")
        _call(libc, _RESTRICT, ruleset, ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    return True


def _needed() -> list[Path]:
    """Return what the interpreter and its libraries read while they run."""
    package = Path(__file__).parent.parent
    installed = (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values())
    return [package, Path(f"/proc/{os.getpid()}"), *(Path(path) for path in (*installed, *_SYSTEM))]


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there needs no right
        return
    try:
        given = rights if path.is_dir() else rights & _OF_FILES
        _call(libc, _ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", given, fd), ctypes.c_uint32(0))
    finally:
        os.close(fd)


def _call(libc: ctypes.CDLL, number: int, *arguments: object) -> int:
    result: int = libc.syscall(number, *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise DecoyError(f"the decoy process cannot be kept from files: {os.strerror(error)} (system call {number})")
    return result
