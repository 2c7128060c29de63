"""Regression test files of the OWASP Core Rule Set, in both schemas, into :mod:`.model`.

V3 is what ``ftw`` 1.x reads (``docs/YAMLFormat.md`` there), V4 what ``go-ftw`` reads (``coreruleset/ftw-tests-schema``,
``types/types.go``). A file is V4 when it names its rule (``rule_id``) or numbers a test (``test_id``).

``enabled: false`` is not heeded, as in go-ftw: it was for set-ups that lack what a test needs.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import re2

from bartizan.errors import ConfigError, Problem
from bartizan.perimeter.waf.testing.fields import Fields, read_fields
from bartizan.perimeter.waf.testing.model import Expectation, Generation, Request, Stage, Suite, Test
from bartizan.perimeter.waf.testing.template import expand

__all__ = ["read_suite", "suite_files"]

_FILE = ("meta", "rule_id", "tests")
_META = ("author", "description", "enabled", "name", "tags", "version")
_TEST = ("desc", "enabled", "rule_id", "stages", "tags", "test_id", "test_title")
_STAGE = ("description", "input", "output", "stage")
_INPUT = frozenset(
    {
        *("method", "uri", "uris", "version", "headers", "ordered_headers", "data", "encoded_data", "encoded_request"),
        *("raw_request", "autocomplete_headers", "no_autocomplete_headers", "stop_magic", "save_cookie"),
        *("follow_redirect", "dest_addr", "port", "protocol", "virtual_host_mode"),
    }
)
_OUTPUT = frozenset(
    {
        *("status", "response_contains", "log", "log_contains", "no_log_contains", "expect_error", "isolated"),
        "retry_once",
    }
)
_LOG = ("expect_ids", "match_regex", "no_expect_ids", "no_match_regex")
_NUMBER = re.compile(r"[0-9]+")


def suite_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the test files below some directories, sorted by name, and the files among ``paths`` as they are."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix in {".yaml", ".yml"} and file.is_file())
        else:
            yield path


def read_suite(files: Iterable[Path]) -> Suite:
    """Read test files. Tests that something is wrong with are left out and told of in the suite's ``problems``."""
    tests: list[Test] = []
    problems: list[Problem] = []
    for file in files:
        try:
            tests += _file(file, problems)
        except ConfigError as error:
            problems += error.problems
    return Suite(tuple(tests), tuple(str(problem) for problem in problems))


def _file(file: Path, problems: list[Problem]) -> Iterator[Test]:
    top = read_fields(file, problems)
    if top is None:
        return
    top.only(_FILE)
    meta = top.mapping("meta")
    if meta is not None:
        meta.only(_META)
    tests = top.mappings("tests")
    generation = Generation.V4 if "rule_id" in top or any("test_id" in test for test in tests) else Generation.V3
    number = _NUMBER.search(file.name)
    rule = top.text("rule_id") or (number[0] if number else "")
    for position, test in enumerate(tests, 1):
        before = len(problems)
        made = _test(test, file, generation, f"{rule}-{test.text('test_id') or position}")
        if len(problems) == before and made is not None:
            yield made


def _test(test: Fields, file: Path, generation: Generation, numbered: str) -> Test | None:
    test.only(_TEST)
    title = test.text("test_title")
    if generation is Generation.V3 and not title:
        test.wrong("test_title", "is missing")
    stages: list[Stage] = []
    for outer in test.mappings("stages"):
        outer.only(_STAGE)
        stages += _stages(outer.mapping("stage") or outer, generation)
    if not stages:
        test.wrong("stages", "has no stage that can be sent")
    name = title if generation is Generation.V3 else numbered
    return Test(name, str(file), test.line, test.text("desc"), generation, tuple(stages))


def _stages(stage: Fields, generation: Generation) -> list[Stage]:
    stage.only(_STAGE)
    sent, wanted = stage.mapping("input"), stage.mapping("output")
    if sent is None or wanted is None:
        stage.wrong("", "has no input or no output", "give it both")
        return []
    sent.only(_INPUT)
    expected = _expectation(wanted, generation)
    uris = sent.texts("uris") or [sent.text("uri", "/")]
    return [Stage(_request(sent, uri, generation), expected) for uri in uris]


def _request(sent: Fields, uri: str, generation: Generation) -> Request:
    return Request(
        method=sent.text("method", "GET"),
        uri=uri,
        version=sent.text("version", "HTTP/1.1"),
        headers=_headers(sent),
        data=_data(sent, generation),
        complete=_complete(sent),
        raw=_raw(sent),
        save_cookie=sent.flag("save_cookie") or False,
        follow_redirect=sent.flag("follow_redirect") or False,
    )


def _headers(sent: Fields) -> tuple[tuple[str, str], ...]:
    ordered = [(item.text("name") or item.text("Name"), item) for item in sent.mappings("ordered_headers")]
    return sent.pairs("headers") + tuple((name, item.text("value") or item.text("Value")) for name, item in ordered)


def _complete(sent: Fields) -> bool:
    """``autocomplete_headers`` wins over its older, inverse names."""
    flags = (sent.flag("autocomplete_headers"), sent.flag("no_autocomplete_headers"), sent.flag("stop_magic"))
    if flags[0] is not None:
        return flags[0]
    return not (flags[1] if flags[1] is not None else flags[2])


def _data(sent: Fields, generation: Generation) -> bytes:
    lines = sent.texts("data")
    if lines is not None:
        return "\r\n".join(lines).encode("utf-8", "surrogatepass")
    if "data" not in sent:
        return _base64(sent, "encoded_data")
    text = sent.text("data")
    if generation is Generation.V4:
        text = expand(text) or ""
    return text.encode("utf-8", "surrogatepass")


def _raw(sent: Fields) -> bytes | None:
    if sent.text("encoded_request"):
        if "data" in sent or "raw_request" in sent:
            sent.wrong("encoded_request", "stands beside data or raw_request", "it is the whole request: keep one")
        return _base64(sent, "encoded_request")
    if sent.text("raw_request"):
        # ``ftw`` reads escapes in it (``\r\n``, ``\xac``) and sends the characters as UTF-8
        text = sent.text("raw_request").encode("utf-8", "surrogatepass").decode("unicode_escape")
        return text.encode("utf-8", "surrogatepass")
    return None


def _base64(sent: Fields, name: str) -> bytes:
    try:
        return base64.b64decode("".join(sent.text(name).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        sent.wrong(name, f"is not base64: {error}")
        return b""


def _expectation(wanted: Fields, generation: Generation) -> Expectation:
    wanted.only(_OUTPUT)
    log = wanted.mapping("log")
    if log is not None:
        log.only(_LOG)
    ids = () if log is None else log.numbers("expect_ids")
    no_ids = () if log is None else log.numbers("no_expect_ids")
    # go-ftw takes the older names only when the newer ones say nothing
    pattern = log is not None and _pattern(log, "match_regex")
    no_pattern = log is not None and _pattern(log, "no_match_regex")
    expected = Expectation(
        statuses=wanted.numbers("status"),
        response=_response(wanted, generation),
        log=pattern or (None if ids else _pattern(wanted, "log_contains")),
        no_log=no_pattern or (None if no_ids else _pattern(wanted, "no_log_contains")),
        ids=ids,
        no_ids=no_ids,
        isolated=wanted.flag("isolated") or False,
        error=wanted.flag("expect_error") or False,
        retry_once=wanted.flag("retry_once") or False,
    )
    if expected.isolated and len(ids) != 1:
        wanted.wrong("isolated", "needs exactly one id in log.expect_ids")
    if generation is Generation.V3 and expected == Expectation():
        wanted.wrong(
            "", "expects nothing", "add log_contains, no_log_contains, status, response_contains or expect_error"
        )
    return expected


def _response(wanted: Fields, generation: Generation) -> Any:
    if generation is Generation.V3:
        return _pattern(wanted, "response_contains")
    return wanted.text("response_contains").encode("utf-8", "surrogatepass") or None


def _pattern(fields: Fields, name: str) -> Any:
    text = fields.text(name)
    if not text:
        return None
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as error:
        fields.wrong(name, f"is no regular expression of RE2: {str(error)[:200]}")
        return None
