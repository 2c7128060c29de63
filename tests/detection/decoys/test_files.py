from __future__ import annotations

import configparser
import json
import re

import pytest
import yaml
from tests.support.decoys import KEY, baits

from bartizan.detection.decoys import files
from bartizan.detection.decoys.model import Content, Maker, Writer
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.honeytokens.tokens import digest_of_secret

WRITERS = [getattr(files, name) for name in files.__all__ if name != "names_of"]


def made(writer: Writer, key: bytes = KEY, path: str = "/file") -> tuple[Content, set[bytes]]:
    """Return what a writer makes, and the digests of the honeytokens in it."""
    tokens = baits(key)
    content = writer(Maker(Keyed(key, "decoys", path), lambda form: tokens.secret(form, path)))
    return content, set(tokens.tokens)


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.__name__)
def test_a_file_is_the_same_wherever_the_key_is_and_another_for_another_key(writer: Writer) -> None:
    content, _ = made(writer)
    assert content == made(writer)[0]
    assert content.status == 200
    if writer is not files.git_head:
        assert content.body != made(writer, bytes(32))[0].body


def test_an_environment_file_reads_as_one_and_its_credentials_are_honeytokens() -> None:
    content, tokens = made(files.dotenv)
    pairs = dict(line.split("=", 1) for line in content.body.decode().splitlines() if line)
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", pairs["AWS_ACCESS_KEY_ID"])
    assert re.fullmatch(r"[A-Za-z0-9]{40}", pairs["AWS_SECRET_ACCESS_KEY"])
    url = re.fullmatch(r"postgresql://(\w+):(\w+)@([\w.-]+):5432/(\w+)", pairs["DATABASE_URL"])
    assert url is not None
    planted = [pairs["AWS_ACCESS_KEY_ID"], pairs["AWS_SECRET_ACCESS_KEY"], pairs["API_KEY"], url[2]]
    assert {digest_of_secret(secret.encode()) for secret in planted} <= tokens


def test_files_of_one_installation_agree() -> None:
    env, compose = made(files.dotenv)[0].body.decode(), made(files.compose, path="/docker-compose.yml")[0].body
    service = re.search("APP_NAME=(.*)", env)
    assert service is not None
    assert next(iter(yaml.safe_load(compose)["services"])) == service[1]
    assert json.loads(made(files.config_json, path="/config.json")[0].body)["service"] == service[1]


def test_other_files_read_as_what_they_are() -> None:
    parser = configparser.ConfigParser()
    parser.read_string(made(files.aws_credentials)[0].body.decode())
    assert parser["default"]["aws_access_key_id"].startswith("AKIA")
    git = configparser.ConfigParser()
    git.read_string(made(files.git_config)[0].body.decode().replace("\t", ""))
    assert re.fullmatch(r"https://deploy:ghp_\w{36}@[\w.]+/\w+/\w+\.git", git['remote "origin"']["url"])
    assert made(files.git_head)[0].body == b"ref: refs/heads/main\n"
    assert all(re.fullmatch(r"[\w.-]+:\$2y\$10\$[./\w]{53}", line) for line in _lines(files.htpasswd))
    assert made(files.wp_config)[0].body.startswith(b"<?php\n")


def _lines(writer: Writer) -> list[str]:
    return made(writer)[0].body.decode().splitlines()
