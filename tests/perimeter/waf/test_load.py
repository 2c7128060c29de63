"""From rule files and settings to a rule set that inspects."""

from __future__ import annotations

import gc
import resource
from pathlib import Path

import pytest

from bartizan.errors import SecLangError
from bartizan.perimeter.waf.engine import RequestHead
from bartizan.perimeter.waf.load import RuleSet, load_rules, read_rules
from bartizan.perimeter.waf.seclang import Rule, Source
from bartizan.perimeter.waf.settings import RuleExclusion, Settings

PLAIN = Settings(mode="on", gate=False)
RULE = 'SecRule ARGS:a "@rx ^x" "id:1,phase:1,deny,status:406,msg:\'m\'"\n'


def source(text: str, directory: Path = Path()) -> Source:
    """Return a rule text."""
    return Source("t.conf", text.encode(), directory)


def judged(rules: RuleSet, uri: bytes) -> tuple[int | None, list[int]]:
    """Return the status of the intervention and the rules that matched in phase 1."""
    head = RequestHead(
        method=b"GET",
        uri=uri,
        protocol=b"HTTP/1.1",
        headers=((b"Host", b"a"),),
        client="192.0.2.1",
        client_port=1234,
        server="192.0.2.2",
        server_port=80,
        received=0.0,
        id="x",
    )
    transaction = rules.transaction(head)
    intervention = transaction.request_headers()
    return None if intervention is None else intervention.status, [match.id for match in transaction.matches]


@pytest.mark.parametrize("settings", [PLAIN, Settings(mode="on"), Settings(mode="on", hyperscan=False)])
def test_a_rule_set_inspects_with_and_without_its_databases(settings: Settings, tmp_path: Path) -> None:
    rules = load_rules([source(RULE)], settings, tmp_path)
    assert judged(rules, b"/?a=xy") == (406, [1])
    assert judged(rules, b"/?a=yx") == (None, [])


def test_without_hyperscan_there_is_a_notice() -> None:
    assert "RE2" in load_rules([source(RULE)], Settings(hyperscan=False)).notices[-1]


def test_notices_of_the_rules_are_told() -> None:
    assert load_rules([source("SecAuditEngine On\n" + RULE)], PLAIN).notices == (
        "t.conf:1: SecAuditEngine has no effect: the journal keeps every exchange",
    )


def test_files_are_loaded_in_order_and_data_files_found_beside_them(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text('SecRule ARGS "@pmFromFile words.data" "id:1,phase:1,deny"')
    (tmp_path / "words.data").write_text("evil\n")
    rules = load_rules([tmp_path / "a.conf", source(RULE.replace("id:1", "id:2"))], PLAIN)
    assert judged(rules, b"/?b=so+evil") == (403, [1])
    assert judged(rules, b"/?a=x") == (406, [2])


def test_settings_win_over_what_rules_say() -> None:
    text = "SecRuleEngine Off\nSecRequestBodyAccess Off\nSecRequestBodyLimit 5\nSecResponseBodyLimit 5\n" + RULE
    settings = Settings(mode="on", request_body=True, request_body_limit=6, response_body=True, response_body_limit=7)
    made = read_rules([source(text)], settings).settings
    assert (made.mode, made.request_body_access, made.request_body_limit) == ("on", True, 6)
    assert (made.response_body_access, made.response_body_limit) == (True, 7)
    kept = read_rules([source(text)], Settings()).settings
    assert (kept.mode, kept.request_body_limit, kept.response_body_limit) == ("off", 5, 5)


@pytest.mark.parametrize(
    ("before", "expected"),
    [("901000", [5, 901000]), ("900990", [900990, 5, 901001]), ("7", [7, 5, 901001]), ("901100", [5, 901100])],
)
def test_variables_are_set_right_before_the_core_rule_set_reads_them(before: str, expected: list[int]) -> None:
    text = f'SecAction "id:{before},phase:1"\n' + ("" if before.startswith("901") else 'SecAction "id:901001,phase:1"')
    book = read_rules([source(text)], Settings(paranoia=2))
    ids = [entry.id for entry in book.entries if isinstance(entry, Rule)]
    assert [5 if number > 10**9 else number for number in ids] == expected


def test_in_other_rule_sets_variables_are_set_first() -> None:
    text = 'SecRule TX:limit "@eq 5" "id:1,phase:1,deny"'
    assert judged(load_rules([source(text)], Settings(mode="on", gate=False, variables={"limit": "5"})), b"/")[0] == 403


def test_exclusions_of_the_configuration_are_made_after_all_rules() -> None:
    rules = load_rules([source(RULE)], Settings(mode="on", gate=False, exclusions=(RuleExclusion("1", "ARGS:a"),)))
    assert judged(rules, b"/?a=x") == (None, [])


def test_an_exclusion_with_a_path_is_for_that_path() -> None:
    settings = Settings(mode="on", gate=False, exclusions=(RuleExclusion("1", None, "/free"),))
    rules = load_rules([source(RULE)], settings)
    assert judged(rules, b"/free?a=x")[0] is None
    assert judged(rules, b"/other?a=x")[0] == 406


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('SecRule ARGS "@rx (" "id:1,phase:1"', "t.conf:1"),
        ('SecRule ARGS "@pmFromFile nofile" "id:1,phase:1"', "nofile"),
        ('SecRule ARGS "@validateByteRange x" "id:1,phase:1"', "t.conf:1"),
        ('SecRule ARGS "@rbl x.example" "id:1,phase:1"', "@rbl is not available"),
        ('SecRule ARGS "@inspectFile /bin/true" "id:1,phase:1"', "@inspectFile is not available"),
        ("SecGeoLookupDb geo.mmdb", "SecGeoLookupDB"),
        ("SecUnicodeMapFile unicode.mapping 1", "SecUnicodeMapFile"),
    ],
)
def test_what_cannot_be_compiled_is_told_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "geo.mmdb").write_text("no database")
    (tmp_path / "unicode.mapping").write_text("no map")
    with pytest.raises(SecLangError) as caught:
        load_rules([source(text, tmp_path)], PLAIN)
    assert message in str(caught.value)


def test_rules_can_be_loaded_again_and_again_in_the_same_memory(tmp_path: Path) -> None:
    rules = "".join(f'SecRule ARGS "@rx a{number}.*b{{1,9}}" "id:{number},phase:2,pass"\n' for number in range(1, 9))

    def reload(times: int) -> None:
        for _ in range(times):
            judged(load_rules([source(rules)], Settings(mode="on"), tmp_path), b"/?a=a1b")

    reload(20)  # what is allocated once is allocated
    before = _resident()
    reload(50)
    assert _resident() - before < 4 << 20


def _resident() -> int:
    """Return the memory of this process in bytes, after what nothing refers to is gone."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
