"""``ctl``: the names of what it changes, and the values each may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bartizan.perimeter.waf.seclang.model import Control, Target
from bartizan.perimeter.waf.seclang.selection import id_ranges
from bartizan.perimeter.waf.seclang.targets import TargetError, parse_target
from bartizan.perimeter.waf.seclang.template import parse_template

__all__ = ["CONTROLS", "ControlError", "parse_control"]

MODES = ("on", "off", "detectiononly")
SWITCH = ("on", "off")


class ControlError(ValueError):
    """A ``ctl`` cannot be read."""


def _one_of(*words: str) -> Callable[[str], str | None]:
    def check(text: str) -> str | None:
        return None if text.lower() in words else f"one of {', '.join(words)}"

    return check


def _bytes(text: str) -> str | None:
    return None if text.isascii() and text.isdigit() and 0 < len(text) <= 12 and int(text) else "a number of bytes"


def _anything(text: str) -> str | None:
    return None if text else "a value"


def _ids(text: str) -> str | None:
    try:
        id_ranges(text)
    except ValueError:
        return "a rule id or a range of ids (942100-942199)"
    return None


def _no_arguments_of_xml(text: str) -> str | None:
    return None if text.lower() == "off" else "Off: XML is looked at by the variable XML only"


_CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "auditEngine": _one_of(*SWITCH, "relevantonly"),
    "auditLogParts": _anything,
    "debugLogLevel": _anything,
    "forceRequestBodyVariable": _one_of(*SWITCH),
    "parseXmlIntoArgs": _no_arguments_of_xml,
    "requestBodyAccess": _one_of(*SWITCH),
    "requestBodyLimit": _bytes,
    "requestBodyProcessor": _one_of("urlencoded", "multipart", "xml", "json"),
    "responseBodyAccess": _one_of(*SWITCH),
    "responseBodyLimit": _bytes,
    "ruleEngine": _one_of(*MODES),
    "ruleRemoveById": _ids,
    "ruleRemoveByMsg": _anything,
    "ruleRemoveByTag": _anything,
    "ruleRemoveTargetById": _ids,
    "ruleRemoveTargetByMsg": _anything,
    "ruleRemoveTargetByTag": _anything,
}
"""What is wrong with a value without macros: what was expected instead, or None."""

CONTROLS: Mapping[str, str] = {name.lower(): name for name in _CHECKS}
"""The names as they are written in ``Control``, by their lower case."""


def _target(control: str, text: bytes) -> Target:
    try:
        return parse_target(text)
    except TargetError as error:
        raise ControlError(f"ctl:{control}: {error}") from error


def parse_control(text: bytes) -> Control:
    """Read what is behind ``ctl:``. Raises ``ControlError``."""
    name, equals, value = text.strip().partition(b"=")
    known = CONTROLS.get(name.strip().decode("latin-1").lower())
    if known is None or not equals:
        shown = text.decode("latin-1")
        raise ControlError(f"ctl:{shown} is not one of {', '.join(CONTROLS.values())}, each with =VALUE")
    target = None
    if known.startswith("ruleRemoveTarget"):
        value, semicolon, which = value.partition(b";")
        if not semicolon:
            raise ControlError(f"ctl:{known} takes WHICH;TARGET, not {value.decode('latin-1')!r}")
        target = _target(known, which)
    value = value.strip()
    template = parse_template(value)
    if template.literal is None:
        if known.startswith("ruleRemove"):
            raise ControlError(f"ctl:{known} cannot have a macro")
    elif (expected := _CHECKS[known](value.decode("latin-1"))) is not None:
        raise ControlError(f"ctl:{known} takes {expected}, not {value.decode('latin-1')!r}")
    return Control(known, template, target)
