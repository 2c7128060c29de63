"""The body processors by the name that ``ctl:requestBodyProcessor`` and REQBODY_PROCESSOR give them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bartizan.perimeter.waf.bodies.arguments import arguments_exceed, parse_arguments
from bartizan.perimeter.waf.bodies.json_body import parse_json
from bartizan.perimeter.waf.bodies.multipart import parse_multipart
from bartizan.perimeter.waf.bodies.result import Limits, ParsedBody
from bartizan.perimeter.waf.bodies.xml_body import parse_xml

__all__ = ["PROCESSORS", "Processor"]

Processor = Callable[[bytes, bytes, Limits, int], ParsedBody]
"""Takes the body, the request's Content-Type, the limits, and the byte value of SecArgumentSeparator. Never raises."""


def _urlencoded(body: bytes, content_type: bytes, limits: Limits, separator: int) -> ParsedBody:  # noqa: ARG001
    exceeded = arguments_exceed(body, separator, limits.arguments)
    return ParsedBody(parse_arguments(body, separator, limits.arguments), limit_exceeded=exceeded)


def _multipart(body: bytes, content_type: bytes, limits: Limits, separator: int) -> ParsedBody:  # noqa: ARG001
    return parse_multipart(body, content_type, limits)


def _json(body: bytes, content_type: bytes, limits: Limits, separator: int) -> ParsedBody:  # noqa: ARG001
    return parse_json(body, limits)


def _xml(body: bytes, content_type: bytes, limits: Limits, separator: int) -> ParsedBody:  # noqa: ARG001
    return parse_xml(body, limits)


PROCESSORS: Mapping[bytes, Processor] = {
    b"URLENCODED": _urlencoded,
    b"MULTIPART": _multipart,
    b"JSON": _json,
    b"XML": _xml,
}
