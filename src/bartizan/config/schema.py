"""The JSON Schema (draft 2020-12) of ``bartizan.yaml``, as editors take it."""

from __future__ import annotations

from typing import Any

from bartizan.config.model import Config

__all__ = ["json_schema"]


def json_schema() -> dict[str, Any]:
    """Return the schema of what may be written, with every default."""
    schema = Config.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:bartizan:schema:config",
        **schema,
        "title": "bartizan.yaml",
    }
