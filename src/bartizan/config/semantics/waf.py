"""Checks of ``guards.waf`` at the top of the file and of routes. What the rules say is checked by who reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bartizan.config.document import FieldPath
from bartizan.config.model import Crs, Waf, WafExclusion, WafOverride
from bartizan.config.rule_files import crs_setup, is_pattern, matching
from bartizan.config.semantics.files import readable_fault
from bartizan.config.semantics.finding import Finding
from bartizan.config.validation import Parts

__all__ = ["waf_findings"]

_INSTALL = "install the package modsecurity-crs, or run `bartizan waf install-crs`, and name its directory"


def waf_findings(parts: Parts) -> Iterator[Finding]:
    """Yield what is wrong with the settings of the WAF."""
    default = None if parts.guards is None else parts.guards.waf
    if default is not None:
        path: FieldPath = ("guards", "waf")
        yield from _waf(default, path)
        yield from _without_rules((default,), path)
    for number, route in parts.routes.items():
        if "guards" in route.model_fields_set:
            path = ("routes", number, "guards", "waf")
            yield from _waf(route.guards.waf, path)
            yield from _without_rules((route.guards.waf, default), path)


def _without_rules(wafs: tuple[Waf | WafOverride | None, ...], path: FieldPath) -> Iterator[Finding]:
    """Find a WAF that is turned on in the first settings, and for which none of them name rules."""
    turned_on = wafs[0] is not None and wafs[0].enabled
    if turned_on and not any(waf is not None and (waf.crs or waf.rules or waf.directives) for waf in wafs):
        yield Finding((*path, "enabled"), "has no rules to run", "true", "add `crs: {directory: …}` or `rules`")


def _waf(waf: Waf | WafOverride, path: FieldPath) -> Iterator[Finding]:
    for number, pattern in enumerate(waf.rules or ()):
        yield from _rules(pattern, (*path, "rules", number))
    if waf.crs is not None:
        yield from _crs(waf.crs, (*path, "crs"))
    for field, file in (("geo_database", waf.geo_database), ("unicode_map", waf.unicode_map)):
        found = None if file is None else readable_fault(file)
        if found is not None:
            yield Finding((*path, field), found[0], repr(file), found[1])
    if waf.cache is not None and Path(waf.cache).exists() and not Path(waf.cache).is_dir():
        yield Finding((*path, "cache"), "is not a directory", repr(waf.cache), "name another")
    blocking, detecting = waf.paranoia, waf.detection_paranoia
    if blocking is not None and detecting is not None and detecting < blocking:
        remedy = f"make it at least {blocking}, or leave it out"
        yield Finding((*path, "detection_paranoia"), "is below `paranoia`", str(detecting), remedy)
    for number, exclusion in enumerate(waf.exclusions or ()):
        yield from _exclusion(exclusion, (*path, "exclusions", number))


def _rules(pattern: str, path: FieldPath) -> Iterator[Finding]:
    if is_pattern(pattern) and not matching(pattern):
        yield Finding(path, "matches no file", repr(pattern), "relative paths count from the configuration file")
    for file in matching(pattern):
        found = readable_fault(str(file))
        if found is not None:
            yield Finding(path, found[0], repr(str(file)), found[1])


def _crs(crs: Crs, path: FieldPath) -> Iterator[Finding]:
    directory = Path(crs.directory)
    if not any((directory / "rules").glob("*.conf")):
        yield Finding((*path, "directory"), "has no rules/*.conf", repr(crs.directory), _INSTALL)
        return
    setup = crs_setup(crs)
    if setup is None:
        yield Finding((*path, "directory"), "has no crs-setup.conf", repr(crs.directory), "name one with `setup`")
    elif (found := readable_fault(str(setup))) is not None:
        yield Finding((*path, "setup"), found[0], repr(str(setup)), found[1])


def _exclusion(exclusion: WafExclusion, path: FieldPath) -> Iterator[Finding]:
    first, dash, last = exclusion.rule.partition("-")
    if dash and first.isdigit() and last.isdigit() and int(first) > int(last):
        yield Finding((*path, "rule"), "ends before it begins", repr(exclusion.rule), f"write {last}-{first}")
    place = exclusion.path
    if place is not None and "*" in place.removesuffix("/*"):
        yield Finding((*path, "path"), "has a `*` that is not its end", repr(place), "write /path, or /path/*")
