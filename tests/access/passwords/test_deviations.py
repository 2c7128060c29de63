from pathlib import Path

from bartizan.access.passwords.deviations import deviation_notice, deviations, record_deviations
from bartizan.config.model import Access, GroupRules, Records
from bartizan.storage.records.open import open_records

STRICT = "strict-rotation"
PAGE = (Path(__file__).parents[3] / "docs" / "passwords.md").read_text(encoding="utf-8")


def test_the_preset_of_the_standard_departs_from_nothing() -> None:
    assert deviations("nist-800-63b-4") == ()
    assert deviation_notice(Access()) == []
    assert (
        deviation_notice(Access(groups=[GroupRules(name="a"), GroupRules(name="b", password_policy="nist-800-63b-4")]))
        == []
    )


def test_rotation_and_composition_depart_from_three_clauses() -> None:
    assert [each.clause for each in deviations(STRICT)] == ["3.1.1.1", "3.1.1.2 (5)", "3.1.1.2 (6)"]


def test_each_place_that_chose_it_is_told_with_each_clause() -> None:
    access = Access(password_policy=STRICT, groups=[GroupRules(name="a"), GroupRules(name="b", password_policy=STRICT)])
    told = deviation_notice(access)
    assert len(told) == 6
    assert [line.partition(":")[0] for line in told[2:4]] == [
        "access.password_policy",
        "access.groups[1].password_policy",
    ]
    for line, each in zip(told, deviations(STRICT) * 2, strict=True):
        assert f"section {each.clause}," in line
        assert each.says in line
        assert each.does in line


def test_what_was_chosen_is_recorded_once_and_when_it_changes(tmp_path: Path) -> None:
    conforming, strict = Access(), Access(password_policy=STRICT)
    of_a_group = Access(groups=[GroupRules(name="b", password_policy=STRICT)])
    store = open_records(Records(), tmp_path)
    for number, access in enumerate([conforming, strict, strict, of_a_group, conforming, conforming]):
        with store.transaction() as tx:
            record_deviations(tx, access, 1000.0 + number)
    with store.transaction(read_only=True) as tx:
        events = tx.audit.list(target="password_policy")
    store.close()
    clauses = "3.1.1.1, 3.1.1.2 (5), 3.1.1.2 (6)"
    assert [(event.time, event.actor, event.action, event.details) for event in events] == [
        (1001.0, "system", "policy.deviates", {"access.password_policy": clauses}),
        (1003.0, "system", "policy.deviates", {"access.groups[0].password_policy": clauses}),
        (1004.0, "system", "policy.conforms", {}),
    ]


def test_the_page_lists_each_departure() -> None:
    for each in deviations(STRICT):
        assert f"| {each.clause} | {each.says} | {each.does} |" in PAGE
