"""Request targets and hosts (RFC 9112 section 3.2, RFC 3986): read strictly, brought to one form.

What is matched is what is forwarded: routing, guards and the upstream all see the normalised path, so that no two of
them can disagree about what was asked for.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from bartizan.errors import RequestError
from bartizan.http.address import parse_address

__all__ = ["Host", "Target", "normalise_path", "parse_host", "parse_target"]

_VISIBLE = bytes(code for code in range(0x21, 0x7F) if code != ord("#"))
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
_PLAIN = bytes(sorted(_UNRESERVED | frozenset(b"!$&'()*+,=:@/|{}[]^`\"<>")))  # need no work, dots and slashes apart
_REG_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_-]{1,63})*")
_SLASH = ord("/")
_MAX_HOST = 255
_REMEMBERED_LENGTH = 128  # bytes: 4096 targets of it are what the cache can hold


class Target:
    """A request target: normalised ``path``, raw ``query`` (None without ``?``), ``authority`` if absolute-form."""

    __slots__ = ("authority", "path", "query")

    def __init__(self, path: str, query: bytes | None, authority: bytes | None = None) -> None:
        self.path = path
        self.query = query
        self.authority = authority


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
    if not target or target.translate(None, _VISIBLE):
        raise RequestError(400, "invalid_target", "the request target has characters that a URI cannot have")
    if target[0] == _SLASH:
        path, mark, query = target.partition(b"?")
        return Target(normalise_path(path, escaped_slashes), query if mark else None)
    if target == b"*":
        if not options:
            raise RequestError(400, "invalid_target", "the target `*` is for OPTIONS only")
        return Target("*", None)
    scheme, mark, rest = target.partition(b"://")
    if not mark or scheme.lower() not in (b"http", b"https"):
        raise RequestError(400, "invalid_target", "the request target is neither a path nor an http(s) URL")
    end = min((at for at in (rest.find(b"/"), rest.find(b"?")) if at >= 0), default=len(rest))
    authority, path = rest[:end], rest[end:]
    if not authority or b"@" in authority:
        raise RequestError(400, "invalid_target", "the URL in the request target has no plain host")
    if not path.startswith(b"/"):
        path = b"/" + path
    path, mark, query = path.partition(b"?")
    return Target(normalise_path(path, escaped_slashes), query if mark else None, authority)


_remembered = lru_cache(maxsize=4096)(_parse)


def normalise_path(path: bytes, escaped_slashes: str = "refuse") -> str:
    """Bring a path that starts with a slash to one form (RFC 3986 section 6.2.2).

    Escapes of unreserved characters are decoded, others written in upper case, dot segments resolved, empty segments
    merged. Raises ``RequestError`` (400) for broken escapes, NUL, backslashes, escaped slashes (unless they are kept),
    paths that lead above the root, and dot segments hidden behind path parameters (``/..;/``), which some servers
    resolve and others do not.
    """
    if b"//" not in path and b"/." not in path and b";" not in path and not path.translate(None, _PLAIN):
        return path.decode("ascii")
    if b"\\" in path:
        raise RequestError(400, "backslash", "a path must not have a backslash")
    decoded = _ESCAPE.sub(_canonical_escape, path)
    if escaped_slashes != "keep" and (b"%2F" in decoded or b"%5C" in decoded):
        raise RequestError(400, "escaped_slash", "a path must not have an escaped slash or backslash")
    return _resolve(decoded.decode("ascii"))


def _canonical_escape(match: re.Match[bytes]) -> bytes:
    digits = match[1]
    if digits is None:
        raise RequestError(400, "invalid_escape", "a path has a `%` that two hexadecimal digits do not follow")
    value = int(digits, 16)
    if value < 0x20 or value == 0x7F:
        raise RequestError(400, "control_in_path", "a path must not have an escaped control character")
    return bytes((value,)) if value in _UNRESERVED else b"%%%02X" % value


def _resolve(path: str) -> str:
    segments = path.split("/")[1:]
    kept: list[str] = []
    for segment in segments:
        name, mark, _ = segment.partition(";")
        if name in (".", ".."):
            if mark:
                raise RequestError(400, "hidden_dot_segment", "a path must not have a dot segment with parameters")
            if name == "..":
                if not kept:
                    raise RequestError(400, "above_root", "a path must not lead above the root")
                kept.pop()
        elif segment:
            kept.append(segment)
    directory = segments[-1] in ("", ".", "..") and bool(kept)
    return "/" + "/".join(kept) + ("/" if directory else "")


@lru_cache(maxsize=4096)
def parse_host(value: bytes) -> Host:
    """Read a Host or authority (RFC 9110 section 7.2); raises ``RequestError`` (400). The last ones are kept."""
    text = value.decode("latin-1").lower()
    if len(text) > _MAX_HOST + 6:
        raise RequestError(400, "invalid_host", "the Host is longer than a host name can be")
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        valid = bool(bracket) and _is_ipv6(host)
    else:
        host, colon, port = text.partition(":")
        rest = colon + port
        host = host.removesuffix(".")
        valid = len(host) <= _MAX_HOST and _REG_NAME.fullmatch(host) is not None
    if not valid or (rest and not (rest[0] == ":" and rest[1:].isdigit() and rest.isascii() and len(rest) <= 6)):
        raise RequestError(400, "invalid_host", "the Host is not a host name or address")
    port_number = int(rest[1:]) if rest else None
    if port_number is not None and not 0 < port_number < 65536:
        raise RequestError(400, "invalid_host", "the port in the Host is not one")
    return Host(host, port_number)


def _is_ipv6(text: str) -> bool:
    try:
        return ":" in text and parse_address(text) is not None
    except ValueError:
        return False
