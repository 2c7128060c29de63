"""XML bodies, with lxml: nothing is loaded, no entity resolved, and size, depth and number of nodes are bounded.

As with libmodsecurity, what could be read of a document that is not well-formed can still be asked for. Unlike it,
entities are never expanded: a document that declares any is an error and is not looked at (billion laughs and external
entities need such declarations). A document type that only names an external DTD is taken; the DTD is not loaded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from lxml import etree

from bartizan.errors import BartizanError
from bartizan.perimeter.waf.bodies.result import Limits, ParsedBody
from bartizan.perimeter.waf.bodies.xpath import compile_xpath

__all__ = ["XmlDocument", "XmlTooLargeError", "parse_xml"]

_DEEPEST = 256  # what libxml2 takes without huge_tree
_FATAL = 3  # etree.ErrorLevels.FATAL: not well-formed
_LOGGED_ERRORS = 100  # lxml keeps so many; of a full log nothing can be said
_FAILED = "XML parsing error: XML: Failed to parse document."
_TEXT = etree.XPath("string()", smart_strings=False)


class XmlTooLargeError(BartizanError):
    """An expression would give more text than may be looked at (many nested nodes, each with all their text)."""


class XmlDocument:
    """A parsed document, or what could be read of it."""

    __slots__ = ("_room", "_root", "encoding")

    def __init__(self, root: etree._Element, size: int) -> None:
        self._root = root
        self._room = 16 * size + 1_048_576
        self.encoding = (root.getroottree().docinfo.encoding or "").lower()
        """The encoding that the document declares or shows, in lower case."""

    def xpath(self, expression: bytes, namespaces: Sequence[tuple[str, str]] = ()) -> list[bytes]:
        """Return the text content, in UTF-8, of each node that ``expression`` selects; scalars select nothing.

        Raises:
            XPathError: the expression cannot be compiled.
            XmlTooLargeError: the values are much larger than the document itself.
        """
        values = []
        room = self._room
        for path in compile_xpath(expression, tuple(namespaces)):
            found = path(self._root)
            if not isinstance(found, list):
                continue
            for node in found:
                value = _content(node).encode()
                room -= len(value)
                if room < 0:
                    raise XmlTooLargeError(f"XML:{expression.decode()} selects too much text; select text() instead")
                values.append(value)
        return values

    def arguments(self, limits: Limits) -> tuple[list[tuple[bytes, bytes]], bool]:
        """Return the elements without child elements as arguments, and whether a limit cut them off.

        Named as SecParseXmlIntoArgs does: ``<a><b>1</b></a>`` gives ``xml.a.b`` = ``1``, without namespaces.
        """
        arguments: list[tuple[bytes, bytes]] = []
        path = ["xml"]
        room = self._room
        leaf = False
        for event, element in etree.iterwalk(self._root, events=("start", "end")):
            if not isinstance(element.tag, str):  # a comment, processing instruction or entity reference
                continue
            if event == "start":
                path.append(re.split("[}:]", element.tag)[-1])
                leaf = True
                continue
            if leaf:
                argument = (".".join(path).encode(), _content(element).encode())
                room -= len(argument[0])
                if len(arguments) >= limits.arguments or room < 0:
                    return arguments, True
                arguments.append(argument)
            leaf = False
            path.pop()
        return arguments, False


def parse_xml(body: bytes, limits: Limits) -> ParsedBody:
    """Read an XML body, whose values `XmlDocument.xpath` gives. An empty body is an error, as in libmodsecurity."""
    if len(body) > limits.xml_bytes or _nodes_at_most(body) > limits.xml_nodes:
        return ParsedBody([], "XML parsing error: XML: document too large.", True)
    root, well_formed = _parse(body)
    if root is None:
        return ParsedBody([], _FAILED)
    if _declares_entities(root):  # even to look at the document could expand them
        return ParsedBody([], "XML parsing error: XML: entity declarations are refused.")
    document = XmlDocument(root, len(body))
    if not well_formed:
        return ParsedBody([], _FAILED, xml=document)
    if _too_deep(root, limits.xml_depth):
        return ParsedBody([], "XML parsing error: XML: document too deep.", True, xml=document)
    return ParsedBody([], xml=document)


def _nodes_at_most(body: bytes) -> int:
    """Return a bound for the number of nodes, before any is built."""
    return body.count(b"<") + min(body.count(b"="), (body.count(b'"') + body.count(b"'")) // 2)


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=recover,
        collect_ids=False,
        strip_cdata=False,
    )


def _parse(body: bytes) -> tuple[etree._Element | None, bool]:
    """Return the root (of what could be read) and whether the document is well-formed."""
    try:
        return etree.fromstring(body, _parser(recover=False)), True
    except (etree.XMLSyntaxError, ValueError):
        pass
    parser = _parser(recover=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None, False
    errors = parser.error_log
    return root, len(errors) < _LOGGED_ERRORS and all(error.level < _FATAL for error in errors)


def _declares_entities(root: etree._Element) -> bool:
    dtd = root.getroottree().docinfo.internalDTD
    return dtd is not None and len(dtd.entities()) > 0  # type: ignore[attr-defined]  # the stubs lack it


def _too_deep(root: etree._Element, limit: int) -> bool:
    if limit >= _DEEPEST:
        return False
    depth = 0
    level = [root]
    while level:
        depth += 1
        if depth > limit:
            return True
        level = [child for element in level for child in element]
    return False


def _content(node: object) -> str:
    if isinstance(node, str):
        return node
    if isinstance(node, tuple):  # a namespace: prefix and URI
        return str(node[1])
    element = cast(Any, node)
    return str(_TEXT(element)) if isinstance(element.tag, str) else element.text or ""  # a comment or instruction
