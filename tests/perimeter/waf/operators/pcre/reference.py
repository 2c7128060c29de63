"""PCRE2 10.44 as libmodsecurity 3.0.15 carries and calls it, and patterns to compare with it."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from hypothesis import strategies as st

from bartizan.perimeter.waf.operators.native import library

__all__ = ["InvalidPatternError", "Reference", "patterns", "raw_patterns", "texts"]

_DOTALL_MULTILINE = 0x20 | 0x400
_UNSET = (1 << 64) - 1


class InvalidPatternError(Exception):
    """PCRE2 does not accept a pattern; ``hyphen``: for one beside a class within a class, which we read as PCRE 8."""

    def __init__(self, code: int, offset: int) -> None:
        super().__init__(f"error {code} at {offset}")
        self.hyphen = code == 150


class Reference:
    """A pattern compiled by PCRE2."""

    def __init__(self, pattern: bytes) -> None:
        self.pattern = pattern
        self._code: int | None = None
        self._pcre2 = _pcre2()
        error, offset = ctypes.c_int(), ctypes.c_size_t()
        self._code = self._pcre2.pcre2_compile_8(
            pattern, len(pattern), _DOTALL_MULTILINE, ctypes.byref(error), ctypes.byref(offset), None
        )
        if not self._code:
            raise InvalidPatternError(error.value, offset.value)
        self._data = self._pcre2.pcre2_match_data_create_from_pattern_8(self._code, None)

    def spans(self, value: bytes) -> list[tuple[int, int]] | None:
        """Return where the first match and its groups are, up to the last group that took part."""
        count = self._pcre2.pcre2_match_8(self._code, value, len(value), 0, 0, self._data, None)
        if count == -1:
            return None
        assert count > 0, f"PCRE2 gave up: {count}"
        places = self._pcre2.pcre2_get_ovector_pointer_8(self._data)[: 2 * count]
        return [
            (-1, -1) if start == _UNSET else (start, end) for start, end in zip(places[::2], places[1::2], strict=True)
        ]

    def search(self, value: bytes) -> tuple[bytes, ...] | None:
        """Return the texts of the first match and of its groups."""
        found = self.spans(value)
        return None if found is None else tuple(value[start:end] if start >= 0 else b"" for start, end in found)

    def __del__(self) -> None:
        if self._code:
            self._pcre2.pcre2_match_data_free_8(self._data)
            self._pcre2.pcre2_code_free_8(self._code)


@cache
def _pcre2() -> Any:
    found = library()
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    signatures = {
        "pcre2_compile_8": (pointer, [ctypes.c_char_p, size, ctypes.c_uint32, pointer, pointer, pointer]),
        "pcre2_match_data_create_from_pattern_8": (pointer, [pointer, pointer]),
        "pcre2_match_8": (ctypes.c_int, [pointer, ctypes.c_char_p, size, size, ctypes.c_uint32, pointer, pointer]),
        "pcre2_get_ovector_pointer_8": (ctypes.POINTER(size), [pointer]),
        "pcre2_match_data_free_8": (None, [pointer]),
        "pcre2_code_free_8": (None, [pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(found, name)
        function.restype, function.argtypes = result, arguments
    return found


_ATOMS = [
    rb"a", rb"b", rb"A", rb"K", rb"S", rb".", rb"\d", rb"\s", rb"\w", rb"\W", rb"\n", rb"\x41", rb"\x{62}", rb"\141",
    rb"\h", rb"\v", rb"\N", rb"\R", rb"[ab]", rb"[^a]", rb"[a-c]", rb"[[:alpha:]]", rb"[^\w]", rb"[\d-]", rb"\Qa.\E",
    rb"\0", rb"\xff", b"\xe9", rb"_", rb" ", rb"-", rb"\.", rb"[]a]", rb"[\n\x0b]", rb"\e", rb"\H", rb"\V", rb"\D",
    rb"{", rb"}", rb"]", rb"a{", rb"[[:^digit:]]", rb"[a\-z]", rb"#", b"\n", rb"[\]\[]", rb"\p{Lu}", rb"\PL",
]  # fmt: skip
_PLACES = [rb"^", rb"$", rb"\b", rb"\B", rb"\A", rb"\z", rb"\Z", rb"\G"]
_QUANTIFIERS = [b"*", b"+", b"?", b"{2}", b"{1,3}", b"{0,2}", b"{,2}", b"{2,}", b"{ 1, 2 }"]
_OPTIONS = [b"i", b"s", b"-s", b"m", b"-m", b"x", b"U", b"n", b"^", b"^i", b"i-s", b"xx", b"-i"]
_LOOKS = [b"=", b"!", b"<=", b"<!"]
_RAW = b"ab()[]{}*+?|^$.\\\\dwsQE,12-xi#<>=! pLRhK8o0c"


def _join(parts: st.SearchStrategy[bytes], *around: bytes) -> st.SearchStrategy[bytes]:
    """Draw one part for each gap between the texts ``around``."""
    gaps = st.tuples(*([parts] * (len(around) - 1)))
    return gaps.map(
        lambda drawn: around[0] + b"".join(part + text for part, text in zip(drawn, around[1:], strict=True))
    )


@st.composite
def _composed(draw: st.DrawFn, inner: st.SearchStrategy[bytes]) -> bytes:
    option = draw(st.sampled_from(_OPTIONS))
    forms = [
        _join(inner, b"", b"", b""),
        _join(inner, b"(?:", b"|", b")"),
        _join(inner, b"(", b")"),
        _join(inner, b"(", b"|", b")"),
        _join(inner, b"(?%b:" % option, b")"),
        _join(inner, b"(?%b)" % option, b""),
        _join(inner, b"(?>", b")"),
        _join(inner, b"", b"|", b""),
        _join(inner, b"(?#c)", b""),
        _join(st.sampled_from(_ATOMS), b"(?" + draw(st.sampled_from(_LOOKS)), b")"),
    ]
    pattern = draw(st.one_of(forms))
    if draw(st.booleans()):
        end = draw(st.sampled_from([b"", b"?", b"+"]))
        pattern = b"(?:%b)%b%b" % (pattern, draw(st.sampled_from(_QUANTIFIERS)), end)
    return pattern


patterns = st.recursive(
    st.one_of(st.sampled_from(_ATOMS), st.sampled_from(_ATOMS), st.sampled_from(_PLACES)), _composed, max_leaves=6
)
"""Patterns with all that is translated, most of them valid."""

raw_patterns = st.lists(st.sampled_from([bytes((byte,)) for byte in _RAW]), max_size=10).map(b"".join)
"""Patterns out of the bytes that mean something, many of them not valid."""

texts = st.lists(
    st.sampled_from([bytes((byte,)) for byte in b"aabbABkKsS\n\n\r\t \x0b\x85\xe9\xc9_-.0{}]\x00\xff\x1b"]), max_size=8
).map(b"".join)
"""Texts that such patterns often match."""
