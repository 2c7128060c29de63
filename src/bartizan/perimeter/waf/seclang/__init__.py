"""Reading SecLang: lines to directives, directives to rules and settings, each with its place in a file."""

from bartizan.perimeter.waf.seclang.model import (
    Action,
    Control,
    Link,
    Marker,
    Operation,
    Place,
    Rule,
    RuleBook,
    Selector,
    Settings,
    SetVar,
    Target,
)
from bartizan.perimeter.waf.seclang.parser import Source, parse_files, parse_sources

__all__ = [
    "Action",
    "Control",
    "Link",
    "Marker",
    "Operation",
    "Place",
    "Rule",
    "RuleBook",
    "Selector",
    "SetVar",
    "Settings",
    "Source",
    "Target",
    "parse_files",
    "parse_sources",
]
