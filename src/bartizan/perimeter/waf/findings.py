"""What rule matches mean to the rest of Bartizan: signals, and what an operator is told about a refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import ip_network

from bartizan.config.model.base import TARGET_PATTERN
from bartizan.http.masking import MASK, is_secret, mask_query
from bartizan.perimeter.waf.engine import Intervention, RuleMatch
from bartizan.pipeline import Actor, Client, Exchange, Signal

__all__ = ["SIGNAL", "because", "causes", "is_sum", "remedy", "signals"]

SIGNAL = "waf.match"
MAX_SIGNALS = 32  # of one exchange
MAX_DATA = 200  # characters of what matched
MAX_TAGS = 8

_SEVERITIES = (100, 95, 80, 60, 40, 20, 10, 5)
"""From SecLang's severities, emergency (0) to debug (7), to a signal's."""
_NO_SEVERITY = 30
_CONFIDENCE = {"1": 0.9, "2": 0.7, "3": 0.5, "4": 0.3}
"""By paranoia level: the higher, the more honest requests match."""
_KINDS: tuple[tuple[str, str, str], ...] = (
    ("attack-sqli", "T1190", "API8:2023"),
    ("attack-xss", "T1059.007", "API8:2023"),
    ("attack-rce", "T1059", "API8:2023"),
    ("attack-injection-php", "T1059", "API8:2023"),
    ("attack-injection-java", "T1059", "API8:2023"),
    ("attack-injection-", "T1059", "API8:2023"),
    ("attack-lfi", "T1083", "API8:2023"),
    ("attack-rfi", "T1105", "API8:2023"),
    ("attack-ssrf", "T1190", "API7:2023"),
    ("attack-fixation", "T1563", "API2:2023"),
    ("attack-dos", "T1499", "API4:2023"),
    ("attack-disclosure", "T1213", "API3:2023"),
    ("attack-reputation-scanner", "T1595.002", "API8:2023"),
    ("attack-", "T1190", "API8:2023"),
)
"""From CRS tags to ATT&CK techniques and OWASP API Security Top 10 items; the first that fits."""
_EVALUATIONS = (range(949_000, 950_000), range(959_000, 960_000), range(980_000, 981_000))
"""CRS rules that only add up what others found."""
_SECRET_VARIABLES = ("REQUEST_COOKIES", "REQUEST_HEADERS:AUTHORIZATION", "REQUEST_HEADERS:PROXY-AUTHORIZATION",
                     "REQUEST_HEADERS:COOKIE", "RESPONSE_HEADERS:SET-COOKIE", "AUTH_TYPE", "SESSIONID")  # fmt: skip
_SECRET_WORDS = ("request_cookies", "headers:cookie", "headers:authorization", "set-cookie", "authorization:")
_WHOLE = ("query_string", "request_body", "request_line", "request_uri", "request_uri_raw", "full_request")
_JSON_MEMBER = re.compile(r'"([^"]{1,80})"(\s{0,8}:\s{0,8})"[^"]{0,1000}"?')
_TARGET = re.compile(TARGET_PATTERN)


def signals(
    matches: Iterable[RuleMatch], exchange: Exchange, sanitised: Sequence[tuple[str, bytes]] = ()
) -> list[Signal]:
    """Return a signal for each rule that matched, at most ``MAX_SIGNALS``, about the client.

    ``sanitised`` is what rules want hidden (``sanitiseArg`` and so on), by kind and name in lower case.
    """
    first: dict[int, RuleMatch] = {}
    for match in matches:
        first.setdefault(match.id, match)
    actors = _actors(exchange)
    hidden = _hidden(sanitised) if sanitised else frozenset()
    return [_signal(match, actors, hidden) for match in [*first.values()][:MAX_SIGNALS]]


def _hidden(sanitised: Sequence[tuple[str, bytes]]) -> frozenset[str]:
    """Return the variables that must not be shown, those that hold the whole of a request included."""
    hidden = set(_WHOLE)
    for kind, name in sanitised:
        text = name.decode("utf-8", "backslashreplace")
        match kind:
            case "argument":
                hidden |= {f"{variable}:{text}" for variable in ("args", "args_get", "args_post")}
            case "request header":
                hidden.add(f"request_headers:{text}")
            case "response header":
                hidden.add(f"response_headers:{text}")
            case _:
                hidden.add(text)
    return frozenset(hidden)


def causes(matches: Iterable[RuleMatch]) -> list[RuleMatch]:
    """Return the matches that are findings of their own, not sums of others: the gravest first, each rule once."""
    first: dict[int, RuleMatch] = {}
    for match in matches:
        if not is_sum(match.id):
            first.setdefault(match.id, match)
    return sorted(first.values(), key=lambda match: 8 if match.severity is None else match.severity)


def is_sum(rule: int) -> bool:
    """Tell whether a rule of CRS only adds up what others found."""
    return any(rule in ids for ids in _EVALUATIONS)


def because(intervention: Intervention, found: Sequence[RuleMatch], score: int) -> str:
    """Return why an exchange was refused: the rule that decided or, where it only added up, those that found something.

    ``found`` are ``causes``, ``score`` the anomaly score.
    """
    rule = intervention.rule
    if rule is None:
        return intervention.reason
    if found and rule.id not in {match.id for match in found}:
        others = f", and rules {', '.join(str(match.id) for match in found[1:6])}" if len(found) > 1 else ""
        return f"rule {found[0].id}: {found[0].msg}{others}; score {score} (decided by rule {rule.id})"
    return f"rule {rule.id}: {rule.msg}; score {score}" if score else f"rule {rule.id}: {rule.msg}"


def remedy(intervention: Intervention, found: Sequence[RuleMatch], route: str | None) -> str:
    """Return what makes an exception for honest requests like this one: the narrowest exclusion, as YAML."""
    match = found[0] if found else intervention.rule
    if match is None:
        return "raise the limit in guards.waf, or the budget"
    target = f', target: "{match.var}"' if _is_target(match.var) else ""
    exclusion = f"waf: {{exclusions: [{{rule: {match.id}{target}}}]}}"
    if route is None:
        return f"if this is honest traffic, add guards: {{{exclusion}}}"
    return f"if this is honest traffic, add to the route {route}: guards: {{{exclusion}}}"


def _is_target(variable: str) -> bool:
    """Tell whether a variable names one thing: only such a target is a narrow exclusion."""
    return ":" in variable and _TARGET.fullmatch(variable) is not None


def _signal(match: RuleMatch, actors: tuple[Actor, ...], hidden: frozenset[str]) -> Signal:
    technique, owasp = _kind(match.tags)
    severity = match.severity
    level = _paranoia(match.tags)
    evidence: dict[str, str | int | float | bool] = {
        "rule": match.id,
        "message": match.msg,
        "variable": match.var,
        "data": MASK if match.var.lower() in hidden else _masked(match),
        "phase": match.phase,
        "at": f"{match.file.rpartition('/')[2]}:{match.line}",
    }
    if match.tags:
        evidence["tags"] = " ".join(match.tags[:MAX_TAGS])
    if level:
        evidence["paranoia"] = int(level)
    return Signal(
        SIGNAL,
        severity=_NO_SEVERITY if severity is None or not 0 <= severity <= 7 else _SEVERITIES[severity],
        confidence=_CONFIDENCE.get(level, 0.9),
        technique=technique,
        owasp=owasp,
        actors=actors,
        evidence=evidence,
    )


@lru_cache(maxsize=1024)
def _kind(tags: tuple[str, ...]) -> tuple[str | None, str | None]:
    for prefix, technique, owasp in _KINDS:
        if any(tag.startswith(prefix) for tag in tags):
            return technique, owasp
    return None, None


@lru_cache(maxsize=1024)
def _paranoia(tags: tuple[str, ...]) -> str:
    return next((tag.rpartition("/")[2] for tag in tags if tag.startswith("paranoia-level/")), "")


def _masked(match: RuleMatch) -> str:
    """Return what matched, bounded, without what is or may be a secret."""
    variable, name = match.var.upper(), match.var.partition(":")[2]
    data = match.data
    lowered = data.lower()
    if variable.startswith(_SECRET_VARIABLES) or (name and is_secret(name[:80])):
        return MASK
    if any(word in lowered for word in _SECRET_WORDS):
        return MASK
    if '"' in data:
        data = _JSON_MEMBER.sub(_member, data)
    if "=" in data:
        data = mask_query(data)
    return data if len(data) <= MAX_DATA else data[:MAX_DATA] + "…"


def _member(found: re.Match[str]) -> str:
    return f'"{found[1]}"{found[2]}"{MASK}"' if is_secret(found[1]) else found[0]


def _actors(exchange: Exchange) -> tuple[Actor, ...]:
    client, tls = exchange.client, exchange.connection.tls
    actors = []
    if client.version:
        actors += [Actor("address", client.address), Actor("network", _network(client))]
    if tls is not None and tls.ja4 is not None:
        actors.append(Actor("ja4", tls.ja4))
    return tuple(actors)


def _network(client: Client) -> str:
    """Return the /24 or /48 around a client."""
    if client.version == 4:
        return client.address.rpartition(".")[0] + ".0/24"
    return str(ip_network(f"{client.address}/48", strict=False))
