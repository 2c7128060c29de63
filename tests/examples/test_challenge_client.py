"""The example of a client that is challenged, against a gateway with TLS."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from examples.challenge_client import MAX_DIFFICULTY, Client, work
from tests.support.shop import Shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with Shop(tmp_path_factory.mktemp("shop")) as running:
        running.risk(40)
        yield running


@pytest.fixture
def http(shop: Shop) -> Iterator[httpx.Client]:
    with httpx.Client(verify=shop.authority.client_context(), base_url=shop.origin, timeout=30) as client:
        yield client


def test_it_does_the_work_once_and_goes_on(shop: Shop, http: httpx.Client) -> None:
    client = Client(http)
    answer = client.request("POST", "/transfers", json={"amount": 3})
    assert answer.status_code == 200
    assert [sent["amount"] for sent in shop.api.transfers] == ["3"]
    assert http.get("/orders").status_code == 200
    assert all("bartizan" not in head.get("cookie", "") for head in shop.api.seen)


def test_without_it_a_client_is_told_what_to_do(http: httpx.Client) -> None:
    answer = http.get("/orders")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert answer.json()["challenge"]["answer_to"] == "/.bartizan/challenge"


def test_an_answer_is_taken_once_and_only_if_it_is_right(shop: Shop, http: httpx.Client) -> None:
    task = http.get("/orders").json()["challenge"]
    counter = work(task["salt"], task["difficulty"])
    codes = []
    for answer in (f"{task['token']}.{counter + 1}", f"{task['token']}x.{counter}"):
        refused = http.post(task["answer_to"], headers={task["answer_in"]: answer})
        codes.append(refused.headers["bartizan-code"])
    assert codes == ["challenge_wrong", "challenge_unknown"]
    right = {task["answer_in"]: f"{task['token']}.{counter}"}
    assert http.post(task["answer_to"], headers=right).status_code == 204
    assert http.post(task["answer_to"], headers=right).json()["code"] == "challenge_used"


def test_a_pass_is_worth_nothing_where_the_risk_has_risen(shop: Shop, http: httpx.Client) -> None:
    client = Client(http)
    assert client.request("GET", "/orders").status_code == 200
    easy = json.loads(httpx.get(f"{shop.origin}/orders", verify=shop.authority.client_context()).text)
    shop.risk(70)
    again = http.get("/orders")
    assert again.status_code == 403
    assert again.json()["challenge"]["difficulty"] > easy["challenge"]["difficulty"]
    assert client.request("GET", "/orders").status_code == 200


def test_it_does_not_work_for_ever() -> None:
    with pytest.raises(ValueError, match="too much work"):
        work("salt", MAX_DIFFICULTY + 1)
