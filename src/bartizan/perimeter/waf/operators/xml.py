"""``@validateSchema`` and ``@validateDTD``: XML against a file on this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from bartizan.perimeter.waf.operators.datafile import find_file
from bartizan.perimeter.waf.operators.interface import NO_CAPTURES, Captures, Context, Operator, OperatorError

__all__ = ["validate_dtd", "validate_schema"]

_XS = "{http://www.w3.org/2001/XMLSchema}"


def validate_schema(argument: bytes, context: Context) -> Operator:
    """Match a document that is not valid under an XML Schema, or not well-formed; the value is its whole text.

    Raises:
        OperatorError: The file is no schema, cannot be read, or would have others fetched over the network.
    """
    path = find_file(argument, context)
    try:
        document = etree.parse(str(path), _parser())
        for place in document.iter(f"{_XS}include", f"{_XS}import", f"{_XS}redefine"):
            if "://" in place.get("schemaLocation", ""):
                raise OperatorError(
                    f"{str(path)!r} wants {place.get('schemaLocation')!r}: save it beside, and name the file"
                )
        schema = etree.XMLSchema(document)
    except (etree.LxmlError, OSError) as error:
        raise OperatorError(f"{str(path)!r} is no XML Schema: {error}") from error
    return _validator(schema.validate)


def validate_dtd(argument: bytes, context: Context) -> Operator:
    """Match a document that is not valid under a DTD, or not well-formed; the value is its whole text.

    Raises:
        OperatorError: The file is no DTD, or cannot be read.
    """
    path = find_file(argument, context)
    try:
        dtd = etree.DTD(file=str(path))
    except (etree.LxmlError, OSError) as error:
        raise OperatorError(f"{str(path)!r} is no DTD: {error}") from error
    return _validator(dtd.validate)


def _validator(valid: Callable[[Any], bool]) -> Operator:
    def validate(value: bytes) -> Captures | None:
        try:
            return None if valid(etree.fromstring(value, _parser())) else NO_CAPTURES
        except (etree.LxmlError, ValueError):  # not well-formed, or with entities, which are not read
            return NO_CAPTURES

    return validate


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
