"""``waf explain``: one rule, as people read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from bartizan.cli.waf.chosen import Chosen, ManyRules, chosen_rules, rule_options
from bartizan.config.model import WafExclusion
from bartizan.perimeter.waf.exclusions import as_yaml, concerns, is_excludable
from bartizan.perimeter.waf.load import lower_rules, read_rules
from bartizan.perimeter.waf.seclang import Control, Link, Rule, RuleBook, SetVar, Target
from bartizan.perimeter.waf.seclang.names import PERSISTENT
from bartizan.perimeter.waf.seclang.parser import id_ranges
from bartizan.perimeter.waf.standing import Analysis
from bartizan.perimeter.waf.words import PHASES, SEVERITIES, asked, looked_at, transformed

__all__ = ["explain"]

MAX_CONTROLS = 10  # other rules that take this one out
MAX_QUESTION = 240  # characters of an operator with its argument
MADE_HERE = 1_980_000_000  # ids from here on are rules made of the configuration
_EXPRESSIONS = ("rx", "rxglobal")
_MEMBERS = ("ARGS:name", "REQUEST_COOKIES:name", "REQUEST_HEADERS:Name")
_LEVEL = re.compile(r"paranoia-level/([1-4])")


@click.command(cls=ManyRules)
@click.argument("rule_id", metavar="ID", type=click.IntRange(0))
@rule_options()
@click.option("--paranoia", type=click.IntRange(1, 4), help="CRS paranoia level; absent: what the rules say.")
def explain(
    rule_id: int, rules: tuple[str, ...], config_file: Path | None, route: str | None, paranoia: int | None
) -> None:
    """Explain the WAF rule ID: what it looks at, what it does, whether it runs here, and what it costs.

    Rules are those of --rules or --config; without either, of bartizan.yaml, or else of Debian's Core Rule Set.

    \b
    Example:
      bartizan waf explain 942100 --config bartizan.yaml --route api
    """  # noqa: D301 - the control character is what click looks for
    chosen = chosen_rules(rules, config_file, route, paranoia)
    book = read_rules(chosen.sources, chosen.settings)
    found = next((entry for entry in book.entries if isinstance(entry, Rule) and entry.id == rule_id), None)
    if found is None:
        raise click.ClickException(_absent(rule_id, chosen, book))
    analysis = Analysis(lower_rules(book, chosen.settings))
    click.echo("\n".join(_text(found, analysis, chosen, book)))


def _absent(rule_id: int, chosen: Chosen, book: RuleBook) -> str:
    removed = next(
        (each for each in chosen.waf.exclusions if each.target is None and concerns(each, rule_id, ())), None
    )
    if removed is not None:
        return f"the exclusion {removed.rule} of the configuration removes rule {rule_id}"
    ids = sorted(
        (entry.id for entry in book.entries if isinstance(entry, Rule)), key=lambda known: abs(known - rule_id)
    )
    near = f"; the nearest are {', '.join(map(str, sorted(ids[:3])))}" if ids else ""
    return f"there is no rule {rule_id} in these rules{near}. `bartizan waf rules` lists them"


def _text(rule: Rule, analysis: Analysis, chosen: Chosen, book: RuleBook) -> Iterator[str]:
    yield f"rule {rule.id}{'' if rule.msg is None else f': {rule.msg}'}"
    yield _line("at", str(rule.place))
    yield _line("phase", f"{rule.phase}, {PHASES[rule.phase]}")
    yield from _description(rule)
    for number, link in enumerate(rule.links, 1):
        if len(rule.links) > 1:
            yield f"  link {number} ({link.place})" + ("" if number == 1 else ", if the one before matches")
        yield from _link(link, analysis)
    yield _line("on match", ", ".join(_consequences(rule)))
    position = analysis.position(rule.id)
    if position is not None:
        standing = analysis.standing(position)
        yield _line("here", f"{standing.kind}: {standing.because}")
        yield _line("cost", standing.cost)
    yield from _exclusions(rule, chosen, book, analysis)
    example = _example(rule)
    if example is not None:
        yield "  to have it pass over what honest clients send, narrowly:"
        yield from (f"    {line}" for line in as_yaml(example).splitlines())


def _line(name: str, text: str) -> str:
    return f"  {name:<12}{text}"


def _description(rule: Rule) -> Iterator[str]:
    tags = [str(tag) for tag in rule.tags]
    level = next((found[1] for tag in tags if (found := _LEVEL.fullmatch(tag))), None)
    if level is not None:
        yield _line("paranoia", f"level {level}")
    if rule.severity is not None and 0 <= rule.severity < len(SEVERITIES):
        yield _line("severity", SEVERITIES[rule.severity])
    if tags:
        yield _line("tags", ", ".join(tags))
    if rule.ver:
        yield _line("version", rule.ver)


def _link(link: Link, analysis: Analysis) -> Iterator[str]:
    operation = link.operation
    if operation is None:
        yield _line("matches", "always: it is an action without a condition")
    else:
        yield from _targets("looks at", link.targets)
        yield from _targets("but not at", link.excluded)
        if link.transformations:
            yield _line("as", transformed(link.transformations) + (", at each step" if link.multi_match else ""))
        question = asked(operation)
        cut = question if len(question) <= MAX_QUESTION else question[:MAX_QUESTION] + "…"
        yield _line("asks", f"whether {cut}")
        if operation.name in _EXPRESSIONS:
            text = str(operation.argument)
            yield _line("expression", f"{len(text)} characters: {text}")
        elif operation.argument.macros:
            yield _line("", f"in this configuration that is «{analysis.expanded(operation.argument)}»")
    yield from (_line("sets", _set(setvar, analysis)) for setvar in link.setvars)
    yield from (_line("changes", _control(control)) for control in link.controls)
    yield from (_line("does", f"{action.name} {action.key} {action.value}".rstrip()) for action in link.actions)


def _targets(name: str, targets: Sequence[Target]) -> Iterator[str]:
    for number, target in enumerate(targets):
        yield _line(name if number == 0 else "", looked_at(target))


def _set(setvar: SetVar, analysis: Analysis) -> str:
    name = f"{setvar.collection.lower()}.{setvar.name}"
    if setvar.operation == "unset":
        return f"{name} to nothing"
    value = analysis.expanded(setvar.value)
    told = str(setvar.value) if value == str(setvar.value) else f"{value} ({setvar.value})"
    sentence = {"set": f"{name} to {told}", "add": f"{name} higher by {told}", "subtract": f"{name} lower by {told}"}
    return sentence[setvar.operation] + (": a score" if "score" in str(setvar.name).lower() else "")


def _control(control: Control) -> str:
    target = "" if control.target is None else f";{control.target}"
    return f"{control.name}={control.value}{target} for the rest of this exchange"


def _consequences(rule: Rule) -> Iterator[str]:
    if rule.log:
        yield "it is told (signal and journal)"
    if rule.disruption == "redirect":
        yield f"the client is redirected to {rule.disruption_argument}"
    elif rule.disruption == "allow":
        yield f"rules end: allow {rule.disruption_argument}".rstrip()
    elif rule.disruption == "drop":
        yield "the connection is dropped"
    elif rule.disruption in ("deny", "block"):
        yield f"the exchange is refused with {rule.status}"
    else:
        yield "the exchange goes on"
    if rule.skip_after:
        yield f"rules up to {rule.skip_after} are skipped"
    elif rule.skip:
        yield f"the next {rule.skip} rules are skipped"


# exclusions


def _exclusions(rule: Rule, chosen: Chosen, book: RuleBook, analysis: Analysis) -> Iterator[str]:
    tags = [str(tag) for tag in rule.tags]
    for exclusion in chosen.waf.exclusions:
        if concerns(exclusion, rule.id, tags):
            what = "all of it" if exclusion.target is None else exclusion.target
            where = "" if exclusion.path is None else f" on {exclusion.path}"
            yield _line("excluded", f"{what}{where}, by {exclusion.rule} in the configuration")
    others = [
        (other, control)
        for other in book.entries
        if isinstance(other, Rule) and other.id < MADE_HERE and analysis.runs(other.id)
        for link in other.links
        for control in link.controls
        if _removes(control, rule, tags)
    ]
    for other, control in others[:MAX_CONTROLS]:
        what = "all of it" if control.target is None else str(control.target)
        yield _line("excluded", f"{what} where rule {other.id} ({other.place}) matches")
    if len(others) > MAX_CONTROLS:
        yield _line("", f"and {len(others) - MAX_CONTROLS} more by other rules")


def _removes(control: Control, rule: Rule, tags: Sequence[str]) -> bool:
    if not control.name.startswith("ruleRemove"):
        return False
    text = str(control.value).strip()
    if control.name.endswith("ById"):
        return any(low <= rule.id <= high for low, high in id_ranges(text))
    return text in tags if control.name.endswith("ByTag") else rule.msg is not None and str(rule.msg) == text


def _example(rule: Rule) -> WafExclusion | None:
    """Return an exclusion of one member of what a rule looks at, on one path; None if there is nothing of the kind."""
    targets = [
        target
        for link in rule.links
        for target in link.targets
        if not target.count and target.variable not in PERSISTENT and is_excludable(target.variable, rule)
    ]
    if not targets:
        return None
    whole = {target.variable for target in targets if target.selector is None}
    member = next((name for name in _MEMBERS if name.partition(":")[0] in whole), None)
    if member is None:
        selector = targets[0].selector
        member = str(targets[0]) if selector is None or selector.kind == "key" else targets[0].variable
    return WafExclusion(rule=str(rule.id), target=member, path="/path")
