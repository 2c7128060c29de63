"""What a rule reads and writes of TX, seen in its text: what folding and the order of rules depend on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace

from bartizan.perimeter.waf.operators.regex import compile_rx
from bartizan.perimeter.waf.seclang.model import Link, Rule
from bartizan.perimeter.waf.seclang.names import PERSISTENT
from bartizan.perimeter.waf.seclang.template import Macro, Template

__all__ = [
    "CAPTURED",
    "Access",
    "Member",
    "concerns",
    "condition",
    "expanded",
    "link_reads",
    "looks_up_geo",
    "meets",
    "overlaps",
    "persistent_reads",
    "persistent_writes",
    "reads_only_tx",
    "rule_reads",
    "rule_writes",
]

CAPTURED = frozenset(b"%d" % number for number in range(10))
"""TX variables that ``capture`` sets."""


@dataclass(slots=True)
class Access:
    """TX variables by ``names``; ``patterns`` are regular expressions on names, ``prefixes`` beginnings of names."""

    names: set[bytes] = field(default_factory=set)
    patterns: set[bytes] = field(default_factory=set)
    prefixes: set[bytes] = field(default_factory=set)
    everything: bool = False

    def add(self, other: Access) -> None:
        """Take in what ``other`` has."""
        self.names |= other.names
        self.patterns |= other.patterns
        self.prefixes |= other.prefixes
        self.everything = self.everything or other.everything


def _templates(link: Link) -> Iterator[Template]:
    if link.operation is not None:
        yield link.operation.argument
    for setvar in link.setvars:
        yield setvar.name
        yield setvar.value
    for control in link.controls:
        yield control.value
    for action in link.actions:
        yield action.value


def _macros(link: Link) -> Iterator[Macro]:
    for template in _templates(link):
        yield from template.macros


def looks_up_geo(link: Link) -> bool:
    """Tell whether a link fills GEO when it matches."""
    return link.operation is not None and link.operation.name == "geolookup"


def reads_only_tx(link: Link) -> bool:
    """Tell whether what a link looks at and does depends on named TX variables alone."""
    return all(target.variable == "TX" for target in link.targets) and all(
        macro.variable == "TX" and macro.key is not None for macro in _macros(link)
    )


def condition(link: Link) -> Link:
    """Return a link that asks the same and does nothing."""
    return replace(link, setvars=(), controls=(), actions=(), capture=False)


def expanded(template: Template, value: Callable[[bytes], bytes | None]) -> bytes | None:
    """Return the text of a template by the values of TX variables; None if there is one that is not known."""
    parts: list[bytes] = []
    for part in template.parts:
        known: bytes | None = None
        if isinstance(part, bytes):
            known = part
        elif part.variable == "TX" and part.key is not None:
            known = value(part.key)
        if known is None:
            return None
        parts.append(known)
    return b"".join(parts)


def link_reads(link: Link) -> Access:
    """Return what a link reads of TX, to look and to act."""
    access = Access()
    for target in link.targets:
        if target.variable != "TX":
            continue
        if target.selector is None:
            access.everything = True
        elif target.selector.kind == "regex":
            access.patterns.add(target.selector.text)
        else:
            access.names.add(target.selector.text)
    for macro in _macros(link):
        _macro(access, macro)
    for setvar in link.setvars:
        if setvar.collection == "TX" and setvar.operation in ("add", "subtract"):
            _name(access, setvar.name)
    return access


def rule_reads(rule: Rule) -> Access:
    """Return what a whole rule reads of TX, its log entry included."""
    access = Access()
    for link in rule.links:
        access.add(link_reads(link))
    for template in (rule.msg, rule.logdata, rule.disruption_argument, *rule.tags):
        if template is not None:
            for macro in template.macros:
                _macro(access, macro)
    return access


Member = tuple[str, bytes | None]
"""A member of a persistent collection, or with None any of them."""


def persistent_reads(rule: Rule) -> set[Member]:
    """Return the members of persistent collections that a rule reads."""
    found: set[Member] = set()
    for link in rule.links:
        for target in link.targets:
            named = target.selector is not None and target.selector.kind == "key"
            found.add((target.variable, target.selector.text if named and target.selector else None))
    templates = [template for link in rule.links for template in _templates(link)]
    templates += [template for template in (rule.msg, rule.logdata, rule.disruption_argument, *rule.tags) if template]
    found |= {(macro.variable, macro.key) for template in templates for macro in template.macros}
    return {member for member in found if member[0] in PERSISTENT}


def persistent_writes(rule: Rule) -> set[Member]:
    """Return the members of persistent collections that a rule may write."""
    return {
        (setvar.collection, None if (name := setvar.name.literal) is None else name.lower())
        for link in rule.links
        for setvar in link.setvars
        if setvar.collection in PERSISTENT
    }


def meets(member: Member, others: Collection[Member]) -> bool:
    """Tell whether ``member`` may be one of ``others``."""
    collection, name = member
    if name is None:
        return any(other == collection for other, _ in others)
    return (collection, name) in others or (collection, None) in others


def rule_writes(rule: Rule) -> Access:
    """Return what a rule may write to TX."""
    access = Access()
    for link in rule.links:
        if link.capture:
            access.names |= CAPTURED
        for setvar in link.setvars:
            if setvar.collection == "TX":
                _name(access, setvar.name)
    return access


def _macro(access: Access, macro: Macro) -> None:
    if macro.variable == "TX":
        if macro.key is None:
            access.everything = True
        else:
            access.names.add(macro.key)


def _name(access: Access, name: Template) -> None:
    literal = name.literal
    if literal is not None:
        access.names.add(literal.lower())
        return
    first = name.parts[0]
    if isinstance(first, bytes):
        access.prefixes.add(first.lower())
    else:
        access.everything = True


def concerns(access: Access, name: bytes) -> bool:
    """Tell whether what ``access`` stands for may include the variable ``name``."""
    if access.everything or name in access.names:
        return True
    if any(name.startswith(prefix) for prefix in access.prefixes):
        return True
    return any(compile_rx(pattern, ignore_case=True).test(name) for pattern in access.patterns)


def overlaps(access: Access, pattern: bytes) -> bool:
    """Tell whether what ``access`` stands for may include a variable whose name matches ``pattern``."""
    if access.everything or access.patterns:
        return True
    test = compile_rx(pattern, ignore_case=True).test
    beginning = pattern.removeprefix(b"^").lower()
    anchored = pattern.startswith(b"^") and beginning.replace(b"_", b"").replace(b"-", b"").isalnum()
    for prefix in access.prefixes:
        if not anchored or prefix.startswith(beginning) or beginning.startswith(prefix):
            return True
    return any(test(name) for name in access.names)
