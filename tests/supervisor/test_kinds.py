from bartizan.config.model import Config
from bartizan.supervisor.kinds import KINDS


def test_none_is_wanted_by_default() -> None:
    config = Config.model_validate({"listeners": [{"name": "main", "address": "127.0.0.1:0"}]})
    assert [kind.name for kind in KINDS if kind.wanted(config)] == []


def test_reports_of_each_kind_can_be_summed() -> None:
    for kind in KINDS:
        assert kind.add(kind.report(), kind.report()) == kind.report()
