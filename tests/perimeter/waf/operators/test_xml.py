from pathlib import Path

import pytest

from bartizan.perimeter.waf.operators import Context, OperatorError
from bartizan.perimeter.waf.operators.xml import validate_dtd, validate_schema

_SCHEMA = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
%b<xs:element name="note"><xs:complexType><xs:sequence>
<xs:element name="to" type="xs:string"/>
</xs:sequence></xs:complexType></xs:element></xs:schema>"""
_VALID = b"<note><to>x</to></note>"
_OTHERS = [b"<note/>", b"<note><to>x</to>", b"", b"text", b"<other/>"]


@pytest.fixture
def context(tmp_path: Path) -> Context:
    (tmp_path / "note.xsd").write_bytes(_SCHEMA % b"")
    (tmp_path / "far.xsd").write_bytes(_SCHEMA % b'<xs:include schemaLocation="http://192.0.2.1/x.xsd"/>')
    (tmp_path / "note.dtd").write_bytes(b"<!ELEMENT note (to)><!ELEMENT to (#PCDATA)>")
    (tmp_path / "text").write_bytes(b"no markup")
    return Context(tmp_path)


def test_a_schema_matches_what_is_not_valid(context: Context) -> None:
    operator = validate_schema(b"note.xsd", context)
    assert operator(_VALID) is None
    assert [operator(value) for value in _OTHERS] == [()] * len(_OTHERS)


def test_a_dtd_matches_what_is_not_valid(context: Context) -> None:
    operator = validate_dtd(b"note.dtd", context)
    assert operator(_VALID) is None
    assert [operator(value) for value in _OTHERS] == [()] * len(_OTHERS)


def test_a_schema_fetches_nothing(context: Context) -> None:
    with pytest.raises(OperatorError, match="save it beside"):
        validate_schema(b"far.xsd", context)


def test_entities_of_the_value_are_not_read(context: Context) -> None:
    value = b'<!DOCTYPE note [<!ENTITY x SYSTEM "file:///etc/hostname">]><note><to>&x;</to></note>'
    assert validate_schema(b"note.xsd", context)(value) == ()


@pytest.mark.parametrize("factory", [validate_schema, validate_dtd])
@pytest.mark.parametrize("argument", [b"none", b"text"])
def test_a_file_that_cannot_be_used_is_told(factory: object, argument: bytes, context: Context) -> None:
    with pytest.raises(OperatorError):
        factory(argument, context)  # type: ignore[operator]
