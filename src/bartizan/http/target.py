"""Request targets and hosts (RFC 9112 section 3.2, RFC 3986): read strictly, brought to one form.

What is matched is what is forwarded: routing, guards and the upstream all see the normalised path, so that no two of
them can disagree about what was asked for. What one server would read as one path and another as a second is refused.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from bartizan.errors import RequestError
from bartizan.http.address import parse_address

__all__ = ["Host", "Target", "normalise_path", "parse_host", "parse_target"]

_UNRESERVED = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"  # RFC 3986 section 2.3
_VISIBLE = bytes(code for code in range(0x21, 0x7F) if code != ord("#"))
_PLAIN = _UNRESERVED + b"!$&'()*+,=:@/"  # what may stay as it is: pchar (section 3.3) without `%` and `;`
_FOREIGN = str.maketrans({char: f"%{ord(char):02X}" for char in '"<>[]^`{|}'})  # in no URI, yet sent by some clients
_ESCAPES = {
    b"%c%c" % (high, low): bytes((value,)) if value in _UNRESERVED else b"%%%02X" % value
    for high in b"0123456789abcdefABCDEF"
    for low in b"0123456789abcdefABCDEF"
    if 0x20 <= (value := int(bytes((high, low)), 16)) != 0x7F
}
"""What may follow a `%`, and what it becomes (section 6.2.2)."""
_REG_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63})*")
_SLASH = ord("/")
_MAX_HOST = 255
_REMEMBERED_LENGTH = 128  # bytes: 4096 targets of it are what the cache can hold


class Target(NamedTuple):
    """A request target: normalised ``path``, raw ``query`` (None without ``?``), ``authority`` if absolute-form."""

    path: str
    query: bytes | None
    authority: bytes | None = None


class Host(NamedTuple):
    """A host name or address in lower case without brackets or trailing dot, and the port if one was given."""

    host: str
    port: int | None


def parse_target(target: bytes, method: str, *, escaped_slashes: str = "refuse") -> Target:
    """Read origin-form, absolute-form or asterisk-form; raises ``RequestError`` (400) for what is none or is unsafe.

    ``escaped_slashes`` is what to do with %2F and %5C in the path: ``refuse`` or ``keep``. Short targets that were
    asked for lately are remembered.
    """
    if len(target) <= _REMEMBERED_LENGTH:
        return _remembered(target, method == "OPTIONS", escaped_slashes)
    return _parse(target, method == "OPTIONS", escaped_slashes)


def _parse(target: bytes, options: bool, escaped_slashes: str) -> Target:  # noqa: FBT001 - positional for the cache
    path, mark, query = target.partition(b"?")
    if mark and query.translate(None, _VISIBLE):
        raise _invalid_characters()
    if path.startswith(b"/"):
        return Target(normalise_path(path, escaped_slashes), query if mark else None)
    if target == b"*":
        if not options:
            raise RequestError(400, "invalid_target", "the target `*` is for OPTIONS only")
        return Target("*", None)
    return _absolute(path, query if mark else None, options, escaped_slashes)


_remembered = lru_cache(maxsize=4096)(_parse)


def _absolute(url: bytes, query: bytes | None, options: bool, escaped_slashes: str) -> Target:  # noqa: FBT001
    """Read absolute-form (RFC 9112 section 3.2.2); its authority is what counts, whatever Host says."""
    scheme, mark, rest = url.partition(b"://")
    if not mark or scheme.lower() not in (b"http", b"https"):
        raise RequestError(400, "invalid_target", "the request target is neither a path nor an http(s) URL")
    authority, slash, path = rest.partition(b"/")
    if authority.translate(None, _VISIBLE):
        raise _invalid_characters()
    if not authority or b"@" in authority:
        raise RequestError(400, "invalid_target", "the URL in the request target has no plain host")
    if options and not slash and query is None:
        return Target("*", None, authority)  # section 3.2.4
    return Target(normalise_path(b"/" + path, escaped_slashes), query, authority)


def normalise_path(path: bytes, escaped_slashes: str = "refuse") -> str:
    """Bring a path that starts with a slash to one form (RFC 3986 section 6.2.2).

    Escapes of unreserved characters are decoded, others written in upper case, characters that no URI has are escaped,
    dot segments resolved, empty segments merged. Raises ``RequestError`` (400) for broken escapes, control characters
    (escaped or not), backslashes, escaped slashes (unless they are kept), paths that lead above the root, and segments
    that only some servers would resolve: dot segments behind path parameters or escaped slashes (``/..;/``, ``/..%2F``)
    and segments of path parameters alone (``/;x/``).
    """
    if not path.translate(None, _PLAIN) and b"//" not in path and b"/." not in path:
        return path.decode("ascii")
    if path.translate(None, _VISIBLE):
        raise _invalid_characters()
    if b"\\" in path:
        raise RequestError(400, "backslash", "a path must not have a backslash")
    text = (_canonical_escapes(path) if b"%" in path else path).decode("ascii").translate(_FOREIGN)
    if escaped_slashes != "keep" and ("%2F" in text or "%5C" in text):
        raise RequestError(400, "escaped_slash", "a path must not have an escaped slash or backslash")
    return _resolve(text)


def _invalid_characters() -> RequestError:
    return RequestError(400, "invalid_target", "the request target has characters that a URI cannot have")


def _canonical_escapes(path: bytes) -> bytes:
    before, *escaped = path.split(b"%")
    try:
        return before + b"".join([_ESCAPES[part[:2]] + part[2:] for part in escaped])
    except KeyError as error:
        digits: bytes = error.args[0]
    if len(digits) == 2 and not digits.translate(None, b"0123456789abcdefABCDEF"):
        raise RequestError(400, "control_in_path", "a path must not have an escaped control character")
    raise RequestError(400, "invalid_escape", "a path has a `%` that two hexadecimal digits do not follow")


def _resolve(path: str) -> str:
    """Remove dot segments (RFC 3986 section 5.2.4, but never above the root) and empty segments."""
    segments = path.split("/")
    last = len(segments) - 1
    kept: list[str] = []
    for at, segment in enumerate(segments):
        if segment == "..":
            if not kept:
                raise RequestError(400, "above_root", "a path must not lead above the root")
            kept.pop()
        elif segment and segment != ".":
            if "." in segment or ";" in segment:
                _refuse_hidden(segment, is_last=at == last)
            kept.append(segment)
    directory = segments[-1] in ("", ".", "..") and bool(kept)
    return "/" + "/".join(kept) + ("/" if directory else "")


def _refuse_hidden(segment: str, *, is_last: bool) -> None:
    """Refuse a segment that becomes a dot segment or none at all where a server strips what is behind ``;``.

    A last segment of parameters alone is fine: servlet containers write ``/;jsessionid=…``, and it leads nowhere.
    """
    if segment[0] == ";" and not is_last:
        raise RequestError(400, "hidden_empty_segment", "a path must not have a segment of path parameters alone")
    text = segment.replace("%3B", ";").replace("%5C", "%2F")
    for piece in text.split("%2F"):
        if piece.partition(";")[0] in (".", ".."):
            raise RequestError(400, "hidden_dot_segment", "a path must not have a dot segment in disguise")


@lru_cache(maxsize=4096)
def parse_host(value: bytes) -> Host:
    """Read a Host or authority (RFC 9110 section 7.2); raises ``RequestError`` (400). The last ones are remembered.

    Names are of letters, digits, hyphens and underscores. A name that ends in a number has to be an IPv4 address
    (WHATWG URL section 3.5), and addresses are in their canonical form.
    """
    text = value.decode("latin-1").lower()
    if len(text) > _MAX_HOST + 7:
        raise RequestError(400, "invalid_host", "the Host is longer than a host name can be")
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        host = _address(host) if bracket and ":" in host else ""
    else:
        host, colon, port = text.partition(":")
        rest = colon + port
        host = _name(host.removesuffix("."))
    if not host or (rest and not (rest[0] == ":" and rest[1:].isdigit() and rest.isascii() and len(rest) <= 6)):
        raise RequestError(400, "invalid_host", "the Host is not a host name or address")
    number = int(rest[1:]) if rest else None
    if number is not None and not 0 < number < 65536:
        raise RequestError(400, "invalid_host", "the port in the Host is not one")
    return Host(host, number)


def _name(text: str) -> str:
    """Return a host name or IPv4 address, or nothing."""
    if len(text) > _MAX_HOST or not _REG_NAME.fullmatch(text):
        return ""
    return _address(text) if text.rpartition(".")[2].isdigit() else text


def _address(text: str) -> str:
    try:
        return parse_address(text).address
    except ValueError:
        return ""
