from __future__ import annotations

import ast
from pathlib import Path

import pytest
from scripts.check_layout import RUN_THROUGH, of_one_machine, runs, too_long, unknown, untested

HERE = Path("src/bartizan/edge/router.py")


@pytest.mark.parametrize("line", ["see /home/me/notes", "cd /work/main", "https://pypi.org/simple"])
def test_a_line_of_one_machine_is_told(line: str) -> None:
    assert [found.split(":")[1] for found in of_one_machine(HERE, f"fine\n{line}\n")] == ["2"]


def test_paths_that_every_machine_has_are_fine() -> None:
    assert list(of_one_machine(HERE, "/etc/bartizan /usr/sbin homepage network/home")) == []


def test_modules_and_functions_have_a_size() -> None:
    body = "".join(f"    x{number} = 0\n" for number in range(60))
    tree = ast.parse(f"def short():\n    pass\n\n\nasync def long():\n{body}")
    assert [found.split(": ")[0] for found in too_long(HERE, tree, 400)] == [f"{HERE}:5"]
    assert len(list(too_long(HERE, tree, 401))) == 2


def test_data_and_interfaces_need_no_test() -> None:
    assert not runs(ast.parse('class A(Protocol):\n    async def a(self) -> int:\n        """Say."""\n        ...'))
    assert not runs(ast.parse("@dataclass\nclass A:\n    b: int = 1"))
    assert runs(ast.parse("class A:\n    def b(self):\n        return 1"))


def test_a_module_without_a_test_of_its_name_is_told() -> None:
    modules, tests = {"edge/router", "edge/ids", "errors"}, {"tests/edge/test_router.py"}
    assert list(untested(modules, tests, {"edge/ids"})) == [
        "src/bartizan/errors.py: has no test; it belongs in tests/test_errors.py"
    ]


def test_the_table_names_only_what_is_there() -> None:
    told = list(unknown({"edge/router"}, set(RUN_THROUGH), {"edge/router", "edge/gone"}))
    assert len(told) == 1
    assert "edge/gone" in told[0]
    assert len(list(unknown(set(), set(), set()))) == len(RUN_THROUGH)
