"""No request makes the Core Rule Set do more than in proportion to its size. Calls are counted, not time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from tests.support.waf import Reply, Request, inspect

from bartizan.perimeter.waf.load import RuleSet

HOST = (b"Host", b"shop.test")


def _post(kind: bytes, body: bytes) -> Request:
    return Request(b"/", (HOST, (b"Content-Type", kind), (b"Content-Length", b"%d" % len(body))), body)


def _form(body: bytes) -> Request:
    return _post(b"application/x-www-form-urlencoded", body)


def _numbered(count: int, form: bytes) -> list[bytes]:
    return [form % (number, number) for number in range(count)]


SHAPES: dict[str, Callable[[int], Request]] = {
    "arguments": lambda count: Request(b"/?" + b"&".join(_numbered(count, b"a%d=%d")), (HOST,)),
    "arguments that match": lambda count: _form(b"&".join(_numbered(count, b"a%d=<script>alert(%d)</script>"))),
    "arguments of one name": lambda count: _form(b"&".join([b"a=' or 1=1--"] * count)),
    "names that match": lambda count: _form(b"&".join(_numbered(count, b"<script>%d='%d"))),
    "a long value": lambda count: _form(b"a=" + b"ab'c\"<(%25" * count * 20),
    "a value of spaces": lambda count: _form(b"a=" + b"+" * count * 100),
    "a value of quotes": lambda count: _form(b"a=" + b"%27" * count * 50),
    "a value of comments": lambda count: _form(b"a=" + b"/*" * count * 50),
    "a value of slashes and dots": lambda count: _form(b"a=" + b"/../." * count * 50),
    "a value of entities": lambda count: _form(b"a=" + b"%26%2365%3b" * count * 10),
    "a value of backslashes": lambda count: _form(b"a=" + b"\\" * count * 50),
    "a value of percents": lambda count: _form(b"a=" + b"%25" * count * 50),
    "a value of letters": lambda count: _form(b"a=" + b"select" * count * 20),
    "header fields": lambda count: Request(b"/", (HOST, *((b"X-%d" % at, b"%d" % at) for at in range(count)))),
    "header fields of one name": lambda count: Request(b"/", (HOST, *((b"X-A", b"a%d" % at) for at in range(count)))),
    "cookies": lambda count: Request(b"/", (HOST, (b"Cookie", b"; ".join(_numbered(count, b"c%d=<a href=%d>"))))),
    "a path": lambda count: Request(b"/a/../" * count * 10, (HOST,)),
    "a range": lambda count: Request(b"/", (HOST, (b"Range", b"bytes=" + b"1-2," * count))),
    "media types": lambda count: Request(b"/", (HOST, (b"Accept", b"text/html;q=0.1," * count))),
    "members of JSON": lambda count: _post(b"application/json", b"{%b}" % b",".join(_numbered(count, b'"a%d": "%d"'))),
    "depth of JSON": lambda count: _post(b"application/json", b'{"a":' * count + b"1" + b"}" * count),
    "elements of XML": lambda count: _post(b"text/xml", b"<a>" + b"".join(_numbered(count, b"<b%d>%d</b>")) + b"</a>"),
    "parts": lambda count: _post(
        b"multipart/form-data; boundary=x",
        b"".join(_numbered(count, b'--x\r\nContent-Disposition: form-data; name="f%d"\r\n\r\n%d\r\n')) + b"--x--\r\n",
    ),
    "parts that never end": lambda count: _post(b"multipart/form-data; boundary=x", b"--x\r\n\r\n" * count),
}  # fmt: skip


def _work(rules: RuleSet, request: Request) -> int:
    """Return how many functions are called for a request, those of Python and those in C."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        inspect(rules, request, Reply(body=b"ok"))
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("shape", SHAPES)
def test_work_grows_no_faster_than_a_request(shape: str, crs: RuleSet) -> None:
    inspect(crs, SHAPES[shape](7), Reply())  # what is made once is made
    small, large = _work(crs, SHAPES[shape](200)), _work(crs, SHAPES[shape](400))
    larger = _work(crs, SHAPES[shape](800))
    assert large <= 2.2 * small + 2000
    assert larger <= 2.2 * large + 2000


def test_a_request_that_comes_again_is_no_more_work(crs: RuleSet) -> None:
    request = SHAPES["arguments that match"](50)
    first = _work(crs, request)
    assert _work(crs, request) <= first
