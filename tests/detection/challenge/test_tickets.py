from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.challenge import solve

from bartizan.detection.challenge.tickets import MARGIN, MAX_ANSWER, PASS_FOR, SOLVE_WITHIN, Solved, Ticket, Tickets
from bartizan.keys.vault import Vault

NOW = 1_800_000_000.0
HERE, ELSEWHERE = b"192.0.2.0/24 t1315_8daaf6152771", b"198.51.100.0/24 t1315_8daaf6152771"
TICKETS = Tickets(Vault(b"k" * 32))


def answer(ticket: Ticket) -> str:
    return f"{ticket.token}.{solve(ticket.salt, ticket.bits)}"


def test_who_does_the_work_gets_a_pass() -> None:
    solved = TICKETS.check(answer(TICKETS.issue(HERE, 40, NOW)), HERE, NOW + 5)
    assert isinstance(solved, Solved)
    assert solved.risk == 40
    granted = TICKETS.read_pass(TICKETS.grant(HERE, solved.risk, NOW + 5), HERE)
    assert granted is not None
    assert granted.holds(40 + MARGIN, NOW + PASS_FOR)
    assert not granted.holds(40 + MARGIN + 1, NOW + 6)
    assert not granted.holds(0, NOW + 5 + PASS_FOR)


def test_each_ticket_is_another_puzzle_and_as_hard_as_the_risk_is_high() -> None:
    tickets = [TICKETS.issue(HERE, risk, NOW) for risk in (20, 60, 100)]
    assert len({ticket.salt for ticket in tickets}) == 3
    assert tickets[0].bits < tickets[1].bits < tickets[2].bits


def test_an_answer_that_was_not_worked_for_is_wrong() -> None:
    ticket = TICKETS.issue(HERE, 100, NOW)
    assert TICKETS.check(f"{ticket.token}.0", HERE, NOW) == "wrong"
    assert TICKETS.check(f"{ticket.token}.00000", HERE, NOW) == "wrong"


def test_it_is_worth_nothing_elsewhere_or_too_late() -> None:
    right = answer(TICKETS.issue(HERE, 0, NOW))
    assert TICKETS.check(right, ELSEWHERE, NOW) == "unknown"
    assert TICKETS.check(right, HERE, NOW + SOLVE_WITHIN) == "expired"
    granted = TICKETS.grant(HERE, 0, NOW)
    assert TICKETS.read_pass(granted, ELSEWHERE) is None


def test_nobody_makes_a_ticket_or_changes_one() -> None:
    right = answer(TICKETS.issue(HERE, 0, NOW))
    stranger = Tickets(Vault(b"x" * 32))
    assert TICKETS.check(answer(stranger.issue(HERE, 0, NOW)), HERE, NOW) == "unknown"
    changed = right[:20] + ("A" if right[20] != "A" else "B") + right[21:]
    assert TICKETS.check(changed, HERE, NOW) == "unknown"


def test_a_pass_is_no_ticket_and_a_ticket_no_pass() -> None:
    ticket, granted = TICKETS.issue(HERE, 0, NOW), TICKETS.grant(HERE, 0, NOW)
    assert TICKETS.check(f"{granted}.1", HERE, NOW) == "unknown"
    assert TICKETS.read_pass(ticket.token, HERE) is None


def test_the_risk_cannot_be_read() -> None:
    ticket = TICKETS.issue(HERE, 72.25, NOW)
    assert "192.0.2" not in ticket.token
    assert len(ticket.token) == len(TICKETS.issue(HERE, 3, NOW).token)


@pytest.mark.parametrize("text", ["", ".", "a", "a.", ".1", "x" * (MAX_ANSWER + 1)])
def test_what_has_not_the_form_of_an_answer_is_none(text: str) -> None:
    assert TICKETS.check(text, HERE, NOW) == "malformed"


@given(st.text(max_size=300))
@settings(max_examples=50)
def test_anything_can_be_sent(text: str) -> None:
    assert TICKETS.check(text, HERE, NOW) in ("malformed", "unknown")
    assert TICKETS.check(f"{text}.1", HERE, NOW) in ("malformed", "unknown")
    assert TICKETS.read_pass(text, HERE) is None
