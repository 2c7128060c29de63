from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bartizan.config.document import read_document
from bartizan.config.model import Config
from bartizan.config.model.base import PATTERN_REMEDIES
from bartizan.config.schema import bare_schema
from bartizan.config.secrets import resolve_references
from bartizan.config.validation import shown, usable_parts, validate
from bartizan.errors import Problem


def problems(text: str, environ: dict[str, str] | None = None) -> list[Problem]:
    document = read_document("f.yaml", text.encode())
    return validate(document, resolve_references(document, environ or {}, Path()))[1]


def test_the_model_is_returned_when_all_is_well() -> None:
    document = read_document("f.yaml", b"listeners: [{address: 'a:1'}]")
    config, found = validate(document, resolve_references(document, {}, Path()))
    assert isinstance(config, Config)
    assert not found


def test_a_union_is_told_once() -> None:
    (problem,) = problems("listeners: [{address: 'a:1'}]\nworkers: many")
    assert problem.remedy == "write a number without a unit, or use 'auto'"


def test_problems_of_failed_references_are_left_to_who_resolved_them() -> None:
    assert problems("listeners: [{address: 'a:1', backlog: '${ABSENT}'}]") == []


def test_an_unknown_field_stands_at_its_name_and_is_compared_with_those_of_its_part() -> None:
    (problem,) = problems("listeners:\n  - address: a:1\n    limits: {time_outs: {}}\n")
    assert (problem.line, problem.column) == (3, 14)
    assert problem.remedy == "did you mean `timeouts`?"


@pytest.mark.parametrize("data", [None, 1, "x", [], {"listeners": 1, "upstreams": {}, "routes": [1, None, []]}])
def test_nothing_is_usable_of_what_is_no_configuration(data: Any) -> None:
    parts = usable_parts(data)
    assert not parts.listeners
    assert not parts.upstreams
    assert not parts.routes


def test_parts_keep_their_places_beside_broken_ones() -> None:
    parts = usable_parts({"upstreams": [{"name": "a"}, {"name": "b", "nodes": [{"address": "x:1"}]}, 7]})
    assert list(parts.upstreams) == [1]
    assert parts.upstream_names == {"a", "b"}


def test_every_pattern_of_the_model_is_explained_in_words() -> None:
    patterns = set()

    def collect(schema: Any) -> None:
        if isinstance(schema, dict):
            patterns.update({schema["pattern"]} if isinstance(schema.get("pattern"), str) else ())
            patterns.update(schema.get("patternProperties", ()))
            for inner in schema.values():
                collect(inner)
        elif isinstance(schema, list):
            for inner in schema:
                collect(inner)

    collect(bare_schema())
    own_messages = {pattern for pattern in patterns if pattern.endswith(("(ms|s|m|h|d))+$", "GB)?$", "(s|m|h|d)$"))}
    assert patterns - own_messages == set(PATTERN_REMEDIES)


def test_values_are_shown_in_one_short_line() -> None:
    assert shown("a\nb") == "'a\\nb'"
    assert shown("x" * 100) == "'" + "x" * 75 + "...'"
    assert shown({"password": "x"}) == "fields"
    assert shown(["x"]) == "a list of 1"
    assert shown(True) == "true"
