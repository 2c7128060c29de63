"""``ctl`` and the actions that take effect on a match, as functions that change a transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bartizan.perimeter.waf.compiler.selection import excludes
from bartizan.perimeter.waf.engine.macros import expansion
from bartizan.perimeter.waf.engine.persistent import Change, to_number
from bartizan.perimeter.waf.engine.program import CompiledAction, CompiledControl, Exclusion
from bartizan.perimeter.waf.seclang.directives import MODES
from bartizan.perimeter.waf.seclang.model import Action, Control, Rule
from bartizan.perimeter.waf.seclang.selection import SELECTIONS

if TYPE_CHECKING:
    from bartizan.perimeter.waf.engine.transaction import Transaction

__all__ = ["BEGINNINGS", "compile_action", "compile_control"]

BEGINNINGS = frozenset(("initcol", "setrsc", "setsid", "setuid"))
"""Actions that make a collection known: they come before what the same link sets in it."""

Apply = Callable[["Transaction"], None]


def compile_control(control: Control, rules: Mapping[int, Rule]) -> CompiledControl:
    """Return a ``ctl`` ready to run. ``rules`` are all rules by position. Raises ``ValueError`` for a bad value."""
    name = control.name
    if name.startswith("ruleRemove"):
        return CompiledControl(_removal(control, rules))
    maker = _CONTROLS.get(name)
    return CompiledControl(_nothing if maker is None else maker(control))


def _nothing(transaction: Transaction) -> None:
    """Audit and debug logs are not this engine's; the journal keeps every exchange."""


def _removal(control: Control, rules: Mapping[int, Rule]) -> Apply:
    literal = control.value.literal
    if literal is None:
        raise ValueError(f"ctl:{control.name} cannot have a macro")
    text = literal.decode("latin-1").strip()
    selected = SELECTIONS[control.name.removeprefix("ruleRemove").removeprefix("Target").lower()](text)
    positions = [position for position, rule in rules.items() if selected(rule)]
    if control.target is None:
        mask = sum(1 << position for position in positions)

        def remove(transaction: Transaction) -> None:
            transaction.removed |= mask
            transaction.changed = True

        return remove
    variable = control.target.variable
    exclusion = Exclusion(variable, excludes(control.target.selector))
    positions = [position for position in positions if _looks_at(rules[position], variable)]
    concerned = sum(1 << position for position in positions)

    def remove_target(transaction: Transaction) -> None:
        transaction.excluded |= concerned
        transaction.changed = True
        exclusions = transaction.exclusions
        for position in positions:
            exclusions[position] = (*exclusions.get(position, ()), exclusion)

    return remove_target


def _looks_at(rule: Rule, variable: str) -> bool:
    return any(target.variable == variable for target in rule.links[0].targets)


def _rule_engine(control: Control) -> Apply:
    text = str(control.value).lower()
    if text not in MODES:
        raise ValueError(f"ctl:ruleEngine takes On, Off or DetectionOnly, not {text!r}")
    mode = MODES[text]

    def apply(transaction: Transaction) -> None:
        if transaction.mode != "off":
            transaction.mode = (
                mode if transaction.program.mode != "detection_only" or mode == "off" else "detection_only"
            )

    return apply


def _switch(attribute: str) -> Callable[[Control], Apply]:
    def maker(control: Control) -> Apply:
        text = str(control.value).lower()
        if text not in ("on", "off"):
            raise ValueError(f"ctl:{control.name} takes On or Off, not {text!r}")
        return lambda transaction: setattr(transaction, attribute, text == "on")

    return maker


def _limit(attribute: str) -> Callable[[Control], Apply]:
    def maker(control: Control) -> Apply:
        limit = to_number(str(control.value).encode("latin-1", "replace"))
        if limit <= 0:
            raise ValueError(f"ctl:{control.name} takes a number of bytes, not {control.value}")
        return lambda transaction: setattr(transaction, attribute, limit)

    return maker


def _body_processor(control: Control) -> Apply:
    value = expansion(control.value)

    def apply(transaction: Transaction) -> None:
        transaction.body_processor = value(transaction).upper()

    return apply


_CONTROLS: Mapping[str, Callable[[Control], Apply]] = {
    "forceRequestBodyVariable": _switch("force_body"),
    "requestBodyAccess": _switch("request_body_access"),
    "requestBodyLimit": _limit("request_body_limit"),
    "requestBodyProcessor": _body_processor,
    "responseBodyAccess": _switch("response_body_access"),
    "responseBodyLimit": _limit("response_body_limit"),
    "ruleEngine": _rule_engine,
}


def compile_action(action: Action) -> CompiledAction:
    """Return one of the other actions ready to run."""
    return CompiledAction(_ACTIONS[action.name](action))


def _initcol(action: Action) -> Apply:
    value = expansion(action.value)
    collection = action.key.upper()
    return lambda transaction: transaction.persistent.initialise(collection, value(transaction))


def _set_collection(collection: str, attribute: str | None) -> Callable[[Action], Apply]:
    """``setsid``, ``setuid``, ``setrsc``: use the collection of this key, and remember the key."""

    def maker(action: Action) -> Apply:
        value = expansion(action.value)

        def apply(transaction: Transaction) -> None:
            key = value(transaction)
            if attribute is not None:
                setattr(transaction, attribute, key)
            transaction.persistent.initialise(collection, key)

        return apply

    return maker


def _expirevar(action: Action) -> Apply:
    collection, _, name = action.key.partition(".")
    seconds = expansion(action.value)
    member = name.encode("latin-1", "replace")

    def apply(transaction: Transaction) -> None:
        expires = transaction.head.received + max(0, to_number(seconds(transaction)))
        transaction.persistent.change(collection.upper(), Change("expire", member, expires=expires))

    return apply


def _deprecatevar(action: Action) -> Apply:
    """``deprecatevar:ip.score=60/300``: lower a number by 60 for every 300 seconds since it was last changed."""
    collection, _, name = action.key.partition(".")
    rate = expansion(action.value)
    member = name.encode("latin-1", "replace")

    def apply(transaction: Transaction) -> None:
        amount, _, period = rate(transaction).partition(b"/")
        change = Change(
            "lower", member, amount=to_number(amount), period=to_number(period), now=transaction.head.received
        )
        transaction.persistent.change(collection.upper(), change)

    return apply


def _setenv(action: Action) -> Apply:
    value = expansion(action.value)
    name = action.key.encode("latin-1", "replace")

    def apply(transaction: Transaction) -> None:
        transaction.environment[name] = value(transaction)

    return apply


def _sanitise(kind: str) -> Callable[[Action], Apply]:
    """``sanitise…``: name what must not be shown in logs."""

    def maker(action: Action) -> Apply:
        value = expansion(action.value)

        def apply(transaction: Transaction) -> None:
            name = transaction.matched_var_name if kind == "matched" else value(transaction)
            transaction.sanitised.append((kind, name.lower()))

        return apply

    return maker


_ACTIONS: Mapping[str, Callable[[Action], Apply]] = {
    "deprecatevar": _deprecatevar,
    "expirevar": _expirevar,
    "initcol": _initcol,
    "sanitisearg": _sanitise("argument"),
    "sanitisematched": _sanitise("matched"),
    "sanitiserequestheader": _sanitise("request header"),
    "sanitiseresponseheader": _sanitise("response header"),
    "setenv": _setenv,
    "setrsc": _set_collection("RESOURCE", None),
    "setsid": _set_collection("SESSION", "session_id"),
    "setuid": _set_collection("USER", "user_id"),
}
