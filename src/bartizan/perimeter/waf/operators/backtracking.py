"""Patterns that RE2 cannot match: PCRE2, with a limit on its time that grows with the text and no faster.

CRS 3.3.4 has five of them (look-arounds, a back-reference, possessive quantifiers). RE2 tells where a match could begin
at all; what it lets through is judged by the matcher that libmodsecurity uses, so nothing can differ but the limit.
"""

from __future__ import annotations

import ctypes
from time import thread_time
from typing import Any

from bartizan.perimeter.waf.operators.interface import OperatorError
from bartizan.perimeter.waf.operators.linear import UNANCHORED, Match
from bartizan.perimeter.waf.operators.native import library

__all__ = ["MatchLimitError", "Pcre2"]

_DOTALL_MULTILINE = 0x20 | 0x400
_CASELESS = 0x8
_USE_OFFSET_LIMIT = 0x00800000
_NO_MATCH = -1
_UNSET = (1 << 64) - 1
_HEAP = 32 << 10  # KiB
_STARTS = 256  # places that a match may begin at, for one call; between calls the time is looked at
_STEPS = 100_000  # of PCRE2, for one call: a few milliseconds
_SECONDS, _SECONDS_PER_BYTE = 5e-3, 2e-7  # of the processor, for a text


class MatchLimitError(OperatorError):
    """A text took longer than a linear matcher would; whether it matches is not known."""


class Pcre2:
    """A pattern compiled by PCRE2, as libmodsecurity does it but for the limits. Not for several threads at once.

    ``screen`` is a wider pattern: a match can only begin where that has one.
    """

    __slots__ = ("_code", "_context", "_data", "_library", "_pattern", "_screen")

    def __init__(self, pattern: bytes, screen: Match, *, ignore_case: bool = False) -> None:
        self._pattern = pattern
        self._screen = screen
        self._library = _bindings()
        error, offset = ctypes.c_int(), ctypes.c_size_t()
        options = _DOTALL_MULTILINE | _USE_OFFSET_LIMIT | (_CASELESS if ignore_case else 0)
        self._code = self._library.pcre2_compile_8(
            pattern, len(pattern), options, ctypes.byref(error), ctypes.byref(offset), None
        )
        if not self._code:
            raise OperatorError(f"PCRE2 refuses the regular expression: error {error.value} at byte {offset.value}")
        self._data = self._library.pcre2_match_data_create_from_pattern_8(self._code, None)
        self._context = self._library.pcre2_match_context_create_8(None)
        self._library.pcre2_set_heap_limit_8(self._context, _HEAP)
        self._library.pcre2_set_match_limit_8(self._context, _STEPS)

    def spans(self, value: bytes, start: int = 0) -> list[tuple[int, int]] | None:
        """Return where the first match from ``start`` on and its groups begin and end, in bytes, or None.

        A group that took no part is ``(-1, -1)``; those after the last that did are left out.

        Raises:
            MatchLimitError: It takes too long to tell.
        """
        length = len(value)
        until = 0.0
        while (start := self._screen(UNANCHORED, value, start, length)[0][0]) >= 0:
            last = start + _STARTS - 1
            self._library.pcre2_set_offset_limit_8(self._context, last)
            count = self._library.pcre2_match_8(self._code, value, length, start, 0, self._data, self._context)
            if count > 0:
                return self._found(count)
            if count != _NO_MATCH:
                raise self._exceeded()
            start = last + 1
            if start > length:
                break
            now = thread_time()  # the clock goes on while others have the processor
            until = until or now + _SECONDS + _SECONDS_PER_BYTE * length
            if now > until:
                raise self._exceeded()
        return None

    def _found(self, count: int) -> list[tuple[int, int]]:
        offsets = self._library.pcre2_get_ovector_pointer_8(self._data)[: 2 * count]
        pairs = zip(offsets[::2], offsets[1::2], strict=True)
        # With \K a match can begin after it ends; libmodsecurity would read nothing then.
        return [(-1, -1) if start == _UNSET else (start, max(start, end)) for start, end in pairs]

    def _exceeded(self) -> MatchLimitError:
        pattern = self._pattern[:60].decode("latin-1")
        return MatchLimitError(f"a text takes too long to match against the regular expression {pattern!r}")

    def __del__(self) -> None:
        if getattr(self, "_code", None):
            self._library.pcre2_match_context_free_8(self._context)
            self._library.pcre2_match_data_free_8(self._data)
            self._library.pcre2_code_free_8(self._code)


def _bindings() -> Any:
    found = library()
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    signatures = {
        "pcre2_compile_8": (pointer, [ctypes.c_char_p, size, ctypes.c_uint32, pointer, pointer, pointer]),
        "pcre2_match_data_create_from_pattern_8": (pointer, [pointer, pointer]),
        "pcre2_match_context_create_8": (pointer, [pointer]),
        "pcre2_set_heap_limit_8": (ctypes.c_int, [pointer, ctypes.c_uint32]),
        "pcre2_set_match_limit_8": (ctypes.c_int, [pointer, ctypes.c_uint32]),
        "pcre2_set_offset_limit_8": (ctypes.c_int, [pointer, size]),
        "pcre2_match_8": (ctypes.c_int, [pointer, ctypes.c_char_p, size, size, ctypes.c_uint32, pointer, pointer]),
        "pcre2_get_ovector_pointer_8": (ctypes.POINTER(size), [pointer]),
        "pcre2_match_context_free_8": (None, [pointer]),
        "pcre2_match_data_free_8": (None, [pointer]),
        "pcre2_code_free_8": (None, [pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(found, name, None)
        if function is None:
            raise OperatorError(f"the installed libmodsecurity does not export {name}: install 3.0.15")
        function.restype, function.argtypes = result, arguments
    return found
