r"""The exact JSON reader: token by token, keeping what stood before an error.

It takes and refuses what YAJL does, by which libmodsecurity reads JSON: vertical tab and form feed are white space too,
and UTF-8 is checked for its form only (overlong forms and encoded surrogates pass; ``@validateUtf8Encoding`` flags
them). Unlike it, a string that begins after the document and does not end is an error
too; and where YAJL mangles a lone ``\uD800`` together with the character after it, both are kept, the surrogate as the
three bytes of its code point. It is a state machine with a stack of its own, so that nesting costs no recursion.
"""

from __future__ import annotations

import re

from bartizan.perimeter.waf.bodies.result import Limits, ParsedBody

__all__ = ["TOO_MANY", "name_room", "read_json"]

_PLAIN = rb'[^"\\\x00-\x1f]*+'
_STRING = _PLAIN + rb'(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})' + _PLAIN + rb")*"
# Python 3.11 matches possessive groups wrongly (gh-106052): only single classes are possessive here.
_SPACE = rb"[\t\n\v\f\r ]*+"
_TOKEN = re.compile(
    _SPACE + rb'(?:([\[\]{},:])|"(' + _STRING + rb')"'
    rb"|(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++|(?!\.))(?:[eE][+-]?[0-9]++|(?![eE])))"
    rb"|(true|false|null))"
)
_SPACES = re.compile(_SPACE)
_STRING_PREFIX = re.compile(_STRING)
_UTF8_FORM = re.compile(rb"[\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf7][\x80-\xbf]{3}")
_ESCAPE = re.compile(rb"\\(?:u([dD][89abAB]..)\\u([dD][c-fC-F]..)|u(....)|(.))", re.DOTALL)
_SIMPLE = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_MARK, _TEXT, _NUMBER, _WORD = 1, 2, 3, 4

_UNALLOWED = "parse error: unallowed token at this point in JSON text"
_AFTER_ELEMENT = "parse error: after array element, I expect ',' or ']'"
_AFTER_MEMBER = "parse error: after key and value, inside map, I expect ',' or '}'"
_NOT_A_KEY = "parse error: invalid object key (must be a string)"
_NO_COLON = "parse error: object key and value must be separated by a colon (':')"
_GARBAGE = "parse error: trailing garbage"
_NOT_UTF8 = "lexical error: invalid bytes in UTF8 string."
_END = "parse error: premature EOF"
TOO_MANY = "too many arguments, or their names too long"


class _Stop(Exception):
    """The document cannot be read further; ``limit`` tells that a limit said so."""

    def __init__(self, message: str, *, limit: bool = False) -> None:
        super().__init__(message)
        self.limit = limit


def name_room(size: int) -> int:
    """Return how many bytes all names together may take for a body of ``size`` bytes.

    A name repeats the keys of all that it is in, so a few long keys around many values would grow quadratically.
    """
    return 16 * size + 4_194_304


def read_json(body: bytes, limits: Limits) -> ParsedBody:
    """Read ``body`` up to its end or to what is wrong with it; see the module."""
    reader = _Reader(body, limits)
    try:
        reader.run()
    except _Stop as stop:
        return ParsedBody(reader.arguments, f"JSON parsing error: {stop}", stop.limit)
    return ParsedBody(reader.arguments)


class _Frame:
    """An open array or object: the name before its children, and the index of the next element."""

    __slots__ = ("array", "index", "key", "prefix")

    def __init__(self, prefix: bytes, *, array: bool) -> None:
        self.prefix = prefix
        self.array = array
        self.index = 0
        self.key = b""

    def child(self) -> bytes:
        """Return the name of the child that begins, and go on to the next."""
        if not self.array:
            return self.prefix + (self.key or b"empty-key")
        self.index += 1
        return b"%b%d" % (self.prefix, self.index - 1)


class _Reader:
    __slots__ = ("_body", "_limits", "_position", "_room", "_stack", "arguments")

    def __init__(self, body: bytes, limits: Limits) -> None:
        self._body = body
        self._position = 0
        self._limits = limits
        self._room = name_room(len(body))
        self._stack: list[_Frame] = []
        self.arguments: list[tuple[bytes, bytes]] = []

    def run(self) -> None:
        kind, text = self._token()
        self._value(kind, text, self._begun(kind, text))
        while self._stack:
            frame = self._stack[-1]
            if frame.array:
                self._element(frame)
            else:
                self._member(frame)
        if _SPACES.match(self._body, self._position).end() < len(self._body):  # type: ignore[union-attr]
            raise _Stop(_GARBAGE)

    def _element(self, frame: _Frame) -> None:
        kind, text = self._token()
        if text == b"]" and kind == _MARK:
            self._stack.pop()
            return
        if frame.index:
            if text != b"," or kind != _MARK:
                raise _Stop(_AFTER_ELEMENT)
            kind, text = self._token()
        self._value(kind, text, self._begun(kind, text))

    def _member(self, frame: _Frame) -> None:
        kind, text = self._token()
        if text == b"}" and kind == _MARK:
            self._stack.pop()
            return
        if frame.index:
            if text != b"," or kind != _MARK:
                raise _Stop(_AFTER_MEMBER)
            kind, text = self._token()
        if kind != _TEXT:
            raise _Stop(_NOT_A_KEY)
        frame.index = 1
        frame.key = _unescape(text)
        kind, text = self._token()
        if text != b":" or kind != _MARK:
            raise _Stop(_NO_COLON)
        kind, text = self._token()
        self._value(kind, text, self._begun(kind, text))

    def _begun(self, kind: int, text: bytes) -> bytes:
        """Return the name of the value that begins with this token."""
        if kind == _MARK and text not in b"[{":
            raise _Stop(_UNALLOWED)
        return self._stack[-1].child() if self._stack else b"json"

    def _value(self, kind: int, text: bytes, name: bytes) -> None:
        self._room -= len(name)
        if kind == _MARK:
            if self._room < 0:
                raise _Stop(TOO_MANY, limit=True)
            if len(self._stack) >= self._limits.json_depth:
                raise _Stop("parsing depth limit exceeded", limit=True)
            array = text == b"["
            self._stack.append(_Frame(name + (b".array_" if array else b"."), array=array))
            return
        if len(self.arguments) >= self._limits.arguments or self._room < 0:
            raise _Stop(TOO_MANY, limit=True)
        if kind == _TEXT:
            text = _unescape(text)
        elif text == b"null":
            text = b""
        self.arguments.append((name, text))

    def _token(self) -> tuple[int, bytes]:
        match = _TOKEN.match(self._body, self._position)
        if match is None:
            raise _Stop(self._fault())
        self._position = match.end()
        kind = match.lastindex or 0
        text = match[kind]
        if kind == _TEXT and not _has_utf8_form(text):
            raise _Stop(_NOT_UTF8)
        return kind, text

    def _fault(self) -> str:
        """Say why there is no token at the current position."""
        start = _SPACES.match(self._body, self._position).end()  # type: ignore[union-attr]
        first = self._body[start : start + 1]
        if not first:
            return _END
        if first == b'"':
            return self._string_fault(start + 1)
        if first in b"-0123456789":
            return "lexical error: malformed number, a digit is required"
        if first in b"tfn":
            return "lexical error: invalid string in json text."
        if first == b"/":
            return "lexical error: probable comment found in input text, comments are not enabled."
        return "lexical error: invalid char in json text."

    def _string_fault(self, start: int) -> str:
        end = _STRING_PREFIX.match(self._body, start).end()  # type: ignore[union-attr]
        if not _has_utf8_form(self._body[start:end]):
            return _NOT_UTF8
        first = self._body[end : end + 1]
        if not first:
            return _END
        if first == b"\\":
            return "lexical error: invalid escape inside string."
        return "lexical error: invalid character inside string."


def _has_utf8_form(text: bytes) -> bool:
    return text.isascii() or _UTF8_FORM.sub(b"", text).isascii()


def _unescape(text: bytes) -> bytes:
    return _ESCAPE.sub(_character, text) if b"\\" in text else text


def _character(match: re.Match[bytes]) -> bytes:
    high, low, code, letter = match.groups()
    if letter is not None:
        return _SIMPLE.get(letter, letter)
    if high is not None:
        return chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF)).encode()
    return chr(int(code, 16)).encode("utf-8", "surrogatepass")
