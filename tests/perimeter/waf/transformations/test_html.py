from __future__ import annotations

import pytest
from tests.perimeter.waf.transformations.reference import agrees, check

from bartizan.perimeter.waf.transformations.html import html_entity_decode

PIECES = [b"&", b"&&", b"#", b"x", b"X", b"1", b"f", b"0", b";", b"&quot", b"&AMP", b"&lt", b"&gT;", b"&nbsp", b"l"]
PIECES += [b"q", b"99999999", b"ffffffff", b"g", b"\0", b"&#", b"&#x", b"&#38;", b"&#x3C", b"&amp;lt;"]

EDGES = [b"", b"&", b"&#", b"&#x", b"&#;", b"&#x;", b"&#xg", b"&#a", b"&lt", b"&ltx;", b"&LT;x", b"&lt.", b"&l;"]
EDGES += [b"&quo", b"&&lt;", b"&#9223372036854775807;", b"&#9223372036854775808;", b"&#18446744073709551616;"]
EDGES += [b"&#000000000000000000000065;", b"&#x7fffffffffffffff", b"&#x8000000000000000"]
EDGES += [b"&#x000000000000000000000041"]
EDGES += [b"&#x10041;", b"&#321;", b"&#0;", b"&#000000000000000000000;", b"&eacute;", b"&amp;amp;lt;"]
EDGES += [b"&#x41;&#x42&#67"]


def test_entities_agree_with_the_reference() -> None:
    agrees("htmlEntityDecode", PIECES)


@pytest.mark.parametrize("text", EDGES)
def test_the_edges_of_entities(text: bytes) -> None:
    check("htmlEntityDecode", text)


def test_a_number_may_be_as_long_as_the_text() -> None:
    assert html_entity_decode(b"&#" + b"9" * 100_000) == b"\xff"
    assert html_entity_decode(b"&#x" + b"0" * 100_000 + b"41;") == b"A"


def test_what_has_no_entities_is_returned_as_it_is() -> None:
    for text in (b"plain", b"a&b=c", b"&#"):
        assert html_entity_decode(text) is text
