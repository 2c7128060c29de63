import pytest
import re2

from bartizan.perimeter.waf.testing import Expectation, Outcome, judge

LOG = ('[id "942100"] [msg "x"]', '[id "949110"]')


def reasons(expected: Expectation, outcome: Outcome) -> list[str]:
    return [reason for reason, _ in judge(expected, outcome)]


@pytest.mark.parametrize(
    "expected",
    [
        Expectation(),
        Expectation(statuses=(403, 200)),
        Expectation(ids=(942100, 949110), no_ids=(1,)),
        Expectation(log=re2.compile('id "942100"'), no_log=re2.compile('id "9421001')),
        Expectation(response=b"hello"),
        Expectation(response=re2.compile("h.llo")),
    ],
)
def test_what_is_expected_passes(expected: Expectation) -> None:
    assert judge(expected, Outcome(200, b"HTTP/1.1 200 OK\r\n\r\nhello", (942100, 949110), LOG)) == []


@pytest.mark.parametrize(
    ("expected", "reason"),
    [
        (Expectation(statuses=(403,)), "status"),
        (Expectation(ids=(942100, 1)), "log"),
        (Expectation(no_ids=(949110,)), "no log"),
        (Expectation(log=re2.compile("y")), "log"),
        (Expectation(no_log=re2.compile("x")), "no log"),
        (Expectation(response=b"bye"), "response"),
        (Expectation(ids=(942100,), isolated=True), "log"),
        (Expectation(error=True), "error"),
    ],
)
def test_what_is_not_expected_fails_with_its_reason(expected: Expectation, reason: str) -> None:
    assert reasons(expected, Outcome(200, b"hello", (942100, 949110), LOG)) == [reason]


def test_an_expected_error_is_all_that_is_looked_at() -> None:
    assert judge(Expectation(statuses=(200,), ids=(1,), error=True), Outcome(error="timed out")) == []


def test_an_error_that_was_not_expected_fails() -> None:
    assert reasons(Expectation(ids=(1,)), Outcome(error="timed out")) == ["error"]
