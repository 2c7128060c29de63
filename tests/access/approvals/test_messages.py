from __future__ import annotations

from typing import get_args

import pytest
from tests.support.approvals import CONTEXT, Desk

from bartizan.access.approvals import Asked, message_about
from bartizan.access.factors.push import MAX_PAYLOAD
from bartizan.storage.records.entities import ApprovalKind


def test_it_says_what_is_asked_and_from_where() -> None:
    message = message_about("login", "id", CONTEXT)
    assert (message.kind, message.approval, message.title) == ("login", "id", "Somebody logs in as you")
    assert message.body == "Firefox on Linux, Vienna, 192.0.2.7. If it is not you, refuse."


def test_what_is_not_known_is_left_out() -> None:
    assert message_about("device", "id", {}).body == "If it is not yours, refuse."


@pytest.mark.parametrize("kind", get_args(ApprovalKind))
def test_it_always_fits(kind: ApprovalKind) -> None:
    message = message_about(kind, "i" * 22, dict.fromkeys(("client", "place", "address"), "😀" * 120))
    assert len(message.body.encode()) + len(message.title) < MAX_PAYLOAD - 200


def test_the_number_is_not_in_it(desk: Desk) -> None:
    asked = desk.ask_login()
    assert isinstance(asked, Asked)
    shown = {"client": "Firefox", "place": "Vienna", "address": "address"}
    message = message_about("login", asked.id, shown)
    assert asked.number not in message.title + message.body
