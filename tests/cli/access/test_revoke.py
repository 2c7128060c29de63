"""``revoke``, ``quarantine``."""

from __future__ import annotations

import pytest
from tests.support.access_site import AccessSite


def test_sessions_devices_and_credentials_are_revoked(site: AccessSite) -> None:
    person, device = site.enrolled("ann")
    assert site.run("revoke", "ann", "--sessions").output.endswith("sessions of ann ended\n")
    with site.records() as tx:
        assert tx.sessions.live(person.id) == []
        password = tx.credentials.of(person.id, "password")[0]
    assert "credential (password) of ann" in site.run("revoke", "ann", "--credential", password.id).output
    assert (
        "Lap\N{REPLACEMENT CHARACTER}top of ann is revoked" in site.run("revoke", "ann", "--device", device.id).output
    )
    assert site.run("revoke", "ann", "--devices").output == "0 devices of ann are revoked\n"
    with site.records() as tx:
        assert tx.credentials.of(person.id, "password") == []
        assert [each.status for each in tx.devices.of(person.id)] == ["revoked"]


@pytest.mark.parametrize("options", [[], ["--sessions", "--devices"], ["--sessions", "--device", "x"]])
def test_one_option_says_what(site: AccessSite, options: list[str]) -> None:
    assert "say what" in site.run("revoke", "ann", *options, status=2).output


def test_what_somebody_else_has_is_not_revoked(site: AccessSite) -> None:
    site.enrolled("ann")
    _, device = site.enrolled("bob")
    assert "bartizan access show ann" in site.refused("revoke", "ann", "--device", device.id)
    assert "bartizan access show ann" in site.refused("revoke", "ann", "--credential", "x")
    with site.records() as tx:
        assert len(tx.sessions.live(device=device.id)) == 1


def test_a_device_is_quarantined_and_trusted_again(site: AccessSite) -> None:
    _, device = site.enrolled("ann")
    assert site.run("quarantine", device.id).output.endswith("is quarantined\n")
    with site.records() as tx:
        assert tx.sessions.live(device=device.id) == []
    assert site.run("quarantine", device.id, "--lift").output.endswith("is trusted\n")
    assert "no such device" in site.refused("quarantine", "x")
