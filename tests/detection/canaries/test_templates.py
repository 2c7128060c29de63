"""Templates match paths segment by segment."""

from __future__ import annotations

import pytest

from bartizan.detection.canaries.templates import Template, overlap


@pytest.mark.parametrize(
    ("template", "path", "value"),
    [
        ("/orders/{id}", "/orders/17", "17"),
        ("/orders/{id}", "/orders/a%20b", "a b"),
        ("/orders/{id}", "/orders/", None),
        ("/orders/{id}", "/orders", None),
        ("/orders/{id}", "/orders/17/lines", None),
        ("/orders/{id}", "/users/17", None),
        ("/shops/{shop}/orders/{id}", "/shops/a/orders/17", "17"),
        ("/orders", "/orders", ""),
        ("/", "/", ""),
    ],
)
def test_a_path_matches_with_the_value_of_its_last_parameter(template: str, path: str, value: str | None) -> None:
    assert Template(template).value(path) == value


def test_what_is_below_matches_where_it_may() -> None:
    assert Template("/orders/{id}").value("/orders/17/lines/2", below=True) == "17"


def test_templates_tell_what_they_begin_and_end_with() -> None:
    assert (Template("/orders/{id}").first, Template("/orders/{id}").last) == ("orders", "id")
    assert (Template("/{tenant}/orders").first, Template("/orders").last) == (None, None)


@pytest.mark.parametrize(
    ("template", "pattern", "both"),
    [
        ("/orders/{id}", "/orders/{number}", True),
        ("/orders/{id}", "/orders/17", True),
        ("/orders/{id}", "/orders/*", True),
        ("/orders", "/orders/*", True),
        ("/orders/{id}", "/*", True),
        ("/orders/{id}", "/users/*", False),
        ("/orders", "/orders/{id}", False),
        ("/{tenant}/orders", "/acme/*", True),
    ],
)
def test_a_template_and_a_route_have_paths_in_common_or_not(template: str, pattern: str, both: bool) -> None:
    assert overlap(template, ["/nothing", pattern]) is both


def test_what_is_below_a_template_counts_where_it_may() -> None:
    assert overlap("/orders/{id}", ["/orders/{id}/lines"], below=True)
    assert not overlap("/orders/{id}", ["/orders/{id}/lines"])
    assert not overlap("/orders/{id}", ["/users/{id}/lines"], below=True)
