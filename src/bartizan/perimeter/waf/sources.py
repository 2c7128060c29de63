"""From ``guards.waf`` to what is loaded: rule texts and files in order, and settings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from bartizan.config.model import Waf, WafExclusion
from bartizan.config.rule_files import crs_files, crs_setup, rule_files
from bartizan.perimeter.waf.seclang import Source
from bartizan.perimeter.waf.settings import RuleExclusion, Settings

__all__ = ["base_rules", "rule_settings", "rule_sources"]

FIRST_ID = 1_980_000_000  # of rules made here, far from the ranges that ModSecurity has assigned
UNICODE_CODE_PAGE = 20127
MAX_ARGUMENTS = 10_000  # values of a large JSON document, too

_ASCII = r"(?:utf-?8|us-ascii|iso-?8859-?[0-9]{1,2}|latin-?[0-9]{1,2}|(?:windows|cp)-?125[0-9]|koi8-[ru])"
"""Charsets in which each byte of ASCII means itself."""
_OTHERS = r"(?:;\s*[abd-z][a-z0-9_.-]*=[^;]*)*"  # parameters that do not begin as the charset does
_READABLE = rf"^content-type\s*:\s*[^;,\s]+\s*{_OTHERS};\s*charset=[\x22\x27]?{_ASCII}[\x22\x27]?\s*{_OTHERS};?\s*$"
"""One charset, and one of these: all parts are looked at, not the last one only (CVE-2026-21876)."""

_BASE = f"""\
SecArgumentsLimit {MAX_ARGUMENTS}
SecRule REQUEST_HEADERS:Content-Type "@rx ^(?:application|text)/(?:[a-z0-9.+-]+\\+)?xml" \\
    "id:{FIRST_ID},phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "@rx ^application/(?:[a-z0-9.+-]+\\+)?json" \\
    "id:{FIRST_ID + 1},phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule REQBODY_ERROR "!@eq 0" \\
    "id:{FIRST_ID + 2},phase:2,t:none,log,deny,status:400,msg:'The request body is malformed',\\
    logdata:'%{{REQBODY_ERROR_MSG}}',severity:2,tag:'attack-protocol'"
SecRule MULTIPART_STRICT_ERROR "!@eq 0" \\
    "id:{FIRST_ID + 3},phase:2,t:none,log,deny,status:400,msg:'A multipart request body can be read in two ways',\\
    severity:2,tag:'attack-protocol'"
SecRule &ARGS "@ge {MAX_ARGUMENTS}" \\
    "id:{FIRST_ID + 4},phase:2,t:none,log,deny,status:400,msg:'More arguments than are looked at',\\
    severity:2,tag:'attack-protocol'"
SecRule MULTIPART_PART_HEADERS "@rx ^content-type\\s*:.*charset[\\s\\x00]*[*]?[\\s\\x00]*=" \\
    "id:{FIRST_ID + 5},phase:2,t:none,t:lowercase,log,deny,status:400,severity:2,tag:'attack-protocol',\\
    msg:'A part of a multipart request body is in a charset in which text may mean what rules do not see',chain"
    SecRule MATCHED_VARS "!@rx {_READABLE}" "t:none,t:lowercase"
"""
"""What CRS counts on: bodies are parsed by their media type, and what cannot be read as rules do is refused."""
_FIRST_EXCLUSION = FIRST_ID + 1000
_SPECIAL = re.compile(r"[.$()*+]")  # of the characters that a path in the configuration may have


def rule_sources(waf: Waf) -> Sequence[Source | Path]:
    """Return the rules in the order in which they are read. Paths in ``waf`` must be absolute."""
    sources: list[Source | Path] = [_text("guards.waf.exclusions", _exclusions_by_path(waf.exclusions))]
    if waf.crs is not None:
        setup = crs_setup(waf.crs)
        sources += [base_rules(), *([] if setup is None else [setup]), *crs_files(waf.crs)]
    sources += rule_files(waf)
    if waf.directives:
        sources.append(_text("guards.waf.directives", waf.directives))
    return [*sources, _text("guards.waf", _limits(waf))]


def rule_settings(waf: Waf) -> Settings:
    """Return what ``waf`` says beside its rules."""
    detection = {}
    if waf.detection_paranoia is not None and waf.paranoia is None:
        detection = dict.fromkeys(("executing_paranoia_level", "detection_paranoia_level"), str(waf.detection_paranoia))
    return Settings(
        mode=waf.mode,
        paranoia=waf.paranoia,
        detection_paranoia=waf.detection_paranoia,
        inbound_threshold=waf.inbound_threshold,
        outbound_threshold=waf.outbound_threshold,
        exclusions=tuple(RuleExclusion(each.rule, each.target) for each in waf.exclusions if each.path is None),
        variables={**waf.variables, **detection},
        request_body=True,
        request_body_limit=waf.request_body.limit,
        response_body=waf.response_body.enabled,
        response_body_limit=waf.response_body.limit,
        time_budget=waf.time_budget,
        on_budget=waf.on_budget,
        geo_database=None if waf.geo_database is None else Path(waf.geo_database),
    )


def base_rules() -> Source:
    """Return what rule sets such as CRS count on: rules that have bodies parsed, and refuse malformed ones."""
    return _text("guards.waf.crs", _BASE)


def _text(name: str, text: str) -> Source:
    return Source(f"({name})", text.encode(), Path())


def _limits(waf: Waf) -> str:
    """Return the directives that have the last word, whatever rule files say."""
    actions = {"reject": "Reject", "process_partial": "ProcessPartial"}
    lines = [
        f"SecRequestBodyLimitAction {actions[waf.request_body.on_limit]}",
        f"SecResponseBodyLimitAction {actions[waf.response_body.on_limit]}",
        f"SecResponseBodyMimeType {' '.join(waf.response_body.types)}",
    ]
    if waf.unicode_map is not None:
        lines.append(f'SecUnicodeMapFile "{waf.unicode_map}" {UNICODE_CODE_PAGE}')
    return "\n".join(lines) + "\n"


def _exclusions_by_path(exclusions: Sequence[WafExclusion]) -> str:
    """Return rules that take rules out for some paths, dot segments resolved: ``/free/../strict`` is not ``/free``."""
    by_path = [each for each in exclusions if each.path is not None]
    return "".join(
        f'SecRule REQUEST_FILENAME "{_fits(each.path or "")}" '
        f'"id:{number},phase:1,nolog,pass,t:none,t:normalizePath,ctl:{_removal(each)}"\n'
        for number, each in enumerate(by_path, _FIRST_EXCLUSION)
    )


def _fits(path: str) -> str:
    if not path.endswith("/*"):
        return f"@streq {path}"
    literal = _SPECIAL.sub(r"[\g<0>]", path.removesuffix("/*"))
    return f"@rx ^{literal}(?:/|$)"


def _removal(exclusion: WafExclusion) -> str:
    by = "Id" if exclusion.rule[0].isdigit() else "Tag"
    if exclusion.target is None:
        return f"ruleRemoveBy{by}={exclusion.rule}"
    return f"ruleRemoveTargetBy{by}={exclusion.rule};{exclusion.target}"
