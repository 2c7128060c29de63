"""Directives that set something, and those that have no effect."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.perimeter.waf.seclang.reading_support import problems, read

from bartizan.perimeter.waf.seclang.directives import IGNORED, REFUSED, SETTINGS
from bartizan.perimeter.waf.seclang.model import Settings


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("SecRuleEngine On", "mode", "on"),
        ("SecRuleEngine DetectionOnly", "mode", "detection_only"),
        ('SecRuleEngine "off"', "mode", "off"),
        ("SecRequestBodyAccess On", "request_body_access", True),
        ("SecRequestBodyLimit 13107200", "request_body_limit", 13107200),
        ("SecRequestBodyNoFilesLimit 131072", "request_body_no_files_limit", 131072),
        ("SecRequestBodyLimitAction ProcessPartial", "request_body_limit_action", "process_partial"),
        ("SecRequestBodyLimitAction Reject", "request_body_limit_action", "reject"),
        ("SecRequestBodyJsonDepthLimit 64", "json_depth_limit", 64),
        ("SecArgumentsLimit 255", "arguments_limit", 255),
        ("SecUploadFileLimit 10", "upload_file_limit", 10),
        ("SecResponseBodyAccess On", "response_body_access", True),
        ("SecResponseBodyLimit 1000", "response_body_limit", 1000),
        ("SecResponseBodyLimitAction Reject", "response_body_limit_action", "reject"),
        ("SecCollectionTimeout 600", "collection_timeout", 600.0),
        ("SecArgumentSeparator ;", "argument_separator", ord(";")),
        ("SecCookieFormat 1", "cookie_format", 1),
        ("SecWebAppId shop", "web_app_id", "shop"),
        ('SecComponentSignature "A/1"\nSecComponentSignature B/2', "component_signatures", ("A/1", "B/2")),
        ("SecResponseBodyMimeTypesClear\nSecResponseBodyMimeType text/XML", "response_body_types", {b"text/xml"}),
        (
            "SecResponseBodyMimeType text/xml application/json",
            "response_body_types",
            {b"text/plain", b"text/html", b"text/xml", b"application/json"},
        ),
    ],
)
def test_a_directive_sets_what_it_says(text: str, name: str, value: object) -> None:
    assert getattr(read(text).settings, name) == value


def test_the_last_of_a_directive_counts_and_without_any_the_defaults_hold() -> None:
    assert read("SecRuleEngine On\nSecRuleEngine Off").settings.mode == "off"
    assert read("# nothing").settings == Settings()


def test_files_are_looked_for_beside_the_rules(tmp_path: Path) -> None:
    (tmp_path / "unicode.mapping").touch()
    (tmp_path / "geo.mmdb").touch()
    settings = read("SecUnicodeMapFile unicode.mapping 20127\nSecGeoLookupDb geo.mmdb", tmp_path).settings
    assert settings.unicode_map == (tmp_path / "unicode.mapping", 20127)
    assert settings.geo_database == tmp_path / "geo.mmdb"


@pytest.mark.parametrize("name", IGNORED)
def test_a_directive_without_meaning_has_a_notice_with_its_place_and_the_reason(name: str) -> None:
    book = read(f"\n{name} x y")
    assert book.notices == (f"t.conf:2: {name} has no effect: {IGNORED[name]}",)
    assert book.settings == Settings()


@pytest.mark.parametrize("name", REFUSED)
def test_a_directive_that_would_be_missed_is_refused_with_the_reason(name: str) -> None:
    assert problems(f"{name} x y") == [f"t.conf:1:1: {name}: {REFUSED[name]}"]


NAMED = (
    "SecRuleEngine SecRequestBodyAccess SecRequestBodyLimit SecRequestBodyNoFilesLimit SecRequestBodyLimitAction "
    "SecRequestBodyJsonDepthLimit SecArgumentsLimit SecResponseBodyAccess SecResponseBodyMimeType SecResponseBodyLimit "
    "SecResponseBodyLimitAction SecCollectionTimeout SecArgumentSeparator SecCookieFormat SecUnicodeMapFile "
    "SecComponentSignature SecAuditEngine SecAuditLog SecAuditLog2 SecAuditLogParts SecAuditLogType "
    "SecAuditLogStorageDir SecAuditLogDirMode SecAuditLogFileMode SecAuditLogFormat SecAuditLogRelevantStatus "
    "SecAuditLogPrefix SecTmpDir SecDataDir SecPcreMatchLimit SecPcreMatchLimitRecursion"
)


@pytest.mark.parametrize("name", NAMED.split())
def test_directives_of_modsecurity_are_known(name: str) -> None:
    assert name.lower() in SETTINGS.keys() | IGNORED.keys()


def test_a_directive_is_in_one_table_only() -> None:
    assert not SETTINGS.keys() & IGNORED.keys()
    assert not SETTINGS.keys() & REFUSED.keys()
    assert not IGNORED.keys() & REFUSED.keys()
