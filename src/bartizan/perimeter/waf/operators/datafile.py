"""Data files that operators read."""

from __future__ import annotations

import os
from pathlib import Path

from bartizan.perimeter.waf.operators.interface import Context, OperatorError

__all__ = ["find_file", "read_lines"]

_LARGEST = 64 << 20  # bytes


def find_file(argument: bytes, context: Context) -> Path:
    """Return the path of a data file; a relative one starts at the rule file's directory.

    Raises:
        OperatorError: It names a remote resource, or there is no such file.
    """
    if b"://" in argument:
        raise OperatorError(f"{argument.decode('latin-1')!r} would be fetched over the network: save it to a file")
    path = context.directory / os.fsdecode(argument.strip())
    if b"\0" in argument or not path.is_file():
        raise OperatorError(f"there is no file {str(path)!r}")
    return path


def read_lines(argument: bytes, context: Context) -> list[bytes]:
    r"""Return the lines of a data file, without ``\n`` only.

    Raises:
        OperatorError: It cannot be read, or is larger than 64 MiB.
    """
    path = find_file(argument, context)
    try:
        if path.stat().st_size > _LARGEST:
            raise OperatorError(f"{str(path)!r} is larger than {_LARGEST >> 20} MiB")
        return path.read_bytes().split(b"\n")
    except OSError as error:
        raise OperatorError(f"{str(path)!r} cannot be read: {error.strerror}") from error
