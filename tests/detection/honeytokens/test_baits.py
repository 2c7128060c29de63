"""Tokens in decoys are the same on each machine, and known before anybody asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.sessions import NOW, Clock

from bartizan.access.sessions.model import split_token
from bartizan.detection.honeytokens.baits import Baits
from bartizan.detection.honeytokens.forms import FORMS, KeyForm
from bartizan.detection.honeytokens.makers import JwtMaker
from bartizan.detection.honeytokens.tokens import digest_of_secret
from bartizan.keys.ring import KeyRing

KEY = b"k" * 32


def baits(forms: dict[str, str] | None = None, key: bytes = KEY) -> Baits:
    return Baits(key, forms or {}, None, NOW)


def test_each_machine_makes_the_same() -> None:
    assert baits().secret("api_key", "/.env") == baits().secret("api_key", "/.env")
    secrets = {
        baits().secret("api_key", "/.env"),
        baits().secret("api_key", "/backup.sql"),
        baits().secret("cookie", "/.env"),
        baits(key=b"l" * 32).secret("api_key", "/.env"),
    }
    assert len(secrets) == 4


def test_what_was_made_is_known_with_its_place() -> None:
    made = baits()
    token = made.tokens[digest_of_secret(made.secret("github_token", "/.env").encode())]
    assert (token.kind, token.form, token.place) == ("api_key", "github_token", "/.env")


def test_all_have_their_forms() -> None:
    made = baits({"api_key": "acme-{hex:32}"})
    for name, text in {**FORMS, "api_key": "acme-{hex:32}"}.items():
        assert KeyForm.parse(text).matches(made.secret(name, "/.env"))
    assert split_token(made.secret("cookie", "/.env")) is not None


def test_a_jwt_is_one_of_ours_or_a_key_where_there_are_none(tmp_path: Path) -> None:
    ring = KeyRing.open(tmp_path, "EdDSA", Clock())
    made = Baits(KEY, {}, JwtMaker(ring.sign, "https://api.test", "internal-services"), NOW)
    assert made.secret("jwt", "/.env").startswith("eyJ")
    assert [token.kind for token in made.tokens.values()] == ["jwt"]
    assert baits().secret("jwt", "/.env").startswith("sk_live_")


def test_what_there_is_not_is_told() -> None:
    with pytest.raises(ValueError, match="known are cookie, jwt, api_key"):
        baits().secret("nothing", "/.env")
