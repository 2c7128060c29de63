from __future__ import annotations

import pytest

from bartizan.perimeter.waf.bodies.result import MultipartFlags, ParsedBody

STRICT = [
    "boundary_quoted",
    "boundary_whitespace",
    "data_before",
    "data_after",
    "header_folding",
    "lf_line",
    "missing_semicolon",
    "invalid_quoting",
    "invalid_header_folding",
    "invalid_part",
    "file_limit_exceeded",
    "malformed",
]


@pytest.mark.parametrize("name", STRICT)
def test_each_of_these_is_a_strict_error(name: str) -> None:
    assert MultipartFlags(**{name: True}).strict_error


def test_others_are_not() -> None:
    assert not MultipartFlags(crlf_line=True, unmatched_boundary=2).strict_error


def test_both_line_endings_are_a_mix() -> None:
    assert MultipartFlags(lf_line=True, crlf_line=True).crlf_lf_lines
    assert not MultipartFlags(lf_line=True).crlf_lf_lines


def test_bodies_share_no_lists() -> None:
    first = ParsedBody([])
    first.files.append(None)  # type: ignore[arg-type]
    assert ParsedBody([]).files == []
