"""``rotate-keys``."""

from __future__ import annotations

import json
import time

from tests.support.access_site import AccessSite

from bartizan.keys.ring import KeyRing


def test_another_key_signs_and_the_one_before_is_still_shown(site: AccessSite) -> None:
    ring = KeyRing.open(site.directory / "data" / "keys", "EdDSA", time.time)
    before = {key["kid"] for key in ring.jwks()["keys"]}
    told = site.run("rotate-keys").output
    after = {key["kid"] for key in KeyRing.open(site.directory / "data" / "keys", "EdDSA", time.time).jwks()["keys"]}
    assert before < after
    [new] = after - before
    assert told == f"{new} signs from now on\n"
    event = json.loads(site.run("audit", "-n", "1", "--json").output)
    assert (event["action"], event["target"]) == ("keys.rotated", new)
