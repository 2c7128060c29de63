"""What a browser says that it is: platform, browser, version. Shown to people and policies; it proves nothing.

Client hints (User-Agent Client Hints, WICG) come first, because User-Agent is frozen in browsers that send them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["Posture", "read_posture"]

_MAX_TEXT = 1024  # characters that are looked at
_MAX_WORD = 40  # characters that are kept
_BRAND = re.compile(r'"([^"\\]{1,60})";\s*v="([0-9.]{1,20})"')
_NOT_A_BRAND = re.compile(r"[^A-Za-z0-9]?Not.?A.?Brand|^\W*Not\W", re.IGNORECASE)
_BROWSERS = (
    ("Edge", re.compile(r"\bEdgA?/([0-9.]{1,20})")),
    ("Opera", re.compile(r"\bOPR/([0-9.]{1,20})")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/([0-9.]{1,20})")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/([0-9.]{1,20})")),
    ("Chrome", re.compile(r"\b(?:Chrome|CriOS|HeadlessChrome)/([0-9.]{1,20})")),
    ("Safari", re.compile(r"\bVersion/([0-9.]{1,20})\b.{0,40}\bSafari/")),
)
_PLATFORMS = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_NAMES = {"Google Chrome": "Chrome", "Microsoft Edge": "Edge", "Chrome OS": "ChromeOS"}
_PRODUCT = re.compile(r"([A-Za-z][A-Za-z0-9._-]{0,39})/([0-9.]{1,20})")


class Posture(NamedTuple):
    """What is not known is empty."""

    platform: str = ""
    browser: str = ""
    browser_version: str = ""


def read_posture(user_agent: str, hints: Mapping[str, str]) -> Posture:
    """Return the posture from User-Agent and from header fields with names in lower case (``sec-ch-ua…``)."""
    agent = user_agent[:_MAX_TEXT]
    platform = _word(hints.get("sec-ch-ua-platform", "").strip().strip('"'))
    platform = _NAMES.get(platform, platform) or next((name for sign, name in _PLATFORMS if sign in agent), "")
    browser, version = _brand(hints.get("sec-ch-ua", "")[:_MAX_TEXT]) or _from_agent(agent)
    return Posture(platform, browser, version)


def _brand(text: str) -> tuple[str, str] | None:
    """Return the brand that says most: the browser's own, or Chromium if nothing else is there."""
    brands = [pair for pair in _BRAND.findall(text) if _NOT_A_BRAND.search(pair[0]) is None]
    if not brands:
        return None
    name, version = next((pair for pair in brands if pair[0] != "Chromium"), brands[0])
    name = _word(name)
    return _NAMES.get(name, name), version


def _from_agent(agent: str) -> tuple[str, str]:
    for name, pattern in _BROWSERS:
        if (found := pattern.search(agent)) is not None:
            return name, found[1]
    product = _PRODUCT.match(agent)  # curl/8.5.0, python-httpx/0.28.1
    return (product[1], product[2]) if product is not None and product[1] != "Mozilla" else ("", "")


def _word(text: str) -> str:
    return "".join(letter for letter in text[:_MAX_WORD] if letter.isprintable())
