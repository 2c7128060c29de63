"""PCRE patterns, as rules have them: read into a tree, and written for matchers that take linear time."""

from bartizan.perimeter.waf.operators.pcre.errors import PatternError
from bartizan.perimeter.waf.operators.pcre.translate import Translated, can_be_empty, gate_in_either_case, translate

__all__ = ["PatternError", "Translated", "can_be_empty", "gate_in_either_case", "translate"]
