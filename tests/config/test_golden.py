"""Configuration in, normalised result or exact messages out. ``UPDATE_GOLDEN=1`` writes what comes out now."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest
from pydantic import BaseModel
from tests.config.conftest import ENVIRON

from bartizan.access.check import policy_findings
from bartizan.config.document import read_document
from bartizan.config.load import LoadedConfig
from bartizan.config.load import load as load_with
from bartizan.config.model import Config
from bartizan.config.schema import bare_schema, json_schema
from bartizan.detection.check import deception_findings
from bartizan.errors import ConfigError

GOLDEN = Path(__file__).parent / "golden"
PAGE = Path(__file__).parent.parent.parent / "docs" / "configuration.md"
VALID = sorted(GOLDEN.glob("valid/*.yaml"))
INVALID = sorted(GOLDEN.glob("invalid/*.yaml"))
EXAMPLES = dict(re.findall(r"<!-- example: ([a-z-]+) -->\n```yaml\n(.*?)```\n", PAGE.read_text(), re.DOTALL))


def load(file: Path, environ: Mapping[str, str]) -> LoadedConfig:
    """Load a file with all checks that ``bartizan check`` does, but those of WAF rules."""
    return load_with(file, environ, (policy_findings, deception_findings))


def _expect(file: Path, text: str) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(text)
    assert text == file.read_text()


def _normalised(config: Config, directory: Path) -> str:
    dumped = config.model_dump(mode="json", exclude_unset=True)
    return json.dumps(dumped, indent=2).replace(str(directory), "<directory>") + "\n"


@pytest.mark.parametrize("source", VALID, ids=lambda file: file.stem)
def test_valid_configuration_is_normalised(source: Path, sandbox: Path) -> None:
    file = sandbox / "bartizan.yaml"
    file.write_bytes(source.read_bytes())
    _expect(source.with_suffix(".json"), _normalised(load(file, ENVIRON).config, sandbox))


@pytest.mark.parametrize("name", EXAMPLES)
def test_documented_example_is_valid_and_normalised(name: str, sandbox: Path) -> None:
    file = sandbox / "bartizan.yaml"
    file.write_text(EXAMPLES[name])
    _expect(GOLDEN / "examples" / f"{name}.json", _normalised(load(file, ENVIRON).config, sandbox))


def test_every_example_has_its_golden_file_and_no_other() -> None:
    assert len(EXAMPLES) >= 6
    assert {file.stem for file in (GOLDEN / "examples").glob("*.json")} == set(EXAMPLES)
    assert PAGE.read_text().count("```yaml") == len(EXAMPLES) + 1  # the line for editors is no configuration


@pytest.mark.parametrize("text", [*EXAMPLES.values(), *(file.read_text() for file in VALID)])
def test_valid_configuration_fits_the_schema(text: str) -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(read_document("", text.encode()).data)


@pytest.mark.parametrize("source", INVALID, ids=lambda file: file.stem)
def test_invalid_configuration_is_told_with_all_problems(
    source: Path, sandbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sandbox / "bartizan.yaml").write_bytes(source.read_bytes())
    monkeypatch.chdir(sandbox)
    with pytest.raises(ConfigError) as caught:
        load(Path("bartizan.yaml"), ENVIRON)
    told = str(caught.value).replace(str(sandbox), "<directory>") + "\n"
    assert not any(value in told for value in ENVIRON.values() if len(value) > 1)
    _expect(source.with_suffix(".txt"), told)


def test_one_golden_file_sets_every_field(sandbox: Path) -> None:
    file = sandbox / "bartizan.yaml"
    file.write_bytes((GOLDEN / "valid" / "everything.yaml").read_bytes())
    seen: dict[type[BaseModel], set[str]] = {}
    _collect_fields(load(file, ENVIRON).config, seen)
    left_out = {kind.__name__: set(kind.model_fields) - fields for kind, fields in seen.items()}
    assert {name: fields for name, fields in left_out.items() if fields} == {}
    assert {kind.__name__ for kind in seen} == {"Config", *bare_schema()["$defs"]}


def _collect_fields(value: object, seen: dict[type[BaseModel], set[str]]) -> None:
    """Note the fields that are set in any instance of each model."""
    if isinstance(value, BaseModel):
        seen.setdefault(type(value), set()).update(value.model_fields_set)
        for name in type(value).model_fields:
            _collect_fields(getattr(value, name), seen)
    elif isinstance(value, list):
        for item in value:
            _collect_fields(item, seen)
