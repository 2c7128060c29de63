"""The shared library within the ``libmodsecurity`` wheel, for libinjection and PCRE2, which it carries."""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from bartizan.perimeter.waf.operators.interface import OperatorError

__all__ = ["library"]

_REMEDY = "install the wheel libmodsecurity >= 3.0.15"


@cache
def library() -> ctypes.PyDLL:
    """Load the library, once.

    Its functions are called without giving up the interpreter's lock: they take less time than that would.

    Raises:
        OperatorError: It is not installed, or cannot be loaded.
    """
    path = _find()
    try:
        return ctypes.PyDLL(str(path))
    except OSError as error:
        raise OperatorError(f"{path} cannot be loaded ({error}): {_REMEDY}") from error


def _find() -> Path:
    try:
        listed = files("libmodsecurity") or []
    except PackageNotFoundError as error:
        raise OperatorError(f"libinjection is missing: {_REMEDY}") from error
    for file in listed:
        if file.name.startswith("libmodsecurity-") and ".so" in file.suffixes:
            return Path(str(file.locate()))
    raise OperatorError(f"the installed libmodsecurity holds no shared library: {_REMEDY}")
