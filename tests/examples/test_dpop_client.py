"""The example of an API client, against the whole product."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from examples.dpop_client import Client, Refused
from tests.support.people import Someone, World
from tests.support.site import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="module")
def http(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(verify=site.authority.client_context(), base_url=site.origin, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def alice(site: Site, http: httpx.Client) -> Someone:
    """Somebody with a browser as their first device."""
    return World(site.control, site.clock, http).enrol("alice", "finance")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("client") / "key.json"


@pytest.fixture(scope="module")
def client(site: Site, alice: Someone, key: Path) -> Iterator[Client]:
    """A client that was confirmed from alice's browser, and is logged in."""
    with httpx.Client(verify=site.authority.client_context(), timeout=30) as http:
        client = Client(site.origin, key, http, site.clock)

        def confirm(number: str) -> None:
            alice.world.settle()
            assert alice.confirm(number).status == 200

        client.log_in("alice", alice.password, alice.code, confirm, wait=0.01)
        yield client


def test_it_logs_in_and_reaches_an_upstream(site: Site, client: Client) -> None:
    answer = client.request("GET", "/orders?page=2")
    assert answer.status_code == 200
    assert answer.json()["path"] == "/orders"
    seen = site.api.seen[-1]
    assert "bartizan-assertion" in seen
    assert not {"dpop", "authorization"} & seen.keys()
    assert client.request("GET", "/finance").status_code == 200


def test_once_trusted_it_needs_no_confirmation(site: Site, alice: Someone, client: Client, key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    with httpx.Client(verify=site.authority.client_context(), timeout=30) as http:
        again = Client(site.origin, key, http, site.clock)
        again.log_in("alice", alice.password, alice.code, confirm=lambda _: pytest.fail("was asked to be confirmed"))
        assert again.request("GET", "/orders").status_code == 200


def test_it_steps_up_where_a_route_asks_for_it(site: Site, alice: Someone, client: Client) -> None:
    before = client.token
    site.clock.forward(5)  # whoever has just proven who they are is not asked again
    client.step_up(alice.code, max_age=1)
    assert client.token != before
    assert client.request("GET", "/orders").status_code == 200


def test_its_token_is_worth_nothing_without_its_key(site: Site, client: Client, tmp_path: Path) -> None:
    thief = Client(site.origin, tmp_path / "other.json", client.http, site.clock)
    thief.token = client.token
    answer = thief.request("GET", "/orders")
    assert answer.status_code == 401
    assert "invalid_dpop_proof" in answer.headers["www-authenticate"]
    assert (
        client.http.get(site.origin + "/orders", headers={"Authorization": f"DPoP {client.token}"}).status_code == 401
    )
    assert (
        client.http.get(site.origin + "/orders", headers={"Authorization": f"Bearer {client.token}"}).status_code == 401
    )
    cookie = {"Cookie": f"__Host-bartizan-session={client.token}"}
    assert client.http.get(site.origin + "/orders", headers=cookie).status_code == 401


def test_a_proof_cannot_be_sent_again_or_elsewhere(site: Site, client: Client) -> None:
    proof = client.proof("GET", site.origin + "/orders")
    headers = {"Authorization": f"DPoP {client.token}", "DPoP": proof}
    assert client.http.get(site.origin + "/finance", headers=headers).status_code == 401
    assert client.http.get(site.origin + "/orders", headers=headers).status_code == 200
    assert client.http.get(site.origin + "/orders", headers=headers).status_code == 401


def test_a_refusal_says_what_it_is(site: Site, client: Client, key: Path) -> None:
    with httpx.Client(verify=site.authority.client_context(), timeout=30) as http:
        again = Client(site.origin, key, http, site.clock)
        with pytest.raises(Refused) as caught:
            again.log_in("alice", "not the password", lambda: "000000")
    assert caught.value.code == "login_refused"
