"""What turns the bytes of a request into ModSecurity's variables: arguments, cookies and bodies; pure functions."""

from bartizan.perimeter.waf.bodies.arguments import arguments_exceed, has_invalid_escape, parse_arguments
from bartizan.perimeter.waf.bodies.cookies import parse_cookies
from bartizan.perimeter.waf.bodies.processors import PROCESSORS, Processor
from bartizan.perimeter.waf.bodies.result import FilePart, Limits, MultipartFlags, ParsedBody, Part
from bartizan.perimeter.waf.bodies.xml_body import XmlDocument, XmlTooLargeError
from bartizan.perimeter.waf.bodies.xpath import XPathError, compile_xpath

__all__ = [
    "PROCESSORS",
    "FilePart",
    "Limits",
    "MultipartFlags",
    "ParsedBody",
    "Part",
    "Processor",
    "XPathError",
    "XmlDocument",
    "XmlTooLargeError",
    "arguments_exceed",
    "compile_xpath",
    "has_invalid_escape",
    "parse_arguments",
    "parse_cookies",
]
