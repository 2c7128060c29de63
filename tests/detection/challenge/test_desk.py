from __future__ import annotations

import json

import pytest
from tests.support.challenge import answer_to, with_pass
from tests.support.exchange import make_exchange

from bartizan.detection.challenge import PATHS, Challenger, Desk
from bartizan.detection.challenge.page import RESPONSE_FIELD
from bartizan.detection.challenge.tickets import MAX_ANSWER
from bartizan.pipeline import Challenge, Deny, Exchange

ANSWERS, SCRIPT, STYLE = PATHS


@pytest.fixture
def desk(challenger: Challenger) -> Desk:
    return Desk(challenger)


def bringing(*answers: str) -> Exchange:
    exchange = make_exchange("POST", ANSWERS)
    for answer in answers:
        exchange.request.headers.add(RESPONSE_FIELD.lower().encode(), answer.encode())
    return exchange


async def asked(desk: Desk, exchange: Exchange) -> Challenge:
    verdict = await desk.on_request(exchange)
    assert isinstance(verdict, Challenge)
    exchange.verdict, exchange.decided_by = verdict, desk.name
    for callback in exchange.on_end:
        callback(exchange)
    return verdict


async def test_a_right_answer_is_given_a_pass(desk: Desk, challenger: Challenger) -> None:
    exchange = bringing(answer_to(challenger.ask(make_exchange(), 30)))
    response = (await asked(desk, exchange)).response
    assert response.status == 204
    cookie = response.headers.get(b"set-cookie")
    assert cookie is not None
    assert challenger.passed(with_pass(challenger, cookie.decode().partition(";")[0]), 30)
    assert exchange.verdict is None  # nobody was refused anything


async def test_what_is_none_is_told_by_a_word(desk: Desk, challenger: Challenger) -> None:
    right = answer_to(challenger.ask(make_exchange(), 0))
    wrong = right.rpartition(".")[0] + ".1"
    for answers, status, code in (
        ((), 400, "challenge_malformed"),
        ((right, right), 400, "challenge_malformed"),
        (("x" * (MAX_ANSWER + 1),), 400, "challenge_malformed"),
        (("forged.1",), 403, "challenge_unknown"),
        ((wrong,), 403, "challenge_wrong"),
    ):
        exchange = bringing(*answers)
        response = (await asked(desk, exchange)).response
        assert (response.status, json.loads(response.body.take())["code"]) == (status, code)
        assert b"set-cookie" not in response.headers
        assert isinstance(exchange.verdict, Challenge)
        assert code.partition("_")[2] in exchange.verdict.because


async def test_an_answer_cannot_be_sent_again(desk: Desk, challenger: Challenger) -> None:
    right = answer_to(challenger.ask(make_exchange(), 0))
    assert (await asked(desk, bringing(right))).response.status == 204
    assert json.loads((await asked(desk, bringing(right))).response.body.take())["code"] == "challenge_used"


@pytest.mark.parametrize("path", [SCRIPT, STYLE])
async def test_script_and_style_are_given_to_everybody(desk: Desk, path: str) -> None:
    exchange = make_exchange("GET", path)
    assert (await asked(desk, exchange)).response.status == 200
    assert exchange.verdict is None


@pytest.mark.parametrize(("method", "path", "allow"), [("GET", ANSWERS, b"POST"), ("POST", SCRIPT, b"GET, HEAD")])
async def test_there_is_nothing_else_to_be_had(desk: Desk, method: str, path: str, allow: bytes) -> None:
    verdict = await desk.on_request(make_exchange(method, path))
    assert isinstance(verdict, Deny)
    assert (verdict.status, verdict.headers) == (405, ((b"allow", allow),))
