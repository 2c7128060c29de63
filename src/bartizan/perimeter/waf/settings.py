"""What a configuration says about a rule set, beside the rules themselves, and how rules are told it.

The OWASP Core Rule Set reads its settings from TX variables in its rule 901001 and after, if nobody has set them. So
what the configuration sets is set right before that rule, after whatever a ``crs-setup.conf`` sets; in rule sets
without it, at the beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bartizan.perimeter.waf.seclang.model import EngineMode

__all__ = ["RuleExclusion", "Settings", "closing_directives", "opening_directives"]

FIRST_ID = 1_990_000_000  # of rules made here, far from the ranges that ModSecurity has assigned


@dataclass(frozen=True, slots=True)
class RuleExclusion:
    """What a rule is not to look at.

    ``rule`` is an id (``942100``), a range (``942100-942199``) or a tag (``attack-sqli``); ``target`` a variable with
    selector (``ARGS:password``), or None for the whole rule; ``path`` limits it to paths that begin with it.
    """

    rule: str
    target: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """How a rule set runs. None keeps what the rules say; ``time_budget`` is in seconds for one exchange."""

    mode: EngineMode | None = None
    paranoia: int | None = None
    detection_paranoia: int | None = None
    inbound_threshold: int | None = None
    outbound_threshold: int | None = None
    exclusions: tuple[RuleExclusion, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    """TX variables, by name: ``allowed_methods``."""
    request_body: bool | None = None
    request_body_limit: int | None = None
    response_body: bool | None = None
    response_body_limit: int | None = None
    time_budget: float = float("inf")
    on_budget: Literal["allow", "deny"] = "deny"
    hyperscan: bool = True
    geo_database: Path | None = None
    gate: bool = True
    """False evaluates every rule for every request: slow, and what the fast way is tested against."""


def opening_directives(settings: Settings) -> str:
    """Return the SecLang text that tells rules about levels, thresholds, variables and exclusions by path."""
    variables = {name.lower(): value for name, value in settings.variables.items()} | _levels(settings)
    if settings.inbound_threshold is not None:
        variables["inbound_anomaly_score_threshold"] = str(settings.inbound_threshold)
    if settings.outbound_threshold is not None:
        variables["outbound_anomaly_score_threshold"] = str(settings.outbound_threshold)
    lines = []
    if variables:
        sets = ",".join(f"setvar:'tx.{name}={_quoted(value)}'" for name, value in sorted(variables.items()))
        lines.append(f'SecAction "id:{FIRST_ID},phase:1,nolog,pass,t:none,{sets}"')
    by_path = [exclusion for exclusion in settings.exclusions if exclusion.path is not None]
    for number, exclusion in enumerate(by_path, FIRST_ID + 1):
        path = _quoted(exclusion.path or "").replace('"', '\\"')
        lines.append(
            f'SecRule REQUEST_FILENAME "@beginsWith {path}" "id:{number},phase:1,nolog,pass,t:none,{_ctl(exclusion)}"'
        )
    return "\n".join(lines)


def _levels(settings: Settings) -> dict[str, str]:
    """Return the levels by the names that CRS 3 and 4 give them; rules are never only run below what blocks."""
    levels = {}
    if settings.paranoia is not None:
        levels = {"paranoia_level": str(settings.paranoia), "blocking_paranoia_level": str(settings.paranoia)}
    if settings.paranoia is not None or settings.detection_paranoia is not None:
        detection = str(max(settings.paranoia or 0, settings.detection_paranoia or 0))
        levels |= {"executing_paranoia_level": detection, "detection_paranoia_level": detection}
    return levels


def closing_directives(settings: Settings) -> str:
    """Return the SecLang text that changes rules once all of them are read: exclusions for every path."""
    lines = []
    for exclusion in settings.exclusions:
        if exclusion.path is not None:
            continue
        kind = "ById" if _is_id(exclusion.rule) else "ByTag"
        if exclusion.target is None:
            lines.append(f'SecRuleRemove{kind} "{_quoted(exclusion.rule)}"')
        else:
            lines.append(f'SecRuleUpdateTarget{kind} "{_quoted(exclusion.rule)}" "!{_quoted(exclusion.target)}"')
    return "\n".join(lines)


def _ctl(exclusion: RuleExclusion) -> str:
    kind = "ById" if _is_id(exclusion.rule) else "ByTag"
    rule = _quoted(exclusion.rule)
    if exclusion.target is None:
        return f"ctl:ruleRemove{kind}={rule}"
    return f"ctl:'ruleRemoveTarget{kind}={rule};{_quoted(exclusion.target)}'"


def _is_id(rule: str) -> bool:
    return rule.replace("-", "", 1).isdigit()


def _quoted(text: str) -> str:
    return text.replace("'", "\\'").replace("\n", " ").replace("\r", " ")
