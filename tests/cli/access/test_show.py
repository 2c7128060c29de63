"""``show``: everything but secrets."""

from __future__ import annotations

import json

from tests.support.access_site import AccessSite
from tests.support.records import make_approval


def test_a_person_is_shown_with_what_is_theirs_and_no_secret(site: AccessSite) -> None:
    person, device = site.enrolled("ann")
    with site.records() as tx:
        tx.approvals.add(make_approval(person, expires=4e9, secret="s3cret-number"))
        (session,) = tx.sessions.live()
    text = site.run("show", "ann").output
    assert device.id in text
    assert "Lap\N{REPLACEMENT CHARACTER}top (Firefox 145)" in text
    assert session.id in text
    assert "1 recovery codes" in text
    assert "approval (login)" in text
    told = json.loads(site.run("show", person.id, "--json").output)
    assert {credential["kind"] for credential in told["credentials"]} == {"password", "recovery"}
    assert (told["devices"][0]["id"], told["sessions"][0]["id"]) == (device.id, session.id)
    assert len(told["invitations"]) == len(told["approvals"]) == 1
    assert "s3cret" not in text + json.dumps(told)


def test_somebody_who_has_not_enrolled_is_told_so(site: AccessSite) -> None:
    site.run("invite", "ann")
    assert "has not enrolled" in site.run("show", "ann").output
    assert "nobody called 'eve'" in site.refused("show", "eve")
