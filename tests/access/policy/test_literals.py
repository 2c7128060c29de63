"""What the type checker lets pass, and is wrong all the same."""

from __future__ import annotations

import pytest

from bartizan.access.policy.cel import Policy
from bartizan.access.policy.literals import place
from bartizan.errors import PolicyError


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ('request.path.matches("(")', 22, '"(" is no regular expression'),
        ('request.path.matches("a(?=b)")', 22, "is no regular expression"),
        ('session.age < duration("5x")', 24, '"5x" is no duration'),
        ('session.age < duration("five minutes")', 24, "is no duration"),
        ('time.now < timestamp("2030-01-01")', 22, "is no time"),
        ('time.now.getHours("Europe/Atlantis") > 7', 19, "is no time zone"),
        ('in_cidr(request.address, "10.0.0.1/8")', 26, "is no network"),
        ('in_cidr(request.address, "10.0.0.0/33")', 26, "is no network"),
        ('risk < 1 || principal.groups.exists(g, g.matches("["))', 50, "is no regular expression"),
    ],
)
def test_literals_that_can_never_be_used_are_told(text: str, column: int, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.compile(text)
    assert (caught.value.line, caught.value.column) == (1, column)
    assert message in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        'request.path.matches("^/(a|b)+$")',
        'session.age < duration("1h30m")',
        'time.now < timestamp("2030-01-01T00:00:00+02:00")',
        'time.now.getHours("Europe/Berlin") > 7 || time.now.getDayOfWeek("+02:00") == 1 || time.now.getHours() > 3',
        'in_cidr(request.address, "2001:db8::/32") || in_cidr(request.address, "192.0.2.1")',
        "request.path.matches(request.host)",
    ],
)
def test_literals_that_can_be_used_are_fine(text: str) -> None:
    assert Policy.compile(text)


@pytest.mark.parametrize(("offset", "expected"), [(0, (1, 1)), (1, (1, 2)), (3, (2, 1)), (5, (3, 1)), (6, (3, 2))])
def test_places_count_from_one(offset: int, expected: tuple[int, int]) -> None:
    assert place("ab\nc\nde", offset) == expected
