"""Commands are imported when they are used, not before."""

from __future__ import annotations

import subprocess
import sys

import click
from click.testing import CliRunner

from bartizan.cli.lazy import LazyGroup


def _group(**places: str) -> LazyGroup:
    return LazyGroup("tool", places=places)


def test_a_command_is_found_where_the_table_says() -> None:
    result = CliRunner().invoke(_group(schema="bartizan.cli.config:schema"), ["schema"])

    assert result.exit_code == 0
    assert '"guards"' in result.output


def test_commands_are_listed_in_the_order_of_the_table() -> None:
    group = _group(status="bartizan.cli.orders:status", ban="bartizan.cli.bans:ban")

    assert group.list_commands(click.Context(group)) == ["status", "ban"]


def test_an_unknown_command_is_an_error_that_names_it() -> None:
    result = CliRunner().invoke(_group(ban="bartizan.cli.bans:ban"), ["bam"])

    assert result.exit_code == 2
    assert "No such command 'bam'" in result.output


def test_a_place_that_holds_no_command_is_unknown() -> None:
    assert CliRunner().invoke(_group(name="bartizan:__version__"), ["name"]).exit_code == 2


def test_a_command_that_is_not_used_is_not_imported() -> None:
    program = """
import sys
from bartizan.cli.main import cli
cli(["waf", "--help"], standalone_mode=False)
cli(["schema"], standalone_mode=False)
assert "bartizan.cli.config" in sys.modules
assert "bartizan.cli.waf.test" in sys.modules  # its help was shown
cli(["schema", "--help"], standalone_mode=False)
assert "bartizan.cli.up" not in sys.modules
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
