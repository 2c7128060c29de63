from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.testing.logline import log_line


@dataclass(frozen=True)
class Match:
    id: int = 942100
    msg: str = "SQL Injection"
    data: str = "x found within ARGS:a"
    var: str = "ARGS:a"
    severity: int | None = 2
    tags: tuple[str, ...] = ("attack-sqli", "OWASP_CRS")
    file: str = "a.conf"
    line: int = 3


def test_a_match_is_written_as_modsecurity_writes_it() -> None:
    assert log_line(Match()) == (
        'ModSecurity: Warning. Match at ARGS:a. [file "a.conf"] [line "3"] [id "942100"] [msg "SQL Injection"] '
        '[data "x found within ARGS:a"] [severity "CRITICAL"] [tag "attack-sqli"] [tag "OWASP_CRS"]'
    )


def test_what_a_match_has_not_is_left_out() -> None:
    line = log_line(replace(Match(), msg="", data="", severity=None, tags=()))
    assert line == 'ModSecurity: Warning. Match at ARGS:a. [file "a.conf"] [line "3"] [id "942100"]'


def test_a_value_cannot_forge_a_field() -> None:
    assert '[data "\\"] [id \\"1\\"] [x \\"\\x0a\\xc3\\xa9\\\\"]' in log_line(
        replace(Match(), data='"] [id "1"] [x "\né\\')
    )


@given(st.text())
def test_a_line_is_one_printable_line(text: str) -> None:
    line = log_line(replace(Match(), data=text, msg=text))
    assert line.isascii()
    assert line.isprintable()
    assert line.count('[id "') == 1
