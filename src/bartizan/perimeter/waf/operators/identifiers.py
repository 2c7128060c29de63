"""The operators that find numbers with a check digit: payment cards and national identity numbers."""

from __future__ import annotations

from collections.abc import Callable

from bartizan.perimeter.waf.operators.interface import Captures, Context, Operator
from bartizan.perimeter.waf.operators.linear import Spans
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
    spans = regex.spans

    def search(value: bytes) -> Captures | None:
        left = _BYTES + _BYTES_PER_BYTE * len(value)
        at = 0
        while at < len(value) and left > 0 and (found := spans(value, at)) is not None:
            start, end = found[0]
            if valid(text := value[start:end]):
                return (text,)
            left -= max(end - start, _LEAST)
            at = start + 1
        return None

    return search


class _Row:
    """What the matches in a value lead to, one behind the other."""

    __slots__ = ("_known", "_left", "_spans", "_valid", "_value")

    def __init__(self, regex: Regex, valid: Callable[[bytes], bool], value: bytes) -> None:
        self._spans = regex.spans
        self._valid = valid
        self._value = value
        self._left = _BYTES + _BYTES_PER_BYTE * len(value)
        self._known: dict[int, bytes | None] = {}
        """The last valid text in the row that begins at a place."""

    def search(self) -> bytes | None:
        """Return the last valid text in the first row that has one; a row begins at each byte but the last."""
        at = 0
        while at < len(self._value) - 1 and self._left > 0 and (found := self._spans(self._value, at)) is not None:
            if (text := self._last(at)) is not None:
                return text
            at = max(found[0][0], at) + 1
        return None

    def _last(self, at: int) -> bytes | None:
        steps: list[tuple[int, bytes | None]] = []
        place: int | None = at
        while place is not None and place not in self._known and self._left > 0:
            found = self._spans(self._value, place)
            if found is None:
                break
            text, following = self._step(found)
            steps.append((place, text))
            place = following
        last = None if place is None else self._known.get(place)
        for known, text in reversed(steps):
            last = last or text
            self._known[known] = last
        return last

    def _step(self, found: Spans) -> tuple[bytes | None, int | None]:
        """Return the last valid text among a match and its groups, and where the row goes on, None if it ends."""
        self._left -= max(found[0][1] - found[0][0], _LEAST)
        while found[-1][0] < 0:
            found.pop()
        last = following = None
        for start, end in found:
            if start < 0:
                return last, None
            text = self._value[start:end]
            last, following = (text if self._valid(text) else last), end
            if start == end:
                return last, None
        return last, following


def _last_in_a_row(argument: bytes, valid: Callable[[bytes], bool]) -> Operator:
    """Capture the last valid text among matches that follow each other and their groups, as the reference does."""
    if not argument:
        return lambda value: None  # noqa: ARG005
    regex = compile_rx(argument)

    def search(value: bytes) -> Captures | None:
        text = _Row(regex, valid, value).search()
        return None if text is None else (text,)

    return search


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
