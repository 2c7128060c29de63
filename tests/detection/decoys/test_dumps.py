from __future__ import annotations

import gzip
import re

from tests.detection.decoys.test_files import made

from bartizan.detection.decoys import dumps, files


def test_a_dump_has_tables_with_people_and_a_honeytoken() -> None:
    content, tokens = made(dumps.sql_dump)
    text = content.body.decode()
    assert len(re.findall(r"[\w.]+@[\w.-]+", text.split("INSERT INTO `users`")[1].split(";")[0])) == 40
    for table in ("api_keys", "users"):
        assert f"CREATE TABLE `{table}` (" in text
        assert text.index(f"CREATE TABLE `{table}`") < text.index(f"INSERT INTO `{table}` VALUES (")
    assert text.endswith("\n")
    assert "-- Dump completed on 2025-" in text
    assert tokens


def test_it_comes_compressed_as_the_program_does_it() -> None:
    content, _ = made(dumps.sql_dump_gz)
    assert content.media_type == "application/gzip"
    assert gzip.decompress(content.body) == made(dumps.sql_dump)[0].body
    assert content.body[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"


def test_its_database_is_that_of_the_other_files() -> None:
    service = re.search("APP_NAME=(.*)", made(files.dotenv)[0].body.decode())
    assert service is not None
    assert f"Database: {service[1]}\n" in made(dumps.sql_dump, path="/backup.sql")[0].body.decode()
