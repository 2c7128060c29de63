"""The example of a SCIM client, against the whole product: gateway, control and TLS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from examples.scim_client import Provisioner
from tests.support.people import Someone, World
from tests.support.site import Site

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="module")
def root(site: Site) -> Iterator[Someone]:
    """An administrator with a browser as their first device."""
    with httpx.Client(verify=site.authority.client_context(), base_url=site.origin, timeout=30) as http:
        yield World(site.control, site.clock, http).enrol("root", "administrators")


@pytest.fixture(scope="module")
def client(site: Site, root: Someone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provisioner]:
    """A client whose key was confirmed from the administrator's browser."""
    key = tmp_path_factory.mktemp("client") / "key.json"
    with httpx.Client(verify=site.authority.client_context(), timeout=30) as http:
        client = Provisioner(site.origin, key, http, site.clock)

        def confirm(number: str) -> None:
            root.world.settle()
            assert root.confirm(number).status == 200

        client.log_in("root", root.password, root.code, confirm, wait=0.01)
        yield client


def test_people_and_groups_are_provisioned_through_the_gateway(root: Someone, client: Provisioner) -> None:
    user = {"schemas": [USER], "userName": "ann", "externalId": "4711"}
    assert client.scim("POST", "/Users", user).status_code == 401
    client.log_in_with_passkey(root.authenticator.get)

    made = client.scim("POST", "/Users", user)
    assert made.status_code == 201
    assert client.scim("GET", '/Users?filter=externalId eq "4711"').json()["totalResults"] == 1
    path = f"/Users/{made.json()['id']}"
    changed = client.scim("PUT", path, {**user, "displayName": "Ann Smith"}, **{"If-Match": made.headers["ETag"]})
    assert changed.json()["displayName"] == "Ann Smith"
    off = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]}
    assert client.scim("PATCH", path, off).json()["active"] is False
    group = {"schemas": [GROUP], "displayName": "finance", "members": [{"value": made.json()["id"]}]}
    assert client.scim("POST", "/Groups", group).status_code == 201
    assert client.scim("DELETE", path).status_code == 204


def test_its_passkey_is_used_anew_where_that_is_asked_for(site: Site, root: Someone, client: Provisioner) -> None:
    client.log_in_with_passkey(root.authenticator.get)
    group = client.scim("GET", '/Groups?filter=displayName eq "administrators"').json()["Resources"][0]
    ann = client.scim("POST", "/Users", {"schemas": [USER], "userName": "eve"}).json()
    add = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": [{"value": ann["id"]}]}]}
    site.clock.forward(301)
    assert client.scim("PATCH", f"/Groups/{group['id']}", add).status_code == 401

    client.prove_passkey(root.authenticator.get)

    assert len(client.scim("PATCH", f"/Groups/{group['id']}", add).json()["members"]) == 2


def test_its_token_is_worth_nothing_with_another_key(
    site: Site, root: Someone, client: Provisioner, tmp_path: Path
) -> None:
    client.log_in_with_passkey(root.authenticator.get)
    thief = Provisioner(site.origin, tmp_path / "other.json", client.http, site.clock)
    thief.token = client.token
    assert thief.scim("GET", "/Users").status_code == 401
    assert client.scim("GET", "/Users").status_code == 401
