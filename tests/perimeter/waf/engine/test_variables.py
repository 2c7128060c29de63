"""Each variable by what it holds; ``test_reference`` compares those of a plain request with libmodsecurity."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from tests.support.waf import ON, Reply, Request, inspect, rule_set

from bartizan.perimeter.waf.engine.variables import DYNAMIC, READERS, REQUEST_BODY_VARIABLES, RESPONSE_VARIABLES
from bartizan.perimeter.waf.seclang.names import COLLECTIONS, SCALARS

GET = Request(
    b"/dir/page.php?a=1&b=%3C2",
    ((b"Host", b"shop.test:8443"), (b"Authorization", b"Basic am9lOng="), (b"Cookie", b"c=3; d=4")),
)
FORM = Request(b"/?q=1", ((b"Content-Type", b"application/x-www-form-urlencoded"),), b"p=22&%zz=")
PARTS = Request(
    b"/",
    ((b"Content-Type", b"multipart/form-data; boundary=x"),),
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\nContent-Type: text/plain\r\n\r\nabc\r\n'
    b'--x\r\nContent-Disposition: form-data; name="g"\r\n\r\n12\r\n--x--\r\n',
)
REPLY = Reply(404, ((b"Content-Type", b"text/html"), (b"X-A", b"b")), b"gone")

CASES: dict[str, tuple[Request, str]] = {
    "ARGS": (FORM, "ARGS:q=1 ARGS:p=22 ARGS:%zz="),
    "ARGS_COMBINED_SIZE": (FORM, "ARGS_COMBINED_SIZE=8"),
    "ARGS_GET": (GET, "ARGS_GET:a=1 ARGS_GET:b=<2"),
    "ARGS_GET_NAMES": (GET, "ARGS_GET_NAMES:a=a ARGS_GET_NAMES:b=b"),
    "ARGS_NAMES": (FORM, "ARGS_NAMES:q=q ARGS_NAMES:p=p ARGS_NAMES:%zz=%zz"),
    "ARGS_POST": (FORM, "ARGS_POST:p=22 ARGS_POST:%zz="),
    "ARGS_POST_NAMES": (FORM, "ARGS_POST_NAMES:p=p ARGS_POST_NAMES:%zz=%zz"),
    "AUTH_TYPE": (GET, "AUTH_TYPE=Basic"),
    "FILES": (PARTS, "FILES:f=n.txt"),
    "FILES_COMBINED_SIZE": (PARTS, "FILES_COMBINED_SIZE=3"),
    "FILES_NAMES": (PARTS, "FILES_NAMES:f=f"),
    "FILES_SIZES": (PARTS, "FILES_SIZES:f=3"),
    "FILES_TMPNAMES": (PARTS, ""),
    "FILES_TMP_CONTENT": (PARTS, "FILES_TMP_CONTENT:f=abc"),
    "MULTIPART_FILENAME": (PARTS, "MULTIPART_FILENAME=n.txt"),
    "MULTIPART_NAME": (PARTS, "MULTIPART_NAME=f MULTIPART_NAME=g"),
    "MULTIPART_PART_HEADERS:f": (
        PARTS,
        (
            'MULTIPART_PART_HEADERS:f=Content-Disposition: form-data; name="f"; filename="n.txt" '
            "MULTIPART_PART_HEADERS:f=Content-Type: text/plain"
        ),
    ),
    "MULTIPART_STRICT_ERROR": (PARTS, "MULTIPART_STRICT_ERROR=0"),
    "QUERY_STRING": (GET, "QUERY_STRING=a=1&b=%3C2"),
    "REMOTE_ADDR": (GET, "REMOTE_ADDR=192.0.2.7"),
    "REMOTE_PORT": (GET, "REMOTE_PORT=4711"),
    "REMOTE_USER": (GET, "REMOTE_USER=joe"),
    "REQBODY_PROCESSOR": (FORM, "REQBODY_PROCESSOR=URLENCODED"),
    "REQUEST_BASENAME": (GET, "REQUEST_BASENAME=page.php"),
    "REQUEST_BODY": (FORM, "REQUEST_BODY=p=22&%zz="),
    "REQUEST_BODY_LENGTH": (FORM, "REQUEST_BODY_LENGTH=9"),
    "REQUEST_COOKIES": (GET, "REQUEST_COOKIES:c=3 REQUEST_COOKIES:d=4"),
    "REQUEST_COOKIES_NAMES": (GET, "REQUEST_COOKIES_NAMES:c=c REQUEST_COOKIES_NAMES:d=d"),
    "REQUEST_FILENAME": (GET, "REQUEST_FILENAME=/dir/page.php"),
    "REQUEST_HEADERS:host": (GET, "REQUEST_HEADERS:Host=shop.test:8443"),
    "REQUEST_HEADERS:/^auth/": (GET, "REQUEST_HEADERS:Authorization=Basic am9lOng="),
    "REQUEST_LINE": (GET, "REQUEST_LINE=GET /dir/page.php?a=1&b=%3C2 HTTP/1.1"),
    "REQUEST_METHOD": (FORM, "REQUEST_METHOD=POST"),
    "REQUEST_PROTOCOL": (GET, "REQUEST_PROTOCOL=HTTP/1.1"),
    "REQUEST_URI": (GET, "REQUEST_URI=/dir/page.php?a=1&b=<2"),
    "REQUEST_URI_RAW": (GET, "REQUEST_URI_RAW=/dir/page.php?a=1&b=%3C2"),
    "RESPONSE_BODY": (GET, "RESPONSE_BODY=gone"),
    "RESPONSE_CONTENT_LENGTH": (GET, "RESPONSE_CONTENT_LENGTH=4"),
    "RESPONSE_CONTENT_TYPE": (GET, "RESPONSE_CONTENT_TYPE=text/html"),
    "RESPONSE_HEADERS:x-a": (GET, "RESPONSE_HEADERS:X-A=b"),
    "RESPONSE_HEADERS_NAMES": (GET, "RESPONSE_HEADERS_NAMES:Content-Type=Content-Type RESPONSE_HEADERS_NAMES:X-A=X-A"),
    "RESPONSE_PROTOCOL": (GET, "RESPONSE_PROTOCOL=HTTP/1.1"),
    "RESPONSE_STATUS": (GET, "RESPONSE_STATUS=404"),
    "SERVER_ADDR": (GET, "SERVER_ADDR=198.51.100.1"),
    "SERVER_NAME": (GET, "SERVER_NAME=shop.test"),
    "SERVER_PORT": (GET, "SERVER_PORT=443"),
    "STATUS_LINE": (GET, "STATUS_LINE=HTTP/1.1 404"),
    "TIME_EPOCH": (GET, "TIME_EPOCH=1700000000"),
    "UNIQUE_ID": (GET, "UNIQUE_ID=request-1"),
    "URLENCODED_ERROR": (FORM, "URLENCODED_ERROR=1"),
    "&ARGS": (FORM, "ARGS=3"),
    "&ARGS:a": (GET, "ARGS:a=1"),
    "&ARGS:none": (GET, "ARGS:none=0"),
}


def _held(target: str, request: Request, reply: Reply | None = REPLY) -> str:
    rules = f"""SecRule {target} "@unconditionalMatch" "id:1,phase:5,nolog,pass,t:none,\
setvar:'tx.all=%{{tx.all}} %{{MATCHED_VAR_NAME}}=%{{MATCHED_VAR}}'"
        SecAction "id:2,phase:5,pass,logdata:'%{{tx.all}}'" """
    return inspect(rule_set(ON + rules), request, reply).data[2].strip()


@pytest.mark.parametrize("target", CASES)
def test_a_variable_holds(target: str) -> None:
    request, expected = CASES[target]
    assert _held(target, request) == expected


@pytest.fixture
def utc() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize(
    ("variable", "expected"),
    [("TIME", "22:13:20"), ("TIME_DAY", "14"), ("TIME_HOUR", "22"), ("TIME_MIN", "13"), ("TIME_MON", "10"),
     ("TIME_SEC", "20"), ("TIME_WDAY", "2"), ("TIME_YEAR", "2023")],
)  # fmt: skip
def test_times_are_those_of_the_request(variable: str, expected: str) -> None:
    assert _held(variable, GET) == f"{variable}={expected}"


def test_every_variable_of_the_language_can_be_read() -> None:
    assert READERS.keys() == SCALARS | COLLECTIONS
    for name in READERS:
        _held(name, PARTS)
        _held(name, Request(b""), None)


def test_lists_of_variables_name_variables() -> None:
    assert READERS.keys() >= DYNAMIC | REQUEST_BODY_VARIABLES | RESPONSE_VARIABLES


@pytest.mark.parametrize("phase", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("target", sorted(READERS.keys() - {"DURATION"}))
def test_every_variable_is_the_same_with_the_gate_as_without(target: str, phase: int) -> None:
    rules = "".join(
        f"""SecRule {form}{target} "{operator}" "id:{number},phase:{phase},pass,t:none,logdata:'%{{MATCHED_VAR}}'"\n"""
        for number, (form, operator) in enumerate(
            [("", "@rx [a-z]"), ("", "!@rx ^zzz"), ("", "@streq 0"), ("&", "@ge 1"), ("&", "@eq 0"), ("", "@gt 0")], 1
        )
    )
    compiled, plain = rule_set(ON + rules), rule_set(ON + rules, gate=False)
    for request in (GET, FORM, PARTS):
        assert inspect(compiled, request, REPLY).data == inspect(plain, request, REPLY).data
