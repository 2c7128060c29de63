"""A rule while its actions are read: one method-like function per action, in one table."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bartizan.perimeter.waf.seclang.actions import RawAction
from bartizan.perimeter.waf.seclang.controls import parse_control
from bartizan.perimeter.waf.seclang.model import Action, Control, Disruption, SetVar
from bartizan.perimeter.waf.seclang.names import PERSISTENT
from bartizan.perimeter.waf.seclang.template import Template, parse_template

__all__ = ["ACTIONS", "REFUSED_ACTIONS", "Draft", "DraftError", "apply_actions"]

PHASES = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "request": 2, "response": 4, "logging": 5}
MAX_ID = 2**63 - 1
MAX_DIGITS = 19
SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
REFUSED_ACTIONS: Mapping[str, str] = {
    "append": "responses are not rewritten by rules",
    "exec": "a rule must not run programs for each request",
    "pause": "a held connection costs the gateway more than the client: use the guard ratelimit",
    "prepend": "responses are not rewritten by rules",
    "proxy": "where requests go is what routes say",
}
"""Actions of ModSecurity that Bartizan does not take, and why."""

_MEMBER = re.compile(rb"([A-Za-z]+)[.:](.+)", re.DOTALL)
_RATE = re.compile(rb"[0-9]{1,9}/[1-9][0-9]{0,8}")
_LASTING = ", ".join(sorted(PERSISTENT))


class DraftError(ValueError):
    """An action has a value that it cannot have."""


@dataclass(slots=True)
class Draft:
    """What the actions of one ``SecRule``, ``SecAction`` or ``SecDefaultAction`` say; None where they say nothing."""

    id: int | None = None
    phase: int | None = None
    disruption: Disruption | None = None
    disruption_argument: Template | None = None
    status: int | None = None
    msg: Template | None = None
    logdata: Template | None = None
    tags: list[Template] = field(default_factory=list)
    severity: int | None = None
    ver: str = ""
    rev: str = ""
    maturity: int = 0
    accuracy: int = 0
    log: bool | None = None
    audit_log: bool | None = None
    skip: int = 0
    skip_after: str = ""
    chain: bool = False
    capture: bool = False
    multi_match: bool = False
    transformations: list[str] = field(default_factory=list)
    fresh_transformations: bool = False
    """Whether ``t:none`` was there: then the default's transformations do not apply."""
    setvars: list[SetVar] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    namespaces: list[tuple[str, str]] = field(default_factory=list)
    transformation_names: Collection[str] = ()

    @property
    def identifies(self) -> bool:
        """Whether there is an action that tells about one rule."""
        told = (self.id, self.msg, self.logdata, self.severity)
        return any(value is not None for value in told) or bool(self.ver or self.rev or self.maturity or self.accuracy)


def apply_actions(draft: Draft, actions: list[RawAction]) -> None:
    """Take over what ``actions`` say. Raises ``DraftError``."""
    for action in actions:
        handler = _HANDLERS.get(action.name)
        if handler is None:
            if action.name in REFUSED_ACTIONS:
                raise DraftError(f"the action {action.name} is not available: {REFUSED_ACTIONS[action.name]}")
            raise DraftError(f"{action.name} is no action{_meant(action.name)}")
        if action.name in _WITHOUT_VALUE:
            if action.value is not None:
                raise DraftError(f"the action {action.name} takes no value")
        elif action.name not in _MAYBE_VALUE and not action.value and action.name not in _MAYBE_EMPTY:
            raise DraftError(f"the action {action.name} needs a value: {action.name}:…")
        elif action.name in _MAYBE_EMPTY and action.value is None:
            raise DraftError(f"the action {action.name} needs a value: {action.name}:'…'")
        handler(draft, action.value or b"")


def _text(value: bytes) -> str:
    return value.decode("latin-1").strip()


def _number(what: str, value: bytes, low: int, high: int) -> int:
    text = _text(value)
    if not text.isascii() or not text.isdigit() or len(text) > MAX_DIGITS or not low <= int(text) <= high:
        raise DraftError(f"{what} has to be a whole number from {low} to {high}, not {text!r}")
    return int(text)


def _id(draft: Draft, value: bytes) -> None:
    draft.id = _number("id", value, 1, MAX_ID)


def _phase(draft: Draft, value: bytes) -> None:
    phase = PHASES.get(_text(value).lower())
    if phase is None:
        raise DraftError(f"phase has to be 1 to 5, request, response or logging, not {_text(value)!r}")
    draft.phase = phase


def _disrupt(kind: Disruption) -> Callable[[Draft, bytes], None]:
    def handler(draft: Draft, value: bytes) -> None:
        if kind == "allow" and value not in (b"", b"phase", b"request"):
            raise DraftError(f"allow takes nothing, phase or request, not {_text(value)!r}")
        draft.disruption = kind
        draft.disruption_argument = parse_template(value)

    return handler


def _status(draft: Draft, value: bytes) -> None:
    draft.status = _number("status", value, 100, 599)


def _severity(draft: Draft, value: bytes) -> None:
    text = _text(value).lower()
    if text in SEVERITIES:
        draft.severity = SEVERITIES.index(text)
    else:
        draft.severity = _number(f"severity ({', '.join(SEVERITIES).upper()}, or its number)", value, 0, 7)


def _transformation(draft: Draft, value: bytes) -> None:
    name = _text(value).lower()
    if name == "none":
        draft.transformations.clear()
        draft.fresh_transformations = True
    elif name not in draft.transformation_names:
        close = difflib.get_close_matches(name, draft.transformation_names, 1)
        raise DraftError(f"{_text(value)!r} is no transformation{f': did you mean {close[0]}?' if close else ''}")
    else:
        draft.transformations.append(name)


def _setvar(draft: Draft, value: bytes) -> None:
    text = value.lstrip()
    remove = text.startswith(b"!")
    name, equals, content = text[remove:].partition(b"=")
    found = _MEMBER.fullmatch(name.strip())
    variable = "" if found is None else found[1].decode("ascii").upper()
    if found is None or (variable != "TX" and variable not in PERSISTENT):
        raise DraftError(f"setvar takes COLLECTION.NAME=VALUE with TX or a persistent collection, not {_text(value)!r}")
    operation: Literal["set", "add", "subtract", "unset"] = "set"
    if remove:
        operation = "unset"
    elif not equals:
        content = b"1"
    elif content[:1] == b"+":
        operation, content = "add", content[1:]
    elif content[:1] == b"-":
        operation, content = "subtract", content[1:]
    draft.setvars.append(SetVar(variable, parse_template(found[2]), operation, parse_template(content)))


def _ctl(draft: Draft, value: bytes) -> None:
    draft.controls.append(parse_control(value))


def _initcol(draft: Draft, value: bytes) -> None:
    collection, equals, key = value.strip().partition(b"=")
    if not equals or _text(collection).upper() not in PERSISTENT:
        raise DraftError(f"initcol takes COLLECTION=KEY with one of {_LASTING}, not {_text(value)!r}")
    draft.actions.append(Action("initcol", parse_template(key.strip()), _text(collection).lower()))


def _expirevar(draft: Draft, value: bytes) -> None:
    name, equals, seconds = value.strip().partition(b"=")
    template = parse_template(seconds.strip())
    number = template.literal
    if not equals or not _is_member(name) or not seconds or (number is not None and not number.isdigit()):
        raise DraftError(f"expirevar takes COLLECTION.NAME=SECONDS with one of {_LASTING}, not {_text(value)!r}")
    draft.actions.append(Action("expirevar", template, _text(name).lower().replace(":", ".", 1)))


def _deprecatevar(draft: Draft, value: bytes) -> None:
    name, _, rate = value.strip().partition(b"=")
    if not _is_member(name) or _RATE.fullmatch(rate.strip()) is None:
        raise DraftError(f"deprecatevar takes COLLECTION.NAME=AMOUNT/SECONDS, not {_text(value)!r}")
    draft.actions.append(Action("deprecatevar", parse_template(rate.strip()), _text(name).lower().replace(":", ".", 1)))


def _is_member(name: bytes) -> bool:
    found = _MEMBER.fullmatch(name.strip())
    return found is not None and found[1].decode("ascii").upper() in PERSISTENT | {"TX"}


def _plain(name: str) -> Callable[[Draft, bytes], None]:
    def handler(draft: Draft, value: bytes) -> None:
        draft.actions.append(Action(name, parse_template(value)))

    return handler


def _setenv(draft: Draft, value: bytes) -> None:
    name, _, content = value.partition(b"=")
    draft.actions.append(Action("setenv", parse_template(content), _text(name)))


def _namespace(draft: Draft, value: bytes) -> None:
    prefix, equals, uri = value.partition(b"=")
    if not equals or not prefix:
        raise DraftError(f"xmlns takes PREFIX=URI, not {_text(value)!r}")
    draft.namespaces.append((_text(prefix), _text(uri)))


def _assign(name: str, convert: Callable[[bytes], object]) -> Callable[[Draft, bytes], None]:
    return lambda draft, value: setattr(draft, name, convert(value))


def _flag(**values: object) -> Callable[[Draft, bytes], None]:
    def handler(draft: Draft, value: bytes) -> None:  # noqa: ARG001 - one signature for all
        for name, content in values.items():
            setattr(draft, name, content)

    return handler


_HANDLERS: Mapping[str, Callable[[Draft, bytes], None]] = {
    "accuracy": _assign("accuracy", lambda value: _number("accuracy", value, 0, 9)),
    "allow": _disrupt("allow"),
    "auditlog": _flag(audit_log=True),
    "block": _disrupt("block"),
    "capture": _flag(capture=True),
    "chain": _flag(chain=True),
    "ctl": _ctl,
    "deny": _disrupt("deny"),
    "deprecatevar": _deprecatevar,
    "drop": _disrupt("drop"),
    "expirevar": _expirevar,
    "id": _id,
    "initcol": _initcol,
    "log": _flag(log=True),
    "logdata": _assign("logdata", parse_template),
    "maturity": _assign("maturity", lambda value: _number("maturity", value, 0, 9)),
    "msg": _assign("msg", parse_template),
    "multimatch": _flag(multi_match=True),
    "noauditlog": _flag(audit_log=False),
    "nolog": _flag(log=False, audit_log=False),
    "pass": _disrupt("pass"),
    "phase": _phase,
    "redirect": _disrupt("redirect"),
    "rev": _assign("rev", _text),
    "sanitisearg": _plain("sanitisearg"),
    "sanitisematched": _plain("sanitisematched"),
    "sanitisematchedbytes": _plain("sanitisematched"),
    "sanitiserequestheader": _plain("sanitiserequestheader"),
    "sanitiseresponseheader": _plain("sanitiseresponseheader"),
    "sanitizearg": _plain("sanitisearg"),
    "sanitizematched": _plain("sanitisematched"),
    "sanitizematchedbytes": _plain("sanitisematched"),
    "sanitizerequestheader": _plain("sanitiserequestheader"),
    "sanitizeresponseheader": _plain("sanitiseresponseheader"),
    "setenv": _setenv,
    "setrsc": _plain("setrsc"),
    "setsid": _plain("setsid"),
    "setuid": _plain("setuid"),
    "setvar": _setvar,
    "severity": _severity,
    "skip": _assign("skip", lambda value: _number("skip", value, 1, 1_000_000)),
    "skipafter": _assign("skip_after", _text),
    "status": _status,
    "t": _transformation,
    "tag": lambda draft, value: draft.tags.append(parse_template(value)),
    "ver": _assign("ver", _text),
    "xmlns": _namespace,
}

ACTIONS = frozenset(_HANDLERS)
"""The names of all actions that a rule may have, in lower case."""

_WITHOUT_VALUE = frozenset(
    ("auditlog", "block", "capture", "chain", "deny", "drop", "log", "multimatch", "noauditlog", "nolog", "pass")
)
_MAYBE_VALUE = frozenset(
    ("allow", "sanitisematched", "sanitisematchedbytes", "sanitizematched", "sanitizematchedbytes")
)
_MAYBE_EMPTY = frozenset(("logdata", "msg"))


def _meant(name: str) -> str:
    close = difflib.get_close_matches(name, _HANDLERS, 1)
    return f": did you mean {close[0]}?" if close else ""
