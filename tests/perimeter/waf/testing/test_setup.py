from libmodsecurity import RulesSet

from bartizan.perimeter.waf.testing.setup import suite_rules


def test_the_configuration_of_the_suites_is_valid_seclang() -> None:
    rules = RulesSet()
    assert rules.load(suite_rules(paranoia=3)) > 0, rules.get_parser_error()
    assert "tx.paranoia_level=3" in suite_rules(paranoia=3)


def test_rules_that_parse_bodies_are_left_out_where_there_are_others() -> None:
    assert "200001" in suite_rules()
    assert "200001" not in suite_rules(parse_bodies=False)
