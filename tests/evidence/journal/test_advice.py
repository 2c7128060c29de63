from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import bartizan
from bartizan.errors import UpstreamError
from bartizan.evidence.journal.advice import advice

SOURCE = Path(bartizan.__file__).parent
GENERIC = {advice("unheard_of", 400), advice("unheard_of", 500)}


def words() -> Iterator[str]:
    """Yield every word that an exchange of this gateway can end with, but those for broken requests (400)."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "RequestError":
                status, reason = (each.value if isinstance(each, ast.Constant) else None for each in node.args[:2])
                if status in (408, 413, 414, 431, 503) and isinstance(reason, str):
                    yield reason
    pending = [UpstreamError]
    while pending:
        kind = pending.pop()
        yield kind.reason
        pending += kind.__subclasses__()


@pytest.mark.parametrize("word", sorted({*words(), "client_gone", "internal_error", "no_route", "method_not_allowed"}))
def test_there_is_advice_for_what_the_operator_can_change(word: str) -> None:
    assert advice(word, 500) not in GENERIC


def test_a_client_that_breaks_http_has_to_be_mended() -> None:
    assert "mend the client" in advice("malformed", 400)


def test_what_nobody_foresaw_is_in_the_log() -> None:
    assert "log" in advice("unheard_of", 500)
