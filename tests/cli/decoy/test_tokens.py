"""Honeytokens made by the command: printed once, listed without the secret, forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bartizan.access.sessions.model import split_token
from bartizan.cli.main import cli
from bartizan.detection.honeytokens.forms import KeyForm

LIVE = "sk_live_{base62:24}"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write(tmp_path, {"enabled": True, "honeytokens": {"api_keys": {"live": LIVE}}})


def write(directory: Path, deception: dict[str, Any], **more: Any) -> Path:
    file = directory / "bartizan.yaml"
    listeners = [{"name": "main", "address": "127.0.0.1:0"}]
    storage = {"directory": str(directory / "data"), "state": {"map_size": 2**24}}
    file.write_text(json.dumps({"listeners": listeners, "storage": storage, "deception": deception, **more}))
    return file


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["decoy", *arguments, "-c", str(config)])


def test_a_key_is_made_listed_without_the_secret_and_forgotten(config: Path) -> None:
    made = run(config, "token", "api-key", "--place", "repository infra/terraform")
    secret = made.stdout.strip()
    assert KeyForm.parse(LIVE).matches(secret)
    assert "plant it at repository infra/terraform; it is not shown again" in made.stderr
    (listed,) = json.loads(run(config, "tokens", "--json").stdout)
    assert (listed["kind"], listed["form"], listed["place"]) == ("api_key", "live", "repository infra/terraform")
    assert secret not in json.dumps(listed)
    assert f"{listed['id']}  api_key" in run(config, "tokens").stdout
    assert run(config, "forget", listed["id"]).stdout == f"{listed['id']} at repository infra/terraform is forgotten\n"
    assert run(config, "tokens").stdout == "none was planted by hand\n"
    assert run(config, "forget", listed["id"]).exit_code == 1


def test_a_cookie_is_one_of_a_session(config: Path) -> None:
    made = run(config, "token", "cookie", "--place", "browser profile")
    assert split_token(made.stdout.strip()) is not None


def test_a_jwt_needs_an_origin(config: Path) -> None:
    failed = run(config, "token", "jwt", "--place", "wiki")
    assert failed.exit_code == 1
    assert "access.origin" in failed.stderr


def test_a_jwt_is_signed(tmp_path: Path) -> None:
    listeners = [{"name": "main", "address": "127.0.0.1:0"}]
    access = {"enabled": True, "origin": "https://api.test"}
    config = write(tmp_path, {"enabled": True}, listeners=listeners, access=access)
    made = run(config, "token", "jwt", "--place", "wiki")
    assert made.exit_code == 0, made.output
    assert made.stdout.startswith("eyJ")
    assert made.stdout.count(".") == 2


@pytest.mark.parametrize(
    ("deception", "arguments", "problem"),
    [
        ({"enabled": False}, ("token", "cookie", "--place", "wiki"), "set deception.enabled: true"),
        ({"enabled": True}, ("token", "api-key", "--place", "wiki"), "say what your API keys look like"),
        ({"enabled": True}, ("token", "cookie", "--place", " "), "the place has to be said"),
        ({"enabled": True}, ("token", "cookie", "--place", "wiki", "--form", "a"), "--form is for API keys"),
        (
            {"enabled": True, "honeytokens": {"api_keys": {"a": LIVE, "b": LIVE}}},
            ("token", "api-key", "--place", "wiki"),
            "--form is one of a, b",
        ),
    ],
)
def test_what_cannot_be_made_is_told(
    tmp_path: Path, deception: dict[str, Any], arguments: tuple[str, ...], problem: str
) -> None:
    failed = run(write(tmp_path, deception), *arguments)
    assert failed.exit_code == 1
    assert problem in failed.stderr
