"""``@detectSQLi`` and ``@detectXSS``, by the libinjection that the ``libmodsecurity`` wheel carries.

See docs/decisions/0006-libinjection.md.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

from bartizan.perimeter.waf.operators.interface import Captures, Context, Operator, OperatorError
from bartizan.perimeter.waf.operators.native import library

__all__ = ["detect_sqli", "detect_xss"]

_FINGERPRINT = 8  # bytes, with the zero at the end


@cache
def _function(name: str, *arguments: Any) -> Callable[..., int]:
    function: Any = getattr(library(), name, None)
    if function is None:
        raise OperatorError(f"the installed libmodsecurity does not export {name}: install 3.0.15")
    function.restype, function.argtypes = ctypes.c_int, list(arguments)
    found: Callable[..., int] = function
    return found


def detect_sqli(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match a value that libinjection takes for SQL injection, or fails to read; captures the fingerprint.

    Raises:
        OperatorError: libinjection is not installed.
    """
    judge = _function("libinjection_sqli", ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p)
    ignored = ctypes.create_string_buffer(_FINGERPRINT)

    def detect(value: bytes) -> Captures | None:
        # Letters and digits alone are at most a number and a word, which is no injection.
        if value.isalnum() or not judge(value, len(value), ignored):
            return None
        fingerprint = ctypes.create_string_buffer(_FINGERPRINT)
        judge(value, len(value), fingerprint)
        return (fingerprint.value,)

    return detect


def detect_xss(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match a value that libinjection takes for cross-site scripting, or fails to read; captures the value.

    Raises:
        OperatorError: libinjection is not installed.
    """
    judge = _function("libinjection_xss", ctypes.c_char_p, ctypes.c_size_t)

    def detect(value: bytes) -> Captures | None:
        # There is no script without a tag, and no attribute with a value without =.
        if b"<" not in value and b"=" not in value:
            return None
        return (value,) if judge(value, len(value)) else None

    return detect
