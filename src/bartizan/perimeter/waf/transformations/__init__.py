"""The transformations of SecLang (``t:urlDecodeUni``): pure functions of bytes, by family, and the table of them all.

They do byte for byte what libmodsecurity 3.0.15 does.
"""

from bartizan.perimeter.waf.transformations.table import CHANGES, TRANSFORMATIONS, Transformation
from bartizan.perimeter.waf.transformations.unicode_map import UnicodeMapError, read_unicode_map
from bartizan.perimeter.waf.transformations.urls import url_decode_uni

__all__ = [
    "CHANGES",
    "TRANSFORMATIONS",
    "Transformation",
    "UnicodeMapError",
    "read_unicode_map",
    "url_decode_uni",
]
