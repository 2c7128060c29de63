"""All operators by their names."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bartizan.perimeter.waf.operators.addresses import ip_match, ip_match_from_file
from bartizan.perimeter.waf.operators.encoding import validate_byte_range, validate_url_encoding, validate_utf8_encoding
from bartizan.perimeter.waf.operators.geo import match_geo
from bartizan.perimeter.waf.operators.identifiers import verify_cc, verify_cpf, verify_ssn, verify_svnr
from bartizan.perimeter.waf.operators.interface import Factory
from bartizan.perimeter.waf.operators.libinjection import detect_sqli, detect_xss
from bartizan.perimeter.waf.operators.numbers import eq, ge, gt, le, lt
from bartizan.perimeter.waf.operators.pm import pm, pm_from_file
from bartizan.perimeter.waf.operators.refused import REFUSED
from bartizan.perimeter.waf.operators.rx import rx, rx_global
from bartizan.perimeter.waf.operators.text import (
    begins_with,
    contains,
    contains_word,
    ends_with,
    no_match,
    streq,
    unconditional_match,
    within,
)
from bartizan.perimeter.waf.operators.xml import validate_dtd, validate_schema

__all__ = ["OPERATORS"]

OPERATORS: Mapping[str, Factory] = MappingProxyType(
    {
        "beginswith": begins_with,
        "contains": contains,
        "containsword": contains_word,
        "detectsqli": detect_sqli,
        "detectxss": detect_xss,
        "endswith": ends_with,
        "eq": eq,
        "ge": ge,
        "geolookup": match_geo,
        "gt": gt,
        "ipmatch": ip_match,
        "ipmatchf": ip_match_from_file,
        "ipmatchfromfile": ip_match_from_file,
        "le": le,
        "lt": lt,
        "nomatch": no_match,
        "pm": pm,
        "pmf": pm_from_file,
        "pmfromfile": pm_from_file,
        "rx": rx,
        "rxglobal": rx_global,
        "streq": streq,
        "strmatch": contains,
        "unconditionalmatch": unconditional_match,
        "validatebyterange": validate_byte_range,
        "validatedtd": validate_dtd,
        "validateschema": validate_schema,
        "validateurlencoding": validate_url_encoding,
        "validateutf8encoding": validate_utf8_encoding,
        "verifycc": verify_cc,
        "verifycpf": verify_cpf,
        "verifyssn": verify_ssn,
        "verifysvnr": verify_svnr,
        "within": within,
        **REFUSED,
    }
)
"""The factory of each operator of the ModSecurity v3 reference manual, by its name in lower case and without ``@``."""
