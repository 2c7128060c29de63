from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.bodies.result import Limits
from bartizan.perimeter.waf.bodies.xml_body import XmlDocument, XmlTooLargeError, parse_xml
from bartizan.perimeter.waf.bodies.xpath import XPathError

LIMITS = Limits()
XML = 'SecAction "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=XML"'
DOCUMENT = b'<a x="1"><b y="2">t1</b><b>t2<c>t3</c>t4</b><!-- n --></a>'


def document(body: bytes) -> XmlDocument:
    found = parse_xml(body, LIMITS).xml
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        (b"/*", [b"t1t2t3t4"]),
        (b"//@*", [b"1", b"2"]),
        (b"/a/b", [b"t1", b"t2t3t4"]),
        (b"//text()", [b"t1", b"t2", b"t3", b"t4"]),
        (b"//@*|//comment()", [b"1", b"2", b" n "]),
        (b"//c", [b"t3"]),
        (b"count(//b)", []),
        (b"string(//b)", []),
        (b"1 = 1", []),
        (b"//z", []),
    ],
)
def test_each_selected_node_gives_its_text(expression: bytes, values: list[bytes]) -> None:
    assert document(DOCUMENT).xpath(expression) == values


def test_prefixes_come_from_the_rule() -> None:
    soap = document(b'<s:E xmlns:s="http://s/"><s:B>v</s:B></s:E>')
    assert soap.xpath(b"/p:E/p:B", [("p", "http://s/")]) == [b"v"]
    assert soap.xpath(b"/E") == []
    with pytest.raises(XPathError):
        soap.xpath(b"/p:E")


BODIES = [
    DOCUMENT,
    b"<a>",
    b"",
    b"x",
    b"<a/>trailing",
    b"<a><b>ok</b><c></a>",
    b"<a>&lt;&#65;<![CDATA[<x>]]></a>",
    b"<a>\r\nx\r\n</a>",
    b'<a b="1" b="2"/>',
    b"<p:a/>",
    b"<a>&undefined;</a>",
    b" <a/>",
    b"\xef\xbb\xbf<a>b</a>",
    b'<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe9</a>',
    b'<?xml version="1.0" encoding="UTF-16"?><a>x</a>',
    '<?xml version="1.0" encoding="UTF-16"?><a>é</a>'.encode("utf-16"),
    b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a>x</a>',
    b'<!DOCTYPE a [<!ATTLIST a q CDATA "x">]><a/>',
    b"<a>" * 300 + b"</a>" * 300,
    b"<a><?pi d?>x</a>",
]


@pytest.mark.parametrize("body", BODIES)
def test_libmodsecurity_sees_the_same(reference, capfd, body: bytes) -> None:
    theirs = reference("REQBODY_ERROR XML:/* XML://@* XML://text()", XML)(body)
    capfd.readouterr()  # libxml2 writes its errors there
    parsed = parse_xml(body, LIMITS)
    assert bool(parsed.error) == (theirs["REQBODY_ERROR"] == [(b"", b"1")])
    for expression in ("/*", "//@*", "//text()"):
        ours = parsed.xml.xpath(expression.encode()) if parsed.xml else []
        assert set(ours) >= {value for _, value in theirs[f"XML:{expression}"]} - {b""}


@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY e "text">',
        '<!ENTITY e SYSTEM "{file}">',
        '<!ENTITY % e SYSTEM "{file}"> %e;',
        '<!ENTITY a0 "xxxxxxxx">' + "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9)),
    ],
)
@pytest.mark.parametrize("use", ["", "&e;", "&a9;"])
def test_a_document_that_declares_entities_is_an_error(tmp_path: Path, declaration: str, use: str) -> None:
    # libmodsecurity expands the harmless ones; nothing that a browser or a SOAP client sends needs them
    (tmp_path / "secret").write_text("secret")
    declaration = declaration.replace("{file}", (tmp_path / "secret").as_uri())
    parsed = parse_xml(f'<!DOCTYPE a [{declaration}]><a z="{use}">{use}</a>'.encode(), LIMITS)
    assert parsed.error
    assert parsed.xml is None or b"secret" not in b"".join(parsed.xml.xpath(b"/*"))


def test_size_nodes_and_depth_are_limited() -> None:
    for limits in (Limits(xml_bytes=9), Limits(xml_nodes=2), Limits(xml_depth=2)):
        parsed = parse_xml(b"<a><b><c/></b></a>", limits)
        assert parsed.limit_exceeded
        assert parsed.error
    assert not parse_xml(b"<a><b><c/></b></a>", Limits(xml_bytes=100, xml_nodes=5, xml_depth=3)).error


def test_text_that_is_selected_over_and_over_is_limited() -> None:
    nested = document(b"<r>" + (b"<a>text" * 250 + b"</a>" * 250) * 100 + b"</r>")
    with pytest.raises(XmlTooLargeError):
        nested.xpath(b"//*")
    assert len(nested.xpath(b"//text()")) == 25_000


@pytest.mark.parametrize(
    "body",
    [
        DOCUMENT,
        b"<a>x</a>",
        b"<a><b> </b><c/><d>&lt;x</d><e><![CDATA[cd]]>f</e></a>",
        b'<s:E xmlns:s="http://s/"><s:B>v</s:B></s:E>',
        b"<a>1<b>2</b>3</a>",
    ],
)
def test_elements_without_elements_are_arguments_as_for_libmodsecurity(reference, body: bytes) -> None:
    theirs = reference("ARGS", "SecParseXmlIntoArgs On\n" + XML)(body)
    arguments, exceeded = document(body).arguments(LIMITS)
    assert sorted(arguments) == sorted(theirs["ARGS"])
    assert not exceeded


def test_arguments_are_limited() -> None:
    assert document(b"<a><b/><b/><b/></a>").arguments(Limits(arguments=2)) == ([(b"xml.a.b", b"")] * 2, True)


@pytest.mark.parametrize(
    ("declaration", "encoding"), [("", "utf-8"), ('<?xml version="1.0" encoding="ASCII"?>', "ascii")]
)
def test_the_encoding_is_told(declaration: str, encoding: str) -> None:
    assert document(f"{declaration}<a/>".encode()).encoding == encoding


@given(
    st.lists(
        st.sampled_from(
            [
                b"<a>",
                b"</a>",
                b"<b c='d'/>",
                b"x",
                b"&",
                b"&lt;",
                b"<!--",
                b"-->",
                b"<![CDATA[",
                b"]]>",
                b"<!DOCTYPE a [",
                b"]>",
            ]
        )
    ).map(b"".join)
    | st.binary()
)
def test_nothing_raises(body: bytes) -> None:
    parsed = parse_xml(body, LIMITS)
    assert parsed.error or parsed.xml is not None
    if parsed.xml is not None:
        assert sum(map(len, parsed.xml.xpath(b"//text()"))) <= 3 * len(body)
        parsed.xml.arguments(LIMITS)


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn", "Co"])))
def test_what_was_written_is_read(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    parsed = document(f'<a b="{escaped}">{escaped}</a>'.encode())
    assert parsed.xpath(b"/*") == [text.encode()]
    assert parsed.xpath(b"//@*") == [text.encode()]


@pytest.mark.parametrize(
    "text",
    [b"<a>", b"</a>", b"<", b"&", b"&x;", b"\x01", b'<b c="d"/>', b"<a b='", b"<!--", b"<![CDATA[", b" ", b'a="b" '],
)
def test_a_megabyte_of_the_same_is_read(text: bytes) -> None:
    limits = Limits(xml_nodes=10**9)
    many = text * (1_000_000 // len(text))
    for body in (many, b"<a>" + many, b"<a>" + many + b"</a>", b"<a " + many + b"/>"):
        parsed = parse_xml(body, limits)
        assert parsed.xml is None or len(parsed.xml.xpath(b"//@*")) <= len(body)
