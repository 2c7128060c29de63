"""What cannot deceive is told when a configuration is loaded, with its place and its remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bartizan.config.model import Config
from bartizan.config.validation import parts_of
from bartizan.detection.check import deception_findings


def found(deception: dict[str, Any], **fields: Any) -> list[tuple[str, str]]:
    listeners = [{"address": "127.0.0.1:1"}]
    base = {
        "listeners": listeners,
        "upstreams": [{"name": "shop", "nodes": [{"address": "127.0.0.1:2"}]}],
        "routes": [{"name": "api"}],
    }
    config = Config.model_validate({**base, **fields, "deception": deception})
    return [(".".join(map(str, each.path)), each.message) for each in deception_findings(parts_of(config))]


OF_REAL_ONES = "is the audience of real assertions"


@pytest.mark.parametrize(
    ("deception", "path", "message"),
    [
        ({"honeytokens": {"api_keys": {"live": "sk_{base62:5}"}}}, "honeytokens.api_keys.live", "has 30 random bits"),
        ({"enabled": True, "honeytokens": {"audience": "shop"}}, "honeytokens.audience", OF_REAL_ONES),
        ({"enabled": True, "honeytokens": {"audience": "api"}}, "honeytokens.audience", OF_REAL_ONES),
        (
            {"enabled": True, "honeytokens": {"parameters": ["k"]}},
            "honeytokens.parameters.0",
            "is not a name of secrets, and the journal would show them",
        ),
        ({"canaries": [{"path": "/orders", "detail": "/orders"}]}, "canaries.0.detail", "has no parameter for the id"),
        (
            {"canaries": [{"path": "/orders", "detail": "/orders/{id}", "range": [20, 10]}]},
            "canaries.0.range",
            "is too small",
        ),
        ({"fields": [{"path": "/a", "value": "/debug/{id}"}]}, "fields.0.value", "is no path that ends with {token}"),
    ],
)
def test_what_is_wrong_is_told(deception: dict[str, Any], path: str, message: str) -> None:
    ((where, told),) = found(deception)
    assert where == f"deception.{path}"
    assert told.startswith(message)


def test_what_is_right_is_not() -> None:
    deception = {
        "honeytokens": {"api_keys": {"live": "sk_live_{base62:24}"}},
        "canaries": [{"path": "/orders", "detail": "/orders/{id}", "range": [900_000, 999_999]}],
        "fields": [{"path": "/orders/{id}"}],
    }
    assert found(deception) == []


def test_the_audience_of_all_assertions_is_not_one_of_honeytokens() -> None:
    assertion = {"assertion": {"audience": "internal-services"}}
    assert [path for path, _ in found({"enabled": True}, access=assertion)] == ["deception.honeytokens.audience"]


def test_decoys_that_cannot_be_are_told(tmp_path: Path) -> None:
    file = tmp_path / "bait"
    file.write_text("{token:shop} {token:nothing}")
    paths = [
        {"path": "/api/real"},
        {"path": "/twice"},
        {"path": "/twice"},
        {"path": "/a", "kind": "file"},
        {"path": "/b", "kind": "json", "file": "x"},
        {"path": "/c", "kind": "file", "file": "nowhere"},
        {"path": "/d", "kind": "file", "file": str(file)},
    ]
    deception = {
        "decoys": {"builtin": ["env", "gti"], "paths": paths},
        "honeytokens": {"api_keys": {"shop": "sk_live_{base62:24}"}},
    }
    assert found(deception, routes=[{"name": "api", "paths": ["/api/real"]}]) == [
        ("deception.decoys.builtin.1", "is no decoy that comes with Bartizan"),
        ("deception.decoys.paths.0.path", "is a path of the route api"),
        ("deception.decoys.paths.2.path", "is a decoy already"),
        ("deception.decoys.paths.3.file", "is missing"),
        ("deception.decoys.paths.4.file", "has no effect on the kind json"),
        ("deception.decoys.paths.5.file", "cannot be read: No such file or directory"),
        ("deception.decoys.paths.6.file", "asks for {token:nothing}, which there is none of"),
    ]
