"""The forms of text that a configuration is made of: addresses, host names, path patterns, headers.

Each function returns None for text that has the form, or else what is wrong with it and what to write instead.
"""

from __future__ import annotations

import ipaddress
import re

__all__ = [
    "Fault",
    "address_fault",
    "authority_fault",
    "header_name_fault",
    "header_value_fault",
    "host_fault",
    "host_pattern_fault",
    "parameters_of",
    "path_fault",
    "path_pattern_fault",
]

Fault = tuple[str, str] | None

MAX_UNIX_PATH = 107  # sun_path holds 108 bytes with its closing NUL (unix(7))
MAX_HOST = 253
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_PORT = re.compile(r"[0-9]{1,5}")
_PARAMETER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,62})\}")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_NOT_IN_PATH = re.compile(r"[^!$&'()*+,;=:@%A-Za-z0-9._~/-]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]{0,8192}")


def address_fault(text: str, *, listen: bool) -> Fault:
    """Check ``host:port``, ``[v6]:port`` or ``unix:/path``; port 0 and no host at all are for listening only."""
    if text.startswith("unix:"):
        return _unix_fault(text.removeprefix("unix:"))
    host, colon, port = text.rpartition(":")
    lowest = 0 if listen else 1
    if not colon or not _PORT.fullmatch(port) or not lowest <= int(port) <= 65535:
        return f"does not end in a port from {lowest} to 65535", "write host:port, [v6]:port or unix:/path"
    if listen and not host:
        return None
    if host.startswith("[") and host.endswith("]"):
        return _ip_fault(host[1:-1], 6)
    if ":" in host:
        return "has an IPv6 address without brackets", "write [2001:db8::7]:8080"
    return host_fault(host)


def _unix_fault(path: str) -> Fault:
    if not path.startswith("/"):
        return "names a Unix socket by a relative path", "write unix:/run/api.sock"
    if len(path.encode()) > MAX_UNIX_PATH:
        return f"has a path longer than {MAX_UNIX_PATH} bytes, which no Unix socket can have", "choose a shorter one"
    return None


def _ip_fault(text: str, version: int) -> Fault:
    try:
        (ipaddress.IPv6Address if version == 6 else ipaddress.IPv4Address)(text)
    except ValueError:
        return f"is not an IPv{version} address", "write it out as 2001:db8::7" if version == 6 else "write 192.0.2.7"
    return None if "%" not in text else ("has a zone", "leave it out")


def host_fault(text: str) -> Fault:
    """Check a host name or an IPv4 address."""
    if text.rpartition(".")[2].isdigit():  # such a name could only be an address (WHATWG URL, "ends in a number")
        return _ip_fault(text, 4)
    if len(text) <= MAX_HOST and text and all(_LABEL.fullmatch(label) for label in text.split(".")):
        return None
    return "is not a host name", _host_remedy(text)


def _host_remedy(text: str) -> str:
    if not text.isascii() and len(text) <= MAX_HOST:
        try:
            return f"write it as {text.encode('idna').decode()}"
        except UnicodeError:
            pass
    return "write api.example.org"


def host_pattern_fault(text: str) -> Fault:
    """Check what a route's ``hosts`` may be: a host name, an address, or ``*.`` and a host name."""
    if text == "*":
        return "stands for any host", "leave `hosts` out for that"
    if text.count(":") == 1:
        return "has a port, which routes do not look at", "leave it out"
    if ":" in text:
        return _ip_fault(text.strip("[]"), 6) if "[" not in text else ("has brackets", "leave them out")
    name = text.removeprefix("*.")
    if "*" in name:
        return "has a `*` that does not stand for the first labels", "write *.example.org"
    return host_fault(name)


def authority_fault(text: str) -> Fault:
    """Check ``host``, ``host:port``, ``[v6]`` or ``[v6]:port``, as Host has it."""
    if text.startswith("["):
        return address_fault(text if "]:" in text else text + ":80", listen=False)
    return address_fault(text if ":" in text else text + ":80", listen=False)


def path_fault(text: str) -> Fault:
    """Check a path that is sent to an upstream."""
    found = _NOT_IN_PATH.search(text)
    if found is not None:
        return f"has {found[0]!r}, which a path cannot have", f"write {_escaped(found[0])}, or leave it out"
    return _escape_fault(text)


def _escape_fault(text: str) -> Fault:
    for escape in _ESCAPE.finditer(text):
        if escape[1] is None:
            return "has a `%` that two hexadecimal digits do not follow", "write %25"
        value = int(escape[1], 16)
        if value < 0x20 or value == 0x7F:
            return "has an escaped control character", "leave it out"
        if _UNRESERVED.fullmatch(chr(value)):
            return f"has the escape {escape[0]} where none is needed", f"write {chr(value)}"
        if escape[1] != escape[1].upper():
            return f"has the escape {escape[0]} in lower case", f"write {escape[0].upper()}"
    return None


def _escaped(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())


def path_pattern_fault(text: str) -> Fault:
    """Check what a route's ``paths`` may be: ``/exact``, ``/prefix/*``, ``/users/{id}``.

    Routes meet paths in one normal form (``bartizan.http.target``): a pattern in another would never match.
    """
    if not text.startswith("/"):
        return "does not begin with `/`", "write /exact, /prefix/* or /users/{id}"
    if len(text) > 4096:
        return "is longer than 4096 characters", "use a prefix: /prefix/*"
    body = text.removesuffix("/*")
    names: set[str] = set()
    segments = body.split("/")[1:]
    for number, segment in enumerate(segments):
        parameter = _PARAMETER.fullmatch(segment)
        if parameter is not None:
            if parameter[1] in names:
                return f"names the parameter {parameter[1]} twice", "give each its own name"
            names.add(parameter[1])
        elif (fault := _segment_fault(segment, last=number == len(segments) - 1 and body == text)) is not None:
            return fault
    return None


def _segment_fault(segment: str, *, last: bool) -> Fault:
    if "{" in segment or "}" in segment:
        return "has a parameter that is not a whole segment with a plain name", "write /users/{id}"
    if "*" in segment:
        return "has a `*` that is not its last segment", "write /prefix/*, or {name} for one segment"
    if segment in (".", ".."):
        return "has a dot segment, which is resolved before routing", "write the path that it leads to"
    if segment.startswith(";") and not last:
        return "has a segment of path parameters alone, which requests must not have", "write the path without it"
    pieces = segment.replace("%3B", ";").replace("%5C", "%2F").split("%2F")
    if any(piece.partition(";")[0] in (".", "..") for piece in pieces):
        return "has a dot segment in disguise, which requests must not have", "write the path that it leads to"
    if not segment and not last:
        return "has an empty segment; those are merged before routing", "write a single `/`"
    return path_fault(segment)


def parameters_of(path: str) -> list[str]:
    """Return the names of the parameters of a path pattern, or of a path to rewrite to."""
    return _PARAMETER.findall(path)


def header_name_fault(text: str) -> Fault:
    """Check a field name (RFC 9110 section 5.1)."""
    return None if _TOKEN.fullmatch(text) else ("is not the name of a header", "use letters, digits and hyphens")


def header_value_fault(text: str) -> Fault:
    """Check a field value (RFC 9110 section 5.5)."""
    if "\n" in text or "\r" in text:
        return "has a line break, which a header cannot have", "write it in one line"
    if not _VALUE.fullmatch(text):
        return "has characters that a header cannot have, or more than 8192", "use ASCII or ISO 8859-1"
    return None if text == text.strip(" \t") else ("begins or ends with white space", "remove it")
