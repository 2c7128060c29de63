"""Tools, by the name they give themselves and by what their requests look like."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Protocol

import re2

from bartizan.decoy.entry import Entry

__all__ = ["AGENTS", "SHAPES", "tools_of"]

AGENTS: tuple[tuple[str, str], ...] = (
    ("sqlmap", "sqlmap"),
    ("ffuf", "fuzz faster u fool"),
    ("nuclei", "nuclei"),
    ("nikto", "nikto"),
    ("gobuster", "gobuster"),
    ("feroxbuster", "feroxbuster"),
    ("dirbuster", "dirbuster"),
    ("dirsearch", "dirsearch"),
    ("wfuzz", "wfuzz"),
    ("katana", "katana"),
    ("Nmap", "nmap"),
    ("masscan", "masscan"),
    ("ZGrab", "zgrab"),
    ("WPScan", "wpscan"),
    ("OWASP ZAP", "zaproxy"),
    ("Burp Suite", "burp"),
    ("Acunetix", "acunetix"),
    ("Nessus", "nessus"),
    ("OpenVAS", "openvas"),
    ("Arachni", "arachni"),
    ("w3af", "w3af"),
    ("Hydra", "hydra"),
    ("Metasploit", "metasploit"),
    ("dalfox", "dalfox"),
    ("commix", "commix"),
    ("WhatWeb", "whatweb"),
    ("projectdiscovery httpx", "projectdiscovery"),
    ("Postman", "postmanruntime"),
    ("Insomnia", "insomnia"),
    ("HTTPie", "httpie"),
    ("curl", "curl/"),
    ("Wget", "wget/"),
    ("python-requests", "python-requests"),
    ("python-httpx", "python-httpx"),
    ("aiohttp", "aiohttp"),
    ("urllib", "python-urllib"),
    ("Go net/http", "go-http-client"),
    ("Java", "java/"),
    ("okhttp", "okhttp"),
    ("axios", "axios/"),
    ("node-fetch", "node-fetch"),
    ("libwww-perl", "libwww-perl"),
)
"""Name, and the part of User-Agent in lower case by which it is known; the first that fits counts."""

SHAPES: tuple[tuple[str, str], ...] = (
    (
        "sqlmap",
        r"(?i)\b(?:AND|OR) \(?\d{4}=\d{4}\b|UNION ALL SELECT NULL,NULL|0x71[0-9a-f]{8}71",
    ),
    ("nuclei", r"(?i)\.(?:oast\.(?:pro|live|site|online|fun|me)|interact\.sh)\b"),
    ("Burp Suite", r"(?i)\.(?:burpcollaborator\.net|oastify\.com)\b"),
    ("nikto", r"(?i)/nikto-|/[0-9A-Za-z]{8}\.(?:cfm|htaccess|exe)$"),
    ("Nmap", r"(?i)/nmaplowercheck|/nmap/folder/check|/HNAP1$|/evox/about$"),
    ("ffuf", r"\bFUZZ\b"),
    ("Acunetix", r"(?i)acunetix|\bacu_\w+"),
)
"""Name, and the pattern of a target or body that shows it whatever User-Agent says."""


class _Pattern(Protocol):
    """What is used of RE2's patterns."""

    def search(self, text: str) -> object | None:
        """Look for it."""
        ...


def tools_of(entry: Entry, text: str) -> Iterator[tuple[str, str]]:
    """Yield the tools that made a request, each with how that is known; ``text`` is target and body, decoded."""
    fields = dict(entry.fields)
    agent = fields.get("user-agent", "")
    lowered = agent.lower()
    named = next((name for name, part in AGENTS if part in lowered), None)
    if named is not None:
        yield named, f"User-Agent: {agent[:80]}"
    for name, pattern in _shapes():
        if name != named and pattern.search(text) is not None:
            yield name, "the shape of its requests"
    if named is None and "mozilla/" in lowered:
        if "sec-fetch-mode" in fields or "accept-language" in fields:
            yield "a browser", f"User-Agent: {agent[:80]}"
        else:
            yield "a tool with a browser's name", "User-Agent of a browser without the other fields of one"
    elif named is None and not agent:
        yield "a tool without a name", "no User-Agent"


@cache
def _shapes() -> tuple[tuple[str, _Pattern], ...]:
    return tuple((name, re2.compile(pattern)) for name, pattern in SHAPES)
