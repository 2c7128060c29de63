"""What all parts of the configuration model share: strict frozen models, durations, sizes, secrets."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

__all__ = ["Cidr", "Duration", "Model", "Name", "Rate", "Size", "parse_duration", "parse_size"]

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"([0-9]+)(B|KiB|MiB|GiB|KB|MB|GB)?")
_BYTES = {None: 1, "B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "KB": 10**3, "MB": 10**6, "GB": 10**9}


class Model(BaseModel):
    """A part of the configuration: unknown fields are errors, values cannot be changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, validate_default=True)


def parse_duration(value: Any) -> float:
    """Turn ``250ms``, ``5s``, ``1m``, ``2h``, ``1d`` (or a combination, ``1m30s``) into seconds.

    Raises ``ValueError`` for anything else, bare numbers included: a number without a unit is a guess.
    """
    if isinstance(value, float):
        return value
    if not isinstance(value, str) or not re.fullmatch(f"(?:{_DURATION.pattern})+", value):
        raise ValueError("a duration needs a number and a unit: 250ms, 5s, 1m30s, 2h, 1d")
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(value))


def parse_size(value: Any) -> int:
    """Turn ``64KiB``, ``10MiB``, ``1GiB`` or a whole number of bytes into bytes; raises ``ValueError`` otherwise."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("a size is a whole number of bytes or a number with a unit: 512, 64KiB, 10MiB, 1GiB")
    return int(match[1]) * _BYTES[match[2]]


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$", "examples": ["5s", "250ms"]}),
]
Size = Annotated[
    int,
    BeforeValidator(parse_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": "^[0-9]+(B|KiB|MiB|GiB|KB|MB|GB)?$"},
            ],
            "examples": ["64KiB"],
        }
    ),
]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]


def _check_cidr(value: Any) -> str:
    import ipaddress  # noqa: PLC0415 - only needed while a configuration is read

    if not isinstance(value, str):
        raise ValueError("an address or network is text: 192.0.2.0/24, 2001:db8::/32, 192.0.2.7")
    try:
        return str(ipaddress.ip_network(value, strict=True))
    except ValueError as error:
        raise ValueError(f"not an address or network: {error}") from None


Cidr = Annotated[str, BeforeValidator(_check_cidr), WithJsonSchema({"type": "string", "examples": ["10.0.0.0/8"]})]

_RATE = re.compile(r"([0-9]+)/(?:([0-9]*)(s|m|h|d))")


def _parse_rate(value: Any) -> tuple[int, float]:
    if isinstance(value, tuple | list) and len(value) == 2:
        return int(value[0]), float(value[1])
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) < 1 or match[2] == "0":
        raise ValueError("a rate is a count per window: 10/s, 600/m, 5000/1h, 3/10s")
    return int(match[1]), int(match[2] or "1") * _SECONDS[match[3]]


Rate = Annotated[
    tuple[int, float],
    BeforeValidator(_parse_rate),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+/[0-9]*(s|m|h|d)$", "examples": ["10/s", "600/m"]}),
]
