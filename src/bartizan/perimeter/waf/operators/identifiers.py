"""The operators that find numbers with a check digit: payment cards and national identity numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bartizan.perimeter.waf.operators.interface import Captures, Context, Operator
from bartizan.perimeter.waf.operators.regex import Regex, compile_rx

__all__ = ["verify_cc", "verify_cpf", "verify_ssn", "verify_svnr"]

_DIGITS = b"0123456789"
_OTHERS = bytes(byte for byte in range(256) if byte not in _DIGITS)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_BYTES_PER_BYTE, _BYTES = 4, 64 << 10
"""How many bytes of matches are checked: four for each byte of the value, and these."""
_LEAST = 16
"""As many bytes a match counts at least, as each one has a cost of its own."""


def verify_cc(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match where the regular expression does and the digits pass the check of ISO/IEC 7812-1 (Luhn)."""
    return _first_of(compile_rx(argument), _is_card)


def verify_ssn(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match where the regular expression does, and a social security number of the United States can be."""
    return _last_in_a_row(argument, _is_ssn)


def verify_cpf(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match where the regular expression does and the digits are a Brazilian CPF."""
    return _last_in_a_row(argument, _is_cpf)


def verify_svnr(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
    """Match where the regular expression does and the digits are an Austrian social insurance number."""
    return _last_in_a_row(argument, _is_svnr)


def _first_of(regex: Regex, valid: Callable[[bytes], bool]) -> Operator:
    """Capture the first match that is valid; matches may overlap."""

    def search(value: bytes) -> Captures | None:
        for _, text in _matches(regex, value, overlapping=True):
            if valid(text):
                return (text,)
        return None

    return search


def _last_in_a_row(argument: bytes, valid: Callable[[bytes], bool]) -> Operator:
    """Capture the last valid one of the matches that follow each other, else the first one that overlaps others."""
    if not argument:
        return lambda value: None  # noqa: ARG005
    regex = compile_rx(argument)
    first_of = _first_of(regex, valid)

    def search(value: bytes) -> Captures | None:
        last = len(value) - 2  # the reference does not look at the last byte
        found = None
        for start, text in _matches(regex, value, overlapping=False):
            if start <= last and valid(text):
                found = text
        return first_of(value) if found is None else (found,)

    return search


def _matches(regex: Regex, value: bytes, *, overlapping: bool) -> Iterator[tuple[int, bytes]]:
    """Yield matches and where they begin, as long as the time they take grows with the value and not faster."""
    left = _BYTES + _BYTES_PER_BYTE * len(value)
    at = 0
    while at < len(value) and left > 0 and (found := regex.spans(value, at)) is not None:
        start, end = found[0]
        yield start, value[start:end]
        left -= max(end - start, _LEAST)
        at = start + 1 if overlapping else max(end, start + 1)


def _digits(text: bytes) -> list[int]:
    return [byte - 0x30 for byte in text.translate(None, _OTHERS)]


def _is_card(text: bytes) -> bool:
    digits = _digits(text)
    if not digits:
        return False
    return (sum(digits[-1::-2]) + sum([_DOUBLED[digit] for digit in digits[-2::-2]])) % 10 == 0


def _is_ssn(text: bytes) -> bool:
    digits = text.translate(None, _OTHERS)
    if len(digits) != 9 or digits in b"0123456789" or digits == digits[:1] * 9:
        return False
    area, group, serial = int(digits[:3]), int(digits[3:5]), int(digits[5:])
    return area not in (0, 666) and area < 740 and group != 0 and serial != 0


def _is_cpf(text: bytes) -> bool:
    digits = _digits(text.partition(b"\0")[0])[:11]
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    for length in (9, 10):
        rest = sum([digit * weight for digit, weight in zip(digits, range(length + 1, 1, -1), strict=False)]) % 11
        if digits[length] != (0 if rest < 2 else 11 - rest):
            return False
    return True


_SVNR_WEIGHTS = (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)


def _is_svnr(text: bytes) -> bool:
    digits = _digits(text.partition(b"\0")[0])[:10]
    if len(digits) != 10 or len(set(digits)) == 1:
        return False
    rest = sum([digit * weight for digit, weight in zip(digits, _SVNR_WEIGHTS, strict=True)]) % 11
    return digits[3] == (0 if rest == 10 else rest)
