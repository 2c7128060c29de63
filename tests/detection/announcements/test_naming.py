"""Operations for decoys are called as the others of a document are."""

from __future__ import annotations

import pytest

from bartizan.detection.announcements.naming import operation_id, summary, topic, words

SAID = ["list", "internal", "users"]


def test_a_path_is_put_into_words() -> None:
    assert words("/internal/users") == SAID
    assert words("/api/v0/export") == ["get", "v0", "export"]


@pytest.mark.parametrize(("path", "about"), [("/v1/orders", "order"), ("/Companies", "compan"), ("/stock/", "stock")])
def test_a_path_is_about_something(path: str, about: str) -> None:
    assert topic(path) == about


@pytest.mark.parametrize(
    ("like", "said"),
    [
        ("List orders", "List internal users"),
        ("List Orders", "List Internal Users"),
        ("list all orders", "list internal users"),
        ("Lists orders.", "List internal users."),
    ],
)
def test_a_summary_is_written_as_another(like: str, said: str) -> None:
    assert summary(SAID, like) == said


@pytest.mark.parametrize(
    ("like", "made"),
    [
        ("listOrders", "listInternalUsers"),
        ("ListOrders", "ListInternalUsers"),
        ("list_orders", "list_internal_users"),
        ("orders-list", "list-internal-users"),
        ("orders.list", "list.internal.users"),
        ("read_orders_v1_orders_get", "list_internal_users_internal_users_get"),
    ],
)
def test_an_operation_id_has_the_form_of_another(like: str, made: str) -> None:
    assert operation_id(SAID, "/internal/users", like, "/v1/orders") == made
