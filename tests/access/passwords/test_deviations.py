from bartizan.access.passwords.deviations import deviation_notice, deviations
from bartizan.config.model import Access, GroupRules

STRICT = "strict-rotation"


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
