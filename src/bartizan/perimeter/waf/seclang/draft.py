"""A rule while its actions are read: one method-like function per action, in one table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bartizan.perimeter.waf.seclang.actions import RawAction
from bartizan.perimeter.waf.seclang.model import Action, Control, Disruption, SetVar
from bartizan.perimeter.waf.seclang.names import COLLECTIONS, PERSISTENT
from bartizan.perimeter.waf.seclang.targets import TargetError, parse_target
from bartizan.perimeter.waf.seclang.template import Template, parse_template

__all__ = ["Draft", "DraftError", "apply_actions"]

PHASES = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5, "request": 2, "response": 4, "logging": 5}
SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")
REMOTE = frozenset(("exec", "prepend", "append", "proxy", "pause", "deprecatevar"))


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


def apply_actions(draft: Draft, actions: list[RawAction]) -> None:
    """Take over what ``actions`` say. Raises ``DraftError``."""
    for action in actions:
        handler = _HANDLERS.get(action.name)
        if handler is None:
            if action.name in REMOTE:
                raise DraftError(f"the action {action.name} is not supported: a gateway's rules must not do that")
            raise DraftError(f"{action.name} is no action")
        needs = action.name not in _WITHOUT_VALUE
        if needs and not action.value:
            raise DraftError(f"the action {action.name} needs a value: {action.name}:…")
        handler(draft, action.value or b"")


def _text(value: bytes) -> str:
    return value.decode("latin-1").strip()


def _number(what: str, value: bytes, low: int, high: int) -> int:
    text = _text(value)
    if not text.isascii() or not text.isdigit() or not low <= int(text[:12]) <= high:
        raise DraftError(f"{what} has to be a whole number from {low} to {high}, not {text!r}")
    return int(text)


def _id(draft: Draft, value: bytes) -> None:
    draft.id = _number("id", value, 1, 2**63 - 1)


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
        raise DraftError(f"{_text(value)!r} is no transformation")
    else:
        draft.transformations.append(name)


def _setvar(draft: Draft, value: bytes) -> None:
    text = value.strip()
    remove = text.startswith(b"!")
    name, equals, content = text[remove:].partition(b"=")
    collection, dot, key = name.strip().partition(b".")
    variable = collection.decode("latin-1").upper()
    if not dot or not key or (variable != "TX" and variable not in PERSISTENT):
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
    draft.setvars.append(SetVar(variable, parse_template(key), operation, parse_template(content)))


CONTROLS: Mapping[str, str] = {
    name.lower(): name
    for name in (
        "auditEngine",
        "auditLogParts",
        "debugLogLevel",
        "forceRequestBodyVariable",
        "requestBodyAccess",
        "requestBodyLimit",
        "requestBodyProcessor",
        "responseBodyAccess",
        "responseBodyLimit",
        "ruleEngine",
        "ruleRemoveById",
        "ruleRemoveByMsg",
        "ruleRemoveByTag",
        "ruleRemoveTargetById",
        "ruleRemoveTargetByMsg",
        "ruleRemoveTargetByTag",
    )
}


def _ctl(draft: Draft, value: bytes) -> None:
    name, equals, content = value.strip().partition(b"=")
    known = CONTROLS.get(_text(name).lower())
    if known is None or not equals:
        raise DraftError(f"ctl:{_text(value)} is not one of {', '.join(CONTROLS.values())}, each with =VALUE")
    target = None
    if known.startswith("ruleRemoveTarget"):
        content, semicolon, which = content.partition(b";")
        if not semicolon:
            raise DraftError(f"ctl:{known} takes WHICH;TARGET, not {_text(value)!r}")
        try:
            target = parse_target(which)
        except TargetError as error:
            raise DraftError(f"ctl:{known}: {error}") from error
    draft.controls.append(Control(known, parse_template(content), target))


def _collection_action(name: str) -> Callable[[Draft, bytes], None]:
    """``initcol:ip=…``, ``expirevar:ip.x=…``: a collection with or without a member, and a value."""

    def handler(draft: Draft, value: bytes) -> None:
        left, equals, right = value.strip().partition(b"=")
        collection = left.partition(b".")[0].decode("latin-1").upper()
        if not equals or collection not in COLLECTIONS:
            raise DraftError(
                f"{name} takes COLLECTION{'.NAME' if name == 'expirevar' else ''}=VALUE, not {_text(value)!r}"
            )
        draft.actions.append(Action(name, parse_template(right), _text(left).lower()))

    return handler


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
    "drop": _disrupt("drop"),
    "expirevar": _collection_action("expirevar"),
    "id": _id,
    "initcol": _collection_action("initcol"),
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

_WITHOUT_VALUE = frozenset(
    "allow auditlog block capture chain deny drop log multimatch noauditlog nolog pass sanitisematched "
    "sanitizematched sanitisematchedbytes sanitizematchedbytes logdata msg".split()
)
