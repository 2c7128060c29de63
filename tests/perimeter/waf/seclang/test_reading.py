"""Rules, chains and the directives that change rules."""

from __future__ import annotations

import pytest
from tests.perimeter.waf.seclang.reading_support import problems, read, rule, rules

from bartizan.perimeter.waf.seclang import Marker, Rule
from bartizan.perimeter.waf.seclang.reading import split_operator
from bartizan.perimeter.waf.seclang.template import Macro

TWO = (
    "SecRule ARGS|ARGS_NAMES \"@rx x\" \"id:1,phase:2,tag:'t',msg:'m'\"\n"
    "SecRule ARGS \"@rx x\" \"id:2,phase:2,tag:'u',msg:'n'\"\n"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@rx a b", ("rx", "a b", False)),
        ("@RX a", ("rx", "a", False)),
        ("!@rx a", ("rx", "a", True)),
        ("! @streq a", ("streq", "a", True)),
        ("  @eq 1", ("eq", "1", False)),
        ("^a", ("rx", "^a", False)),
        (" a", ("rx", " a", False)),
        ("!a", ("rx", "a", True)),
        ("@rx  a ", ("rx", " a ", False)),
        ("@streq  a", ("streq", " a", False)),
        ("@within GET POST ", ("within", "GET POST ", False)),
        ("@eq  1 ", ("eq", "1", False)),
        ("@pmFromFile  x.data ", ("pmfromfile", "x.data", False)),
        ("@detectSQLi", ("detectsqli", "", False)),
    ],
)
def test_an_operator_is_a_name_and_an_argument(text: str, expected: tuple[str, str, bool]) -> None:
    name, argument, negated = split_operator(text.encode())
    assert (name, argument.decode(), negated) == expected


@pytest.mark.parametrize(
    ("operator", "argument"),
    [
        ("@within %{tx.allowed_methods}", (Macro("TX", b"allowed_methods"),)),
        ("@endsWith .%{request_headers.host}", (b".", Macro("REQUEST_HEADERS", b"host"))),
        ("@streq %{ARGS.a}", (Macro("ARGS", b"a"),)),
        ("@gt %{tx.limit}", (Macro("TX", b"limit"),)),
        ("@rx ^%{tx.a}$", (b"^", Macro("TX", b"a"), b"$")),
        ("@rx %{foo}|%{2}|%{", (b"%{foo}|%{2}|%{",)),
        ("@contains %{", (b"%{",)),
        (r"@streq a\"b", (b'a"b',)),
        (r"@rx a\"b", (rb"a\"b",)),
        (r"@rx a\\", (rb"a\\",)),
    ],
)
def test_arguments_may_hold_macros_and_quotes(operator: str, argument: tuple[bytes | Macro, ...]) -> None:
    operation = rule(f'SecRule ARGS "{operator}" "id:1"').links[0].operation
    assert operation is not None
    assert operation.argument.parts == argument


@pytest.mark.parametrize(
    "text",
    [
        'SecRule ARGS "@rx a" "id:1,pass"',
        'secrule ARGS "@rx a" "id:1,pass"',
        "SecRule ARGS \"@rx a\" 'id:1,pass'",
        'SecRule ARGS "@rx a" id:1,pass',
        'SecRule "ARGS" "a" "id:1,pass"',
        "SecRule ARGS a id:1",
        'SecRule ARGS \\\n    "@rx a" \\\n    "id:1,\\\n    pass"',
        'SecRule ARGS \\\r\n    "@rx a" \\\r\n    "id:1,\\\r\n    pass"\r\n',
    ],
)
def test_a_rule_may_be_written_in_many_ways(text: str) -> None:
    made = rule(text)
    assert (made.id, str(made.links[0].targets[0]), str(made.links[0].operation)) == (1, "ARGS", "@rx a")


def test_markers_stand_between_rules_in_the_order_of_the_text() -> None:
    book = read('SecAction "id:1,skipAfter:END"\nSecMarker END\nSecAction "id:2"\nSecMarker "A B"\nSecMarker \'C\'')
    order = [entry.name if isinstance(entry, Marker) else entry.id for entry in book.entries]
    assert order == [1, "END", 2, "A B", "C"]


def test_a_chain_may_begin_with_an_action_and_hold_settings_between_its_links() -> None:
    book = read('SecAction "id:1,chain"\nSecRuleEngine On\nSecRule ARGS "@rx b"')
    (made,) = book.entries
    assert isinstance(made, Rule)
    assert len(made.links) == 2
    assert book.settings.mode == "on"


@pytest.mark.parametrize(
    ("directive", "left"),
    [
        ("SecRuleRemoveById 1", [2]),
        ("SecRuleRemoveById 1 2", []),
        ("SecRuleRemoveById 1,2", []),
        ('SecRuleRemoveById "1-5"', []),
        ('SecRuleRemoveById 7 "2-3"', [1]),
        ("SecRuleRemoveById 3-9", [1, 2]),
        ("SecRuleRemoveByTag t", [2]),
        ("SecRuleRemoveByTag t u", []),
        ('SecRuleRemoveByTag "^[tu]$"', []),
        ("SecRuleRemoveByMsg n", [1]),
        ('SecRuleRemoveByMsg "x"', [1, 2]),
    ],
)
def test_rules_are_removed_by_id_tag_or_message(directive: str, left: list[int]) -> None:
    assert [made.id for made in rules(TWO + directive)] == left


@pytest.mark.parametrize(
    ("directive", "targets"),
    [
        ('SecRuleUpdateTargetById 1 "!ARGS:a"', ["ARGS|ARGS_NAMES|!ARGS:a", "ARGS"]),
        (
            'SecRuleUpdateTargetById 1-2 "!ARGS:a,!ARGS:/b|c/"',
            ["ARGS|ARGS_NAMES|!ARGS:a|!ARGS:/b|c/", "ARGS|!ARGS:a|!ARGS:/b|c/"],
        ),
        ('SecRuleUpdateTargetById "1,2" "FILES"', ["ARGS|ARGS_NAMES|FILES", "ARGS|FILES"]),
        ('SecRuleUpdateTargetById "1 2" !ARGS:a', ["ARGS|ARGS_NAMES|!ARGS:a", "ARGS|!ARGS:a"]),
        ('SecRuleUpdateTargetByTag u "!ARGS:a"', ["ARGS|ARGS_NAMES", "ARGS|!ARGS:a"]),
        ('SecRuleUpdateTargetByMsg "m" "!ARGS:a"', ["ARGS|ARGS_NAMES|!ARGS:a", "ARGS"]),
        ('SecRuleUpdateTargetById 1 "ARGS:a" "ARGS"', ["ARGS_NAMES|ARGS:a", "ARGS"]),
        ('SecRuleUpdateTargetById 1-2 "ARGS:a|ARGS:b" "ARGS_NAMES"', ["ARGS|ARGS:a|ARGS:b", "ARGS"]),
        ('SecRuleUpdateTargetByTag t "FILES" "ARGS|ARGS_NAMES"', ["FILES", "ARGS"]),
    ],
)
def test_targets_are_added_left_out_or_replaced(directive: str, targets: list[str]) -> None:
    def shown(made: Rule) -> str:
        link = made.links[0]
        return "|".join([*map(str, link.targets), *(f"!{target}" for target in link.excluded)])

    assert [shown(made) for made in rules(TWO + directive)] == targets


def test_targets_of_a_chain_are_those_of_its_first_link() -> None:
    made = rule('SecRule ARGS "@rx x" "id:1,chain"\nSecRule ARGS "@rx y"\nSecRuleUpdateTargetById 1 "!ARGS:a"')
    assert [len(link.excluded) for link in made.links] == [1, 0]


@pytest.mark.parametrize(
    "directive",
    [
        "SecRuleRemoveById 9",
        "SecRuleRemoveByTag x",
        'SecRuleUpdateTargetById 9 "!ARGS:a"',
        'SecRuleUpdateActionById 9 "pass"',
    ],
)
def test_a_change_of_rules_that_are_not_there_has_a_notice(directive: str) -> None:
    (notice,) = read(TWO + directive).notices
    assert notice == f"t.conf:3: {directive.split(maxsplit=1)[0]} has no effect: no rule before it is meant"


def test_a_mistake_in_a_chain_is_told_once_and_the_rules_after_it_are_read_as_their_own() -> None:
    text = (
        'SecRule FOO "@rx a" "id:1,deny,chain"\n'
        'SecRule ARGS "@rx b" "chain"\n'
        'SecRule BAR "@rx c" "chain"\n'
        'SecRule ARGS "@rx c"\n'
        'SecRule ARGS "@rx d" "id:2,chain"\n'
        'SecRule BAZ "@rx e"\n'
        'SecRule ARGS "@rx f" "id:3,deny"'
    )
    assert [problem.partition(" is no")[0] for problem in problems(text)] == [
        "t.conf:1:1: SecRule: FOO",
        "t.conf:3:1: SecRule: BAR",
        "t.conf:6:1: SecRule: BAZ",
    ]
