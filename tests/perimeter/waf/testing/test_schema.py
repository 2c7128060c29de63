import base64
from pathlib import Path

import pytest

from bartizan.perimeter.waf.testing import Expectation, Generation, Request, Suite, read_suite, suite_files

V3 = """
meta: {author: a, enabled: false, name: 920100.yaml, description: d}
tests:
  - test_title: 920100-1
    desc: the older form
    stages:
      - stage:
          input:
            dest_addr: 127.0.0.1
            port: 80
            method: POST
            uri: /x
            version: HTTP/1.0
            headers: {Host: localhost, Keep-Alive: 300}
            data: [a, "b"]
            stop_magic: true
          output:
            status: [403, 400]
            log_contains: id "920100"
"""
V4 = """
meta: {author: a}
rule_id: 942100
tests:
  - test_id: 7
    desc: the newer form
    stages:
      - input:
          headers: {Host: localhost}
          data: '{{ "a" | repeat 3 }}'
          autocomplete_headers: false
        output:
          status: 200
          response_contains: hello
          retry_once: true
          isolated: true
          log: {expect_ids: [942100], no_expect_ids: [1, 2], match_regex: 'id "9421'}
  - stages:
      - input: {uris: [/a, /b]}
        output: {log: {no_match_regex: "x"}}
"""


def suite(tmp_path: Path, text: str, name: str = "920100.yaml") -> Suite:
    (tmp_path / name).write_text(text)
    return read_suite(suite_files([tmp_path]))


def test_a_file_of_the_older_schema_is_read(tmp_path: Path) -> None:
    read = suite(tmp_path, V3)
    assert read.problems == ()
    [test] = read.tests
    [stage] = test.stages
    assert (test.id, test.line, test.description, test.generation) == (
        "920100-1", 4, "the older form", Generation.V3,
    )  # fmt: skip
    assert stage.request == Request(
        "POST", "/x", "HTTP/1.0", (("Host", "localhost"), ("Keep-Alive", "300")), b"a\r\nb", complete=False
    )
    assert stage.expected.statuses == (403, 400)
    assert stage.expected.log.pattern == 'id "920100"'


def test_a_file_of_the_newer_schema_is_read(tmp_path: Path) -> None:
    read = suite(tmp_path, V4)
    assert read.problems == ()
    first, second = read.tests
    assert (first.id, second.id, first.generation) == ("942100-7", "942100-2", Generation.V4)
    assert first.stages[0].request == Request(headers=(("Host", "localhost"),), data=b"aaa", complete=False)
    wanted = first.stages[0].expected
    assert (wanted.statuses, wanted.ids, wanted.no_ids) == ((200,), (942100,), (1, 2))
    assert (wanted.response, wanted.isolated, wanted.retry_once) == (b"hello", True, True)
    assert [stage.request.uri for stage in second.stages] == ["/a", "/b"]


def test_raw_requests_are_read(tmp_path: Path) -> None:
    encoded = base64.b64encode(b"GET / HTTP/1.1\n\n\xff").decode()
    text = f"""
rule_id: 1
tests:
  - stages: [{{input: {{encoded_request: {encoded}}}, output: {{expect_error: true}}}}]
  - stages: [{{input: {{raw_request: 'GET /\\xe9\\r\\n\\r\\n'}}, output: {{status: 400}}}}]
  - stages: [{{input: {{encoded_data: {base64.b64encode(bytes(3)).decode()}}}, output: {{status: 400}}}}]
"""
    first, second, third = suite(tmp_path, text).tests
    assert first.stages[0].request.raw == b"GET / HTTP/1.1\n\n\xff"
    assert first.stages[0].expected == Expectation(error=True)
    assert second.stages[0].request.raw == "GET /é\r\n\r\n".encode()
    assert third.stages[0].request.data == bytes(3)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ("input: {uir: /}, output: {status: 1}", "tests[0].stages[0].input.uir: is no field that is known here"),
        ("input: {}, output: {status: ok}", "tests[0].stages[0].output.status: is no whole number"),
        ("input: {encoded_request: '%'}, output: {status: 1}", "input.encoded_request: is not base64"),
        ("input: {encoded_request: YQ==, data: b}, output: {status: 1}", "stands beside data"),
        ("input: {}, output: {log: {match_regex: '(?=a)'}}", "output.log.match_regex: is no regular expression"),
        ("input: {}, output: {isolated: true}", "needs exactly one id"),
        ("input: {}", "has no input or no output"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_the_test_is_left_out(
    tmp_path: Path, fields: str, problem: str
) -> None:
    good = "{input: {}, output: {status: 200}}"
    read = suite(tmp_path, f"rule_id: 1\ntests:\n  - stages: [{{{fields}}}]\n  - stages: [{good}]\n")
    assert [test.id for test in read.tests] == ["1-2"]
    assert read.problems[0].startswith(f"{tmp_path}/920100.yaml:3:")
    assert problem in read.problems[0]


def test_a_test_of_the_older_schema_has_to_expect_something(tmp_path: Path) -> None:
    read = suite(tmp_path, V3.replace('log_contains: id "920100"', "").replace("status: [403, 400]", "x: 1"))
    assert any("expects nothing" in problem for problem in read.problems)


def test_files_that_cannot_be_read_do_not_keep_others_from_it(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: [")
    (tmp_path / "b.yaml").write_text("# empty")
    read = suite(tmp_path, V3)
    assert (len(read.tests), len(read.problems)) == (1, 1)


def test_files_are_taken_in_order_and_others_left(tmp_path: Path) -> None:
    for name in ("b/2.yaml", "a/9.yml", "a/x.skeleton"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [file.name for file in suite_files([tmp_path, tmp_path / "b/2.yaml"])] == ["9.yml", "2.yaml", "2.yaml"]
