"""Rules for decoys stand where and how whoever wrote a robots.txt would have put them."""

from __future__ import annotations

from urllib.robotparser import RobotFileParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.detection.announcements.robots import disallow, robots

PATHS = ("/internal/users", "/backup/db.sql.gz")


def allowed(text: bytes, path: str, agent: str = "anybot") -> bool:
    parser = RobotFileParser()
    parser.parse(text.decode().splitlines())
    return parser.can_fetch(agent, path)


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("", "User-agent: *\nDisallow: /a\nDisallow: /b\n"),
        ("User-agent: *\nDisallow: /x\n", "User-agent: *\nDisallow: /x\nDisallow: /a\nDisallow: /b\n"),
        ("User-agent: *\nDisallow: /x", "User-agent: *\nDisallow: /x\nDisallow: /a\nDisallow: /b"),
        ("User-agent: *\r\nDisallow:\r\n\r\n", "User-agent: *\r\nDisallow:\r\nDisallow: /a\r\nDisallow: /b\r\n\r\n"),
        (
            "user-agent:*\ndisallow:/x # old\n\nSitemap: https://a/s.xml\n",
            "user-agent:*\ndisallow:/x # old\ndisallow:/a\ndisallow:/b\n\nSitemap: https://a/s.xml\n",
        ),
        (
            "User-agent: *\nUser-agent: b\nAllow: /x\n\nUser-agent: c\nDisallow: /\n",
            "User-agent: *\nUser-agent: b\nAllow: /x\nDisallow: /a\nDisallow: /b\n\nUser-agent: c\nDisallow: /\n",
        ),
        (
            "User-Agent: c\nDisallow : /\n",
            "User-Agent: c\nDisallow : /\n\nUser-Agent: *\nDisallow : /a\nDisallow : /b\n",
        ),
        ("User-agent: *\nDisallow: /a\n", "User-agent: *\nDisallow: /a\nDisallow: /b\n"),
        ("User-agent: *\nDisallow: /a\nDisallow: /b\n", "User-agent: *\nDisallow: /a\nDisallow: /b\n"),
        ("\ufeffUser-agent: *\nALLOW: /\n", "\ufeffUser-agent: *\nALLOW: /\nDISALLOW: /a\nDISALLOW: /b\n"),
    ],
)
def test_rules_go_behind_those_for_all_crawlers(text: str, changed: str) -> None:
    assert disallow(text.encode(), ("/a", "/b")).decode() == changed


def test_one_of_our_own_keeps_crawlers_from_decoys_alone() -> None:
    text = robots(PATHS)
    assert not any(allowed(text, path) for path in PATHS)
    assert allowed(text, "/orders")


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="no text"):
        disallow(b"\0", PATHS)


LINE = st.sampled_from(
    [
        "User-agent: *",
        "User-agent: anybot",
        "Disallow: /x",
        "Allow: /x/y",
        "disallow:",
        "# note",
        "",
        "Sitemap: /s",
        "?",
    ]
)


@settings(max_examples=60)
@given(st.lists(LINE, max_size=10), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_no_byte_changes_and_nobody_is_kept_from_anything_else(lines: list[str], newline: str, ended: bool) -> None:
    text = (newline.join(lines) + (newline if ended and lines else "")).encode()
    changed = disallow(text, PATHS)
    left = changed.splitlines()
    for line in text.splitlines():
        left.remove(line)
    assert {line.partition(b":")[0].lower() for line in left} <= {b"disallow", b"user-agent", b""}
    assert all(sum(path.encode() in line for line in left) == 1 for path in PATHS)
    assert disallow(changed, PATHS) == changed
    for agent in ("anybot", "other"):
        for path in ("/", "/x", "/x/y", "/orders"):
            assert allowed(changed, path, agent) is allowed(text, path, agent)
