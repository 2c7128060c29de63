from __future__ import annotations

import json
import re

from bartizan.detection.challenge.files import ANSWERS, Files
from bartizan.detection.challenge.page import RESPONSE_FIELD, Pages, problem
from bartizan.detection.challenge.tickets import Ticket

PAGES = Pages(Files.load())
TICKET = Ticket("AQ-_token", "salt", 17)
ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def test_a_page_has_no_script_of_its_own_and_asks_only_its_own_site() -> None:
    response = PAGES.page(TICKET, ID, sent=False, kept=False)
    text = response.body.take().decode()
    assert response.status == 403
    assert response.length == len(text.encode())
    policy = (response.headers.get(b"content-security-policy") or b"").decode()
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert re.findall(r"<script[^>]*>", text) == [f'<script defer src="{Files.load().url("/.bartizan/challenge.js")}">']
    assert not re.findall(r"""\s(style|on[a-z]+)=["']""", text)
    assert "https:" not in text
    assert response.headers.get(b"cache-control") == b"no-store"


def test_it_tells_the_script_what_to_do_and_a_person_what_to_ask_with() -> None:
    text = PAGES.page(TICKET, ID, sent=True, kept=False).body.take().decode()
    for fact in ('token="AQ-_token"', 'salt="salt"', 'bits="17"', 'sent="1"', 'kept=""', f'answers="{ANSWERS}"'):
        assert f"data-{fact}" in text
    assert f"<code>{ID}</code>" in text
    assert "Without JavaScript" in text


def test_an_api_client_gets_the_same_in_members() -> None:
    response = PAGES.problem(TICKET, ID)
    told = json.loads(response.body.take())
    assert (response.status, told["status"], told["code"]) == (403, 403, "challenge_required")
    assert response.headers.get(b"content-type") == b"application/problem+json"
    assert response.headers.get(b"bartizan-code") == b"challenge_required"
    assert told["instance"] == f"urn:bartizan:exchange:{ID}"
    assert told["challenge"] == {
        "algorithm": "SHA-256",
        "salt": "salt",
        "difficulty": 17,
        "token": "AQ-_token",
        "expires_in": 120,
        "answer_to": ANSWERS,
        "answer_in": RESPONSE_FIELD,
    }


def test_a_problem_without_work_says_nothing_of_any() -> None:
    told = json.loads(problem(400, "challenge_malformed", "Send it otherwise.", ID).body.take())
    assert "challenge" not in told
    assert told["title"] == "Bad Request"
