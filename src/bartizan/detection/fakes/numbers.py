"""Fake numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping

from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.named import number_for
from bartizan.detection.fakes.plain import number_of

__all__ = ["fake_number"]

_IDS = frozenset(("id", "number", "no", "key", "uid"))
_TIMES = frozenset(("at", "time", "timestamp", "created", "updated"))
_LATEST = 1_756_684_800


def fake_number(schema: Mapping[str, object], keyed: Keyed, words: tuple[str, ...], *, whole: bool) -> int | float:
    """Return a number within the limits of a schema that fits the words of its name, if there is one."""
    low, high = _limits(schema, whole=whole)
    step = number_of(schema.get("multipleOf"))
    if step is not None and step > 0:
        return _multiple(low, high, step, keyed, whole=whole)
    wanted = number_for(words, keyed.sub("named"))
    if wanted is not None and low <= wanted <= high:
        return int(wanted) if whole and low <= int(wanted) else int(high) if whole else wanted
    if whole:
        if "x-seen" in schema:
            return keyed.between(math.ceil(low), max(math.ceil(low), math.floor(high)))
        return _integer(low, high, keyed, words)
    digits = schema.get("x-digits")
    places = digits if isinstance(digits, int) else 2
    least, most = max(low, -1e15), min(high, 1e15)
    if most - least > 1e6 and "x-digits" not in schema:
        least, most = _near(least, most, 1000)
    drawn = least + (most - least) * keyed.uniform()
    rounded = round(drawn, places)
    return rounded if low <= rounded <= high else drawn if low <= drawn <= high else low


def _limits(schema: Mapping[str, object], *, whole: bool) -> tuple[float, float]:
    low, high = number_of(schema.get("minimum")), number_of(schema.get("maximum"))
    above, under = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if above is True and low is not None:
        low = _next(low, whole=whole)
    if under is True and high is not None:
        high = _next(high, whole=whole, up=False)
    if (beyond := number_of(above)) is not None:
        low = max(-math.inf if low is None else low, _next(beyond, whole=whole))
    if (below := number_of(under)) is not None:
        high = min(math.inf if high is None else high, _next(below, whole=whole, up=False))
    least = -math.inf if low is None else low
    most = math.inf if high is None else high
    if schema.get("format") == "int32":
        least, most = max(least, -(2**31)), min(most, 2**31 - 1)
    if low is None and most >= 0:
        least = 0
    return least, max(least, most)


def _next(value: float, *, whole: bool, up: bool = True) -> float:
    """Return the nearest number beyond a limit that does not belong to it."""
    if whole:
        return math.floor(value) + 1 if up else math.ceil(value) - 1
    return math.nextafter(value, math.inf if up else -math.inf)


def _near(low: float, high: float, span: int) -> tuple[float, float]:
    """Return a part of a wide range, of numbers that people are used to."""
    if low <= 0 <= high:
        return max(low, 0), min(high, span)
    return (low, min(high, low + span)) if low > 0 else (max(low, high - span), high)


def _integer(low: float, high: float, keyed: Keyed, words: tuple[str, ...]) -> int:
    least = math.ceil(max(low, -(2**63)))
    most = math.floor(min(high, 2**63 - 1))
    if most < least:
        return least
    if most - least > 2**31 - 1 or not math.isfinite(high):
        last = words[-1] if words else ""
        if last in _TIMES and least <= _LATEST - 10**8 and most >= _LATEST:
            least, most = _LATEST - 6 * 10**7, _LATEST
        elif last in _IDS and least <= 1000 and most >= 90000:
            least, most = max(least, 1000), 90000
        else:
            near, far = _near(least, most, 500)
            least, most = math.ceil(near), math.floor(far)
    return keyed.between(least, most)


def _multiple(low: float, high: float, step: float, keyed: Keyed, *, whole: bool) -> int | float:
    if whole and float(step).is_integer() is False:
        step = float(step).as_integer_ratio()[0]  # the least whole number that is a multiple of it
    first = math.ceil(max(low, -1e12) / step)
    last = math.floor(min(high, 1e12) / step)
    if last < first:
        return int(low) if whole and math.isfinite(low) else low
    times = keyed.between(first, min(last, first + 1000))
    value = times * step
    return int(value) if whole or (isinstance(step, int) and float(value).is_integer()) else round(value, 12)
