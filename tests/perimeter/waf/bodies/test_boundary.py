from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.bodies.boundary import MalformedMultipart, read_boundary
from bartizan.perimeter.waf.bodies.result import MultipartFlags

FORM = "multipart/form-data"
ODDITIES = ("boundary_quoted", "boundary_whitespace", "missing_semicolon")


@pytest.mark.parametrize(
    ("parameters", "boundary", "odd"),
    [
        ("; boundary=q", b"q", ""),
        (";boundary=q", b"q", ""),
        ("; boundary=q;x", b"q", ""),
        ("; boundary='q'", b"'q'", ""),
        ("; boundary=q,r", b"q,r", ""),
        ("; boundary==q", b"=q", ""),
        ("; boundary=myboundary", b"myboundary", ""),
        ('; boundary="q"', b"q", "boundary_quoted"),
        ('; boundary=" q"', b" q", "boundary_quoted"),
        ("; boundary =q", b"q", "boundary_whitespace"),
        ("; boundary= q", b" q", "boundary_whitespace"),
        (" boundary=q", b"q", "missing_semicolon"),
    ],
)
def test_a_boundary_is_read_and_what_is_odd_is_noted(parameters: str, boundary: bytes, odd: str) -> None:
    flags = MultipartFlags()
    assert read_boundary((FORM + parameters).encode(), flags) == boundary
    assert [name for name in ODDITIES if getattr(flags, name)] == odd.split()


REFUSED = [
    "",
    "; boundary=",
    '; boundary=""',
    "; Boundary=q",
    "; boundary=q; boundary=q",
    "; boundary=q; BOUNDARY=r",
    "; boundary=boundary=",
    "; boundary",
    "; boundaryx=q",
    "; xboundary=q",
    ";; boundary=q",
    ", boundary=q",
    "; charset=utf-8; boundary=q",
    '; boundary="q',
    '; boundary=q"',
    '; boundary= "q"',
    '; boundary="q"; charset=utf-8',
    '; boundary=q; charset="utf-8"',
    "; boundary=q ",
    "; boundary=q\t",
    "; boundary=q*",
    "; boundary=q\xe9",
    "; boundary=" + "q" * 1024,
    "x; boundary=q",
]


@pytest.mark.parametrize("parameters", REFUSED)
def test_what_readers_would_not_understand_alike_is_refused(reference, parameters: str) -> None:
    with pytest.raises(MalformedMultipart):
        read_boundary((FORM + parameters).encode(), MultipartFlags())
    theirs = reference("REQBODY_ERROR").error(b"--q\r\n", FORM + parameters)
    # libmodsecurity reads nothing of a body without boundary, and reports no error
    assert theirs or parameters in {"; boundary=", '; boundary=""'}


def test_a_field_of_another_type_is_refused() -> None:
    for content_type in (b"", b"multipart/mixed; boundary=q", b"text/plain"):
        with pytest.raises(MalformedMultipart):
            read_boundary(content_type, MultipartFlags())


@given(st.binary(), st.binary())
def test_nothing_else_is_raised(before: bytes, after: bytes) -> None:
    try:
        boundary = read_boundary(FORM.encode() + before + b"boundary=" + after, MultipartFlags())
    except MalformedMultipart:
        return
    assert 0 < len(boundary) <= 1024
