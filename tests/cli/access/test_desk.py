"""What commands have in common."""

from __future__ import annotations

from tests.support.access_site import AccessSite

from bartizan.cli.access.desk import moment, shown
from bartizan.cli.main import cli


def test_times_and_texts_are_told_for_people() -> None:
    assert moment(0.0) == "1970-01-01 00:00:00Z"
    assert moment(None) == "never"
    assert shown("a\x1b[31mb") == "a\N{REPLACEMENT CHARACTER}[31mb"


def test_records_that_cannot_be_opened_are_told(site: AccessSite) -> None:
    (site.directory / "data").mkdir()
    (site.directory / "data" / "records").write_text("in the way")
    assert "correct storage.directory" in site.refused("list")


def test_every_command_says_what_it_does(site: AccessSite) -> None:
    group = cli.get_command(None, "access")  # type: ignore[arg-type]
    assert group is not None
    for name in group.list_commands(None):  # type: ignore[attr-defined]
        assert site.run(name, "--help").output.startswith("Usage: ")
