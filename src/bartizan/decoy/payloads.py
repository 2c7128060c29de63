"""Classes of attack, by how their payloads look. For people who study a transcript, not for decisions.

The patterns are linear (RE2) and wide: whoever is here has been found out already, and a class too many costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Protocol
from urllib.parse import unquote_plus

import re2

__all__ = ["CLASSES", "classes_of", "decoded"]

MAX_TEXT = 256 * 1024  # characters that are looked at
_DECODINGS = 2

CLASSES: tuple[tuple[str, str], ...] = (
    (
        "SQL injection",
        (
            r"(?i)\bunion\s+(?:all\s+)?select\b|\bselect\b.{1,200}\bfrom\b|\border\s+by\s+\d+|\b(?:sleep|pg_sleep|benchmark|"
            r"extractvalue|updatexml|load_file|xp_cmdshell)\s*\(|\bwaitfor\s+delay\b|information_schema|"
            r"""['")\s](?:or|and)\s+\(?['"]?\w+['"]?\s*(?:=|like|>|<)\s*['"]?\w|;\s*(?:drop|delete|insert|update|alter)\s"""
        ),
    ),
    ("NoSQL injection", r"(?i)\[\$(?:ne|[gl]te?|n?in|regex|where|exists)\]|\"\$(?:ne|[gl]te?|n?in|regex|where)\"\s*:"),
    (
        "cross-site scripting",
        r"(?i)<script|javascript:|\bon(?:error|load|click|mouseover|focus|toggle)\s*=|<(?:svg|img|iframe|body)\b[^>]*\bon",
    ),
    ("path traversal", r"(?i)\.\.[/\\]|\.\.%2f|%2e%2e|/etc/(?:passwd|shadow|hosts|group)|c:\\|win\.ini|/proc/self/"),
    (
        "command injection",
        r"(?i)[;|&`]\s*(?:id|whoami|uname|cat|ls|curl|wget|ping|nc|bash|sh|powershell|nslookup|sleep)\b|\$\((?:\w|/)",
    ),
    (
        "server-side request forgery",
        (
            r"(?i)169\.254\.169\.254|metadata\.google|100\.100\.100\.200|(?:gopher|dict|file|ftp)://|"
            r"=\s*https?://(?:localhost|127\.|10\.|192\.168\.|0\.0\.0\.0|\[::1?\])"
        ),
    ),
    ("template injection", r"\{\{.{1,80}\}\}|\$\{[^}]{0,40}[*+(][^}]{0,40}\}|<%=|#\{\d+\s*\*\s*\d+\}"),
    ("XML external entity", r"(?i)<!(?:entity|doctype)[^>]{0,200}(?:system|public|%)|<!entity\b"),
    ("JNDI lookup", r"(?i)\$\{(?:jndi|\$\{|lower:|env:)"),
    ("deserialisation", r"rO0AB|\bO:\d+:\"\w|!!python/|__reduce__|ysoserial"),
    ("prototype pollution", r"__proto__|constructor\[prototype\]"),
    ("response splitting", r"(?i)(?:\r|\n|%0d|%0a)\s*(?:set-cookie|location|content-length)\s*:"),
    ("open redirect", r"(?i)(?:url|next|redirect|return|dest|goto|continue)\w*=\s*(?:https?:)?//[^/&]"),
    ("GraphQL introspection", r"__schema\b|__type\s*\("),
    ("unsigned token", r"(?i)eyJhbGciOiJub25l|\"alg\"\s*:\s*\"none\""),
    ("out-of-band probe", r"(?i)\b[\w.-]*\.(?:oast\.\w+|interact\.sh|burpcollaborator\.net|oastify\.com|dnslog\.cn)\b"),
)
"""Name and pattern."""


class _Pattern(Protocol):
    """What is used of RE2's patterns."""

    def search(self, text: str) -> object | None:
        """Look for it."""
        ...


def classes_of(texts: Iterable[str]) -> list[str]:
    """Return the names of classes whose payloads are in ``texts``: targets, header values, bodies as they came."""
    text = "\n".join(decoded("\n".join(texts)[:MAX_TEXT]))
    return [name for name, pattern in _compiled() if pattern.search(text) is not None]


def decoded(text: str) -> list[str]:
    """Return text as it came and as it reads with its percent-encoding taken off, once and twice where that differs."""
    forms = [text]
    for _ in range(_DECODINGS):
        text = unquote_plus(forms[-1], "utf-8", "replace")
        if text == forms[-1]:
            break
        forms.append(text)
    return forms


@cache
def _compiled() -> tuple[tuple[str, _Pattern], ...]:
    return tuple((name, re2.compile(pattern)) for name, pattern in CLASSES)
