"""What all parts of the configuration model share: strict frozen models, durations, sizes, rates, forms of text.

A configuration file is validated with ``FROM_FILE`` as context: times and rates then need their unit. Without it, as
when a worker is handed what has been loaded already, plain seconds are taken too.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema

__all__ = [
    "FROM_FILE",
    "PATTERN_REMEDIES",
    "Cidr",
    "Duration",
    "Malformed",
    "Method",
    "Model",
    "Name",
    "OnError",
    "Path",
    "Rate",
    "Size",
    "Status",
    "TlsVersion",
    "format_duration",
    "parse_duration",
    "parse_size",
]

FROM_FILE: dict[str, Any] = {"from_file": True}
"""The validation context for values that a person wrote."""

MAX_SECONDS = 3650 * 86400.0
MAX_SIZE = 2**60
_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)")
_DURATIONS = re.compile(f"(?:{_DURATION.pattern}){{1,8}}")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE = re.compile(r"([0-9]{1,18})(B|KiB|MiB|GiB|KB|MB|GB)?")
_BYTES = {None: 1, "B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_RATE = re.compile(r"([0-9]{1,9})/([0-9]{0,9})(s|m|h|d)")

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"
PATH_PATTERN = r"^/[!-~]{0,4095}$"
METHOD_PATTERN = r"^[A-Z][A-Z-]{0,31}$"
STATUS_PATTERN = r"^[1-5](xx|[0-9]{2})$"
HASH_ON_PATTERN = r"^(address|path|(header|cookie):[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256})$"
RULE_PATTERN = r"^([0-9]{1,18}(-[0-9]{1,18})?|[A-Za-z][A-Za-z0-9_./-]{0,127})$"
TARGET_PATTERN = r"""^[A-Za-z_]{2,40}(:[^\s"',;|\\]{1,256})?$"""
RULE_PATH_PATTERN = r"^/[A-Za-z0-9._~!$&()*+=:@/-]{0,1023}$"
VARIABLE_PATTERN = r"^[A-Za-z0-9_.-]{1,64}$"
VALUE_PATTERN = r"""^[^"'\\\x00-\x1f\x7f]{0,4096}$"""
ORIGIN_PATTERN = r"^https://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?$"
URL_PATTERN = r"^https?://"
CONTACT_PATTERN = r"^(mailto:|https://)"
MEDIA_TYPE_PATTERN = r"^[!#$&^_.+a-zA-Z0-9-]{1,100}/[!#$&^_.+a-zA-Z0-9-]{1,100}$"

PATTERN_REMEDIES = {
    NAME_PATTERN: "use at most 63 letters, digits, `.`, `_` and `-`, beginning with a letter or digit",
    PATH_PATTERN: "begin with `/` and use visible ASCII characters only",
    METHOD_PATTERN: "write methods in capitals: GET",
    STATUS_PATTERN: "write a status or a class of them: 503 or 5xx",
    RULE_PATTERN: "write the id of a rule, a range of them or a tag: 942100, 942100-942999, attack-sqli",
    TARGET_PATTERN: "write a variable of the rule language, with a name or not: ARGS, ARGS:password, REQUEST_COOKIES:x",
    RULE_PATH_PATTERN: "write a path, or one with /* at its end for all below it: /search, /admin/*",
    VARIABLE_PATTERN: "write the name without `tx.`, of letters, digits, `_`, `.` and `-`",
    VALUE_PATTERN: "write it without quotes, backslashes and control characters",
    MEDIA_TYPE_PATTERN: "write a media type without parameters: text/html",
    ORIGIN_PATTERN: "write https:// and a name, with a port where it is not 443, and nothing behind it",
    URL_PATTERN: "write https://host/path",
    CONTACT_PATTERN: "write mailto:person@example.org or https://example.org/contact",
    HASH_ON_PATTERN: "use address, path, header:NAME or cookie:NAME",
}
"""What to tell people instead of a regular expression."""


class Malformed(ValueError):
    """A value does not have its form: ``message`` says so, ``remedy`` which form that is."""

    def __init__(self, message: str, remedy: str) -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message}: {remedy}")


class Model(BaseModel):
    """A part of the configuration: unknown fields are errors, values cannot be changed after loading.

    Its representation shows no values, since any of them may come from a secret.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=False, validate_default=True, hide_input_in_errors=True
    )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"

    __str__ = __repr__

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Return itself: it never changes, and pydantic would copy every default for each of thousands of routes."""
        return self


def parse_duration(value: Any) -> float:
    """Turn ``250ms``, ``5s``, ``1m``, ``2h``, ``1d`` (or a combination, ``1m30s``) into seconds.

    Raises ``ValueError`` for anything else, whole numbers included: a number without a unit is a guess.
    """
    if isinstance(value, float):
        return value
    if not isinstance(value, str) or not _DURATIONS.fullmatch(value):
        raise Malformed("is not a duration", "write a number and a unit: 250ms, 5s, 1m30s, 2h, 1d")
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(value))
    if seconds > MAX_SECONDS:
        raise Malformed("is too long", "write at most 3650d")
    return seconds


def format_duration(seconds: float) -> str:
    """Return a duration as ``parse_duration`` reads it, in its largest units: ``1h30m``, ``250ms``."""
    text, left = "", round(seconds * 1000)
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def parse_size(value: Any) -> int:
    """Turn ``64KiB``, ``10MiB``, ``1GiB`` or a whole number of bytes into bytes; raises ``ValueError`` otherwise."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if 0 <= value <= MAX_SIZE else ""
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    size = -1 if match is None else int(match[1]) * _BYTES[match[2]]
    if not 0 <= size <= MAX_SIZE:
        raise Malformed("is not a size", "write a whole number of bytes, or a number and a unit: 512, 64KiB, 1GiB")
    return size


def _duration(value: Any, info: ValidationInfo) -> float:
    return parse_duration(None if _from_file(info) and isinstance(value, float) else value)


def _cidr(value: Any) -> str:
    remedy = "write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32"
    if not isinstance(value, str):
        raise Malformed("is not an address or network", remedy)
    try:
        return str(ipaddress.ip_network(value, strict=True))
    except ValueError:
        pass
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise Malformed("is not an address or network", remedy) from None
    raise Malformed("has bits set after its prefix length", f"write {network}, or the address alone")


def _rate(value: Any, info: ValidationInfo) -> tuple[int, float]:
    if not _from_file(info) and isinstance(value, tuple | list) and len(value) == 2:
        return int(value[0]), float(value[1])
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    period = 0.0 if match is None else int(match[2] or "1") * _SECONDS[match[3]]
    if match is None or int(match[1]) < 1 or not 0 < period <= MAX_SECONDS:
        raise Malformed("is not a rate", "write a count per window: 10/s, 600/m, 5000/1h, 3/10s")
    return int(match[1]), period


def _tls_version(value: Any) -> Any:
    """Take a number too: ``1.2`` without quotes is one in YAML."""
    return str(value) if isinstance(value, float) else value


def _status(value: Any) -> Any:
    """Take a number too: ``503`` without quotes is one in YAML."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _from_file(info: ValidationInfo) -> bool:
    return info.context is not None and bool(info.context.get("from_file"))


Duration = Annotated[
    float,
    BeforeValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": f"^({_DURATION.pattern})+$", "examples": ["5s", "250ms"]}),
]
Size = Annotated[
    int,
    BeforeValidator(parse_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": f"^{_SIZE.pattern}$"},
            ],
            "examples": ["64KiB"],
        }
    ),
]
Rate = Annotated[
    tuple[int, float],
    BeforeValidator(_rate),
    WithJsonSchema({"type": "string", "pattern": f"^{_RATE.pattern}$", "examples": ["10/s", "600/m"]}),
]
Cidr = Annotated[str, BeforeValidator(_cidr), WithJsonSchema({"type": "string", "examples": ["10.0.0.0/8"]})]
TlsVersion = Annotated[
    Literal["1.2", "1.3"], BeforeValidator(_tls_version), WithJsonSchema({"enum": ["1.2", "1.3", 1.2, 1.3]})
]
Status = Annotated[
    str,
    BeforeValidator(_status),
    Field(pattern=STATUS_PATTERN),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": STATUS_PATTERN},
                {"type": "integer", "minimum": 100, "maximum": 599},
            ],
            "examples": ["503", "5xx"],
        }
    ),
]
Method = Annotated[str, Field(pattern=METHOD_PATTERN)]
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Path = Annotated[str, Field(pattern=PATH_PATTERN)]
OnError = Annotated[
    Literal["deny", "allow"], Field(description="what happens to an exchange when the guard itself fails")
]
