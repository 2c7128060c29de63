"""The operators of SecLang: what a rule does with each value.

``table.py`` lists them, ``regex.py`` and ``pcre/`` are the regular expressions, ``native.py`` is where libinjection
comes from.
"""

from bartizan.perimeter.waf.operators.backtracking import MatchLimitError
from bartizan.perimeter.waf.operators.geo import geo_lookup
from bartizan.perimeter.waf.operators.interface import Captures, Context, Factory, Operator, OperatorError
from bartizan.perimeter.waf.operators.phrases import phrases, phrases_from_file
from bartizan.perimeter.waf.operators.regex import Regex, compile_rx
from bartizan.perimeter.waf.operators.table import OPERATORS

__all__ = [
    "OPERATORS",
    "Captures",
    "Context",
    "Factory",
    "MatchLimitError",
    "Operator",
    "OperatorError",
    "Regex",
    "compile_rx",
    "geo_lookup",
    "phrases",
    "phrases_from_file",
]
