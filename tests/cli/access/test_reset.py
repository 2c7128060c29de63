"""``reset``: nobody gets a link alone."""

from __future__ import annotations

import time

from tests.support.access_site import AccessSite


def test_a_reset_is_asked_for_agreed_to_and_finished_once(site: AccessSite) -> None:
    person, _ = site.enrolled("ann")
    site.enrolled("bob")
    asked = site.run("reset", "ann", "--because", "lost the phone").output
    command = asked.splitlines()[-1].split()
    assert command[:4] == ["bartizan", "access", "reset", "ann"]
    approval = command[-1]
    assert "was not approved" in site.refused("reset", "ann", "--finish", approval)
    with site.records() as tx:
        assert tx.approvals.decide(approval, "approved", "p-admin", time.time())
    assert "somebody else" in site.refused("reset", "bob", "--finish", approval)
    link = site.run("reset", "ann", "--finish", approval).stdout
    assert link.startswith("https://api.example.org/.bartizan/enrol#")
    assert "used already" in site.refused("reset", "ann", "--finish", approval)
    with site.records() as tx:
        assert [each.purpose for each in tx.invitations.of(person.id)] == ["enrol", "reset"]


def test_it_is_asked_for_or_finished(site: AccessSite) -> None:
    assert "--because" in site.run("reset", "ann", status=2).output
    assert "--because" in site.run("reset", "ann", "--because", "x", "--finish", "y", status=2).output
    site.run("invite", "ann")
    assert "Say why" in site.refused("reset", "ann", "--because", " ")
