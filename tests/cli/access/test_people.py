"""``invite``, ``list``, ``disable``, ``enable``, ``groups``."""

from __future__ import annotations

import hashlib
import json

import pytest
from tests.support.access_site import AccessSite


def test_an_invitation_prints_a_link_alone_on_standard_output(site: AccessSite) -> None:
    made = site.run("invite", "Ann", "--display-name", "Ann Smith", "--email", "ann@example.org", "--group", "finance")
    link = made.stdout.strip()
    assert link.startswith("https://api.example.org/.bartizan/enrol#")
    assert "for ann, once, until " in made.stderr
    with site.records() as tx:
        invitation = tx.invitations.by_digest(hashlib.sha256(link.partition("#")[2].encode()).digest())
        person = tx.people.find("ann")
    assert invitation is not None
    assert person is not None
    assert invitation.principal == person.id
    assert invitation.created_by.startswith("cli:")


def test_what_cannot_be_is_refused_with_what_to_do(site: AccessSite) -> None:
    assert "there is no group 'stuff'" in site.refused("invite", "ann", "--group", "stuff")
    assert "name@example.org" in site.refused("invite", "ann", "--email", "ann")
    site.enrolled("bob")
    assert "ask for a reset" in site.refused("invite", "bob")
    assert "nobody called 'eve'" in site.refused("disable", "eve")


def test_people_are_listed_and_filtered(site: AccessSite) -> None:
    assert site.run("list").output == "nobody\n"
    site.run("invite", "ann", "--group", "finance")
    site.run("invite", "bob", "--display-name", "Robert", "--group", "ops", "--create")
    site.run("disable", "bob")
    lines = site.run("list").output.splitlines()
    assert [line.split() for line in lines] == [["ann", "ann", "finance"], ["bob", "Robert", "ops", "(disabled)"]]
    assert site.run("list", "--group", "finance").output.startswith("ann ")
    assert site.run("list", "--matching", "robert").output.startswith("bob ")
    (bob,) = json.loads(site.run("list", "--disabled", "--json").output)
    assert (bob["name"], bob["active"], bob["groups"]) == ("bob", False, ["ops"])


def test_somebody_is_disabled_and_enabled(site: AccessSite) -> None:
    _, device = site.enrolled("ann")
    assert site.run("disable", "ANN").output.startswith("ann is disabled; ")
    with site.records() as tx:
        assert tx.sessions.live(device=device.id) == []
    assert site.run("enable", "ann").output == "ann is enabled\n"


@pytest.mark.parametrize("create", [[], ["--create"]])
def test_groups_are_shown_and_changed(site: AccessSite, create: list[str]) -> None:
    site.run("invite", "ann")
    assert site.run("groups", "ann").output == "ann: no groups\n"
    assert site.run("groups", "ann", "--add", "finance", "--add", "administrators").output == (
        "ann: administrators, finance\n"
    )
    if create:
        assert site.run("groups", "ann", "--add", "x", "--remove", "finance", *create).output.endswith("s, x\n")
    else:
        assert "no group 'x'" in site.refused("groups", "ann", "--add", "x")
