"""``audit``."""

from __future__ import annotations

import json

from tests.support.access_site import AccessSite


def test_the_trail_is_shown_the_newest_last_and_by_whom_and_what(site: AccessSite) -> None:
    site.run("invite", "ann")
    site.run("invite", "bob")
    site.run("disable", "ann")
    lines = site.run("audit").output.splitlines()
    assert [line.split()[4] for line in lines] == [
        "principal.created",
        "principal.invited",
        "principal.created",
        "principal.invited",
        "principal.disabled",
    ]
    assert lines[-1].endswith(" name=ann")
    assert site.run("audit", "-n", "1").output == lines[-1] + "\n"
    about = [json.loads(line) for line in site.run("audit", "--target", "Ann", "--json").output.splitlines()]
    assert [event["action"] for event in about] == ["principal.created", "principal.invited", "principal.disabled"]
    after = site.run("audit", "--after", str(about[0]["number"]), "-n", "1", "--json").output
    assert json.loads(after)["action"] == "principal.invited"
    assert site.run("audit", "--actor", "cli:nobody").output == ""
