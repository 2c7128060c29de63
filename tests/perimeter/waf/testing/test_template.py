import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.waf.testing.template import expand


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("plain=1", "plain=1"),
        ('a={{ "x" | repeat 3 }}&b', "a=xxx&b"),
        ('a={{repeat 2 "xy"}}', "a=xyxy"),
        ('{{ `a"b` | repeat 2 }}', 'a"ba"b'),
        ('{{ "a\\n" | repeat 2 | repeat 2 }}', "a\na\na\na\n"),
        ("{{ 7 }}", "7"),
        ("a {{- /* nothing */ -}} b", "ab"),
        ("{{/* nothing */}}x", "x"),
    ],
)
def test_an_action_is_replaced_by_what_it_prints(text: str, expanded: str) -> None:
    assert expand(text) == expanded


@pytest.mark.parametrize(
    "text",
    [
        "{{7*7}}",
        "{{config}}",
        "{{ constructor.constructor('alert(1)')() }}",
        '{{ "a" | upper }}',
        '{{ repeat "a" 3 }}',
        '{{ "a" | repeat 99999999999 }}',
        "{{ }}",
        "{{ not closed",
        '{{ "a" 1 }}',
        '{{ "\\q" }}',
    ],
)
def test_what_go_would_not_carry_out_sends_nothing(text: str) -> None:
    assert expand(text) is None


@given(st.text())
def test_text_without_actions_stays_as_it_is(text: str) -> None:
    text = text.replace("{{", "")
    assert expand(text.replace("{{", "")) == text.replace("{{", "")


@given(st.text(alphabet='{}-/*" |`repat01\n'))
def test_no_text_makes_it_raise(text: str) -> None:
    expanded = expand(text)
    assert expanded is None or isinstance(expanded, str)
