"""SCIM as a client speaks it: through the server, with an access token and proofs, or with a browser's cookie."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import httpx
import pytest
from tests.support.clients import log_in_as_client, send
from tests.support.device import Browser
from tests.support.people import Someone, World

from bartizan.access.scim.names import ERROR, GROUP, LIST, PATCH, USER
from bartizan.control.api.scim import BASE

USERS, GROUPS = f"{BASE}/Users", f"{BASE}/Groups"


@pytest.fixture
def root(world: World) -> Someone:
    return world.enrol("root", "administrators")


@pytest.fixture
def client(root: Someone) -> Browser:
    """An API client with an administrator's access token."""
    return log_in_as_client(root)


def user(name: str, **fields: Any) -> dict[str, Any]:
    return {"schemas": [USER], "userName": name, **fields}


def group(name: str, *members: str) -> dict[str, Any]:
    return {"schemas": [GROUP], "displayName": name, "members": [{"value": member} for member in members]}


def patch(op: str, path: str, value: object = None) -> dict[str, Any]:
    operation = {"op": op, "path": path} | ({} if value is None else {"value": value})
    return {"schemas": [PATCH], "Operations": [operation]}


def done(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/scim+json"
    found: dict[str, Any] = response.json()
    return found


def administrators(client: Browser) -> str:
    """Return the URL of the group of administrators."""
    found = done(send(client, "GET", str(httpx.URL(GROUPS, params={"filter": 'displayName eq "administrators"'}))))
    return f"{GROUPS}/{found['Resources'][0]['id']}"


def error(response: httpx.Response) -> tuple[int, str | None]:
    """Return status and scimType of an error."""
    document = response.json()
    assert response.headers["content-type"] == "application/scim+json"
    assert document["schemas"] == [ERROR]
    assert document["status"] == str(response.status_code)
    assert document["detail"]
    return response.status_code, document.get("scimType")


def test_a_user_is_made_read_changed_and_removed(world: World, root: Someone, client: Browser) -> None:
    response = send(client, "POST", USERS, user("Ann", externalId="7", emails=[{"value": "ann@example.org"}]))
    made = done(response, 201)
    assert response.headers["location"] == made["meta"]["location"] == f"https://gateway.test{USERS}/{made['id']}"
    assert (made["userName"], made["active"], made["externalId"]) == ("ann", True, "7")
    url = f"{USERS}/{made['id']}"

    assert done(send(client, "GET", url)) == made
    replaced = done(send(client, "PUT", url, user("ann", displayName="Ann Smith")))
    assert (replaced["displayName"], "emails" in replaced) == ("Ann Smith", False)
    assert done(send(client, "PATCH", url, patch("replace", "active", False)))["active"] is False
    response = send(client, "DELETE", url)
    assert (response.status_code, response.content) == (204, b"")
    assert error(send(client, "GET", url)) == (404, None)

    actions = [event for event in world.in_records(lambda tx: tx.audit.list(limit=1000)) if event.target == made["id"]]
    assert [event.action for event in actions] == [
        "principal.created", "principal.changed", "principal.disabled", "principal.removed",
    ]  # fmt: skip
    assert {(event.actor, event.address) for event in actions} == {(root.id, "192.0.2.7")}


def test_users_are_found_by_filter_and_page(world: World, client: Browser) -> None:
    for name in ("ann", "bob", "eve"):
        done(send(client, "POST", USERS, user(name, externalId=f"x-{name}")), 201)

    every = done(send(client, "GET", USERS))
    assert (every["schemas"], every["totalResults"], every["startIndex"]) == ([LIST], 4, 1)
    page = done(send(client, "GET", f"{USERS}?startIndex=2&count=2"))
    assert [each["userName"] for each in page["Resources"]] == ["bob", "eve"]
    assert (page["startIndex"], page["itemsPerPage"], page["totalResults"]) == (2, 2, 4)
    for text in ('userName eq "BOB"', 'externalId eq "x-bob"'):
        found = done(send(client, "GET", str(httpx.URL(USERS, params={"filter": text}))))
        assert [each["userName"] for each in found["Resources"]] == ["bob"]
    assert done(send(client, "GET", f"{USERS}?count=0"))["Resources"] == []
    assert done(send(client, "GET", f"{USERS}?startIndex=-5&count=-1"))["totalResults"] == 4
    named = done(send(client, "GET", f"{USERS}?attributes=userName&count=1"))
    assert named["Resources"][0].keys() == {"schemas", "id", "userName"}


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("filter=userName%20sw%20%22a%22", "invalidFilter"),
        ("filter=", "invalidFilter"),
        ("filter=userName%20eq%20%22%5Cu0000%22", "invalidFilter"),
        ("filter=userName%20eq%20%22%5Cud800%22", "invalidFilter"),
        ("count=many", "invalidValue"),
        ("startIndex=99999999999999999999", "invalidValue"),
    ],
)
def test_queries_that_cannot_be_answered_are_told(client: Browser, query: str, kind: str) -> None:
    assert error(send(client, "GET", f"{USERS}?{query}")) == (400, kind)
    assert error(send(client, "GET", f"{GROUPS}?{query}")) == (400, kind)


def test_a_group_is_made_changed_and_removed_and_sessions_follow(world: World, client: Browser) -> None:
    alice = world.enrol("alice")
    bob = world.person("bob")
    made = done(send(client, "POST", GROUPS, group("finance", alice.id)), 201)
    url = f"{GROUPS}/{made['id']}"
    assert [each["value"] for each in made["members"]] == [alice.id]
    assert world.session(alice.browser) is None
    alice.log_in()

    added = done(send(client, "PATCH", url, patch("add", "members", [{"value": bob.id}])))
    assert {each["value"] for each in added["members"]} == {alice.id, bob.id}
    assert world.session(alice.browser) is not None
    assert done(send(client, "GET", f"{USERS}/{bob.id}"))["groups"][0]["value"] == made["id"]
    removed = done(send(client, "PATCH", url, patch("remove", f'members[value eq "{alice.id}"]')))
    assert [each["value"] for each in removed["members"]] == [bob.id]
    assert world.session(alice.browser) is None
    assert done(send(client, "PATCH", url, patch("replace", "displayName", "money")))["displayName"] == "money"
    found = done(send(client, "GET", str(httpx.URL(GROUPS, params={"filter": 'displayName eq "money"'}))))
    assert [each["id"] for each in found["Resources"]] == [made["id"]]
    without = done(send(client, "GET", f"{url}?excludedAttributes=members"))
    assert "members" not in without
    assert done(send(client, "PUT", url, group("money")))["members"] == []
    assert send(client, "DELETE", url).status_code == 204
    assert error(send(client, "GET", url)) == (404, None)


def test_whoever_is_deactivated_is_out_at_once(world: World, client: Browser) -> None:
    alice = world.enrol("alice")

    done(send(client, "PATCH", f"{USERS}/{alice.id}", patch("replace", "active", False)))

    assert alice.browser.post("account").code == "login_required"


def test_what_is_wrong_with_a_resource_is_told(client: Browser) -> None:
    done(send(client, "POST", USERS, user("ann")), 201)

    assert error(send(client, "POST", USERS, user("ANN"))) == (409, "uniqueness")
    assert error(send(client, "POST", USERS, user("bob", password="secret"))) == (400, "mutability")
    assert error(send(client, "POST", USERS, {"userName": "bob"})) == (400, "invalidValue")
    assert error(send(client, "POST", USERS, b"{")) == (400, "invalidSyntax")
    assert send(client, "POST", USERS, b'{"a": "' + b"x" * 70_000).status_code == 413
    client.nonce = None
    assert error(send(client, "POST", GROUPS, group("staff", "x" * 22))) == (400, "invalidValue")
    assert error(send(client, "PUT", f"{USERS}/{'x' * 22}", user("x"))) == (404, None)
    assert error(send(client, "PATCH", f"{GROUPS}/{'x' * 22}", patch("add", "members", []))) == (404, None)
    assert error(send(client, "DELETE", f"{USERS}/a~b")) == (404, None)


def test_paths_and_methods_that_do_not_exist_are_refused_as_scim_does(client: Browser) -> None:
    assert error(send(client, "GET", f"{BASE}/Bulk")) == (404, None)
    response = send(client, "DELETE", USERS)
    assert error(response) == (405, None)
    assert response.headers["allow"] == "GET, POST"


def test_a_version_that_is_known_is_not_sent_and_one_that_is_old_changes_nothing(client: Browser) -> None:
    response = send(client, "POST", USERS, user("ann"))
    url, tag = f"{USERS}/{response.json()['id']}", response.headers["etag"]
    assert response.json()["meta"]["version"] == tag

    assert send(client, "GET", url, if_none_match=tag).status_code == 304
    done(send(client, "PATCH", url, patch("replace", "displayName", "Ann"), if_match=tag))
    assert error(send(client, "PUT", url, user("ann", displayName="Other"), if_match=tag)) == (412, None)
    assert error(send(client, "DELETE", url, if_match=tag)) == (412, None)
    response = send(client, "GET", url, if_none_match=tag)
    assert done(response)["displayName"] == "Ann"
    assert response.headers["etag"] != tag
    assert send(client, "DELETE", url, if_match="*").status_code == 204


def test_discovery_says_what_there_is(world: World, client: Browser) -> None:
    public = done(world.client.get(f"{BASE}/ServiceProviderConfig"))
    assert public["authenticationSchemes"][0]["name"] == "DPoP"
    types = done(send(client, "GET", f"{BASE}/ResourceTypes"))
    assert [each["endpoint"] for each in types["Resources"]] == ["/Users", "/Groups"]
    schemas = done(send(client, "GET", f"{BASE}/Schemas"))
    for schema in schemas["Resources"]:
        assert done(send(client, "GET", f"{BASE}/Schemas/{schema['id']}")) == schema
    assert done(send(client, "GET", f"{BASE}/ResourceTypes/User"))["schema"] == USER
    assert error(send(client, "GET", f"{BASE}/ResourceTypes/Device")) == (404, None)
    assert error(send(client, "GET", f"{BASE}/Schemas?filter=x")) == (403, None)


def test_only_administrators_with_a_proof_are_answered(world: World, root: Someone, client: Browser) -> None:
    assert error(world.client.get(USERS)) == (401, None)
    stranger = world.browser()
    response = send(stranger, "GET", USERS)
    assert error(response) == (401, None)
    assert response.headers["www-authenticate"].startswith("DPoP ")
    thief = world.browser(token=client.token)
    assert error(send(thief, "GET", USERS)) == (401, None)
    assert world.session(client) is None
    alice = world.enrol("alice", "staff")
    assert error(send(log_in_as_client(alice), "GET", USERS)) == (403, None)


def test_a_proof_is_for_one_request_of_one_method(world: World, client: Browser) -> None:
    response = send(client, "GET", USERS)
    proof = response.request.headers["dpop"]
    headers = {**response.request.headers}

    replayed = world.client.get(USERS, headers=headers)
    assert error(replayed) == (401, None)
    assert 'error="use_dpop_nonce"' in replayed.headers["www-authenticate"]
    other = send(client, "POST", USERS, user("ann"), dpop=proof)
    assert error(other) == (401, None)


def test_browsers_change_things_with_a_passkey_just_now(world: World, root: Someone) -> None:
    browser = root.browser
    root.prove_anew()
    done(send(browser, "POST", USERS, user("ann")), 201)
    world.clock.forward(301)

    response = send(browser, "POST", USERS, user("bob"))

    assert error(response) == (401, None)
    assert 'max_age="300"' in response.headers["www-authenticate"]
    assert done(send(browser, "GET", USERS))["totalResults"] == 2


def test_clients_change_things_as_long_as_the_session_with_a_passkey_lives(world: World, root: Someone) -> None:
    client = log_in_as_client(root)
    for _ in range(4):
        world.clock.forward(600)
        done(send(client, "GET", f"{USERS}?count=0"))
    done(send(client, "POST", USERS, user("ann")), 201)
    world.clock.forward(7200)
    assert error(send(client, "POST", USERS, user("bob"))) == (401, None)


def test_clients_without_a_passkey_read_only(root: Someone) -> None:
    client = log_in_as_client(root, passkey=False)

    assert done(send(client, "GET", USERS))["totalResults"] == 1
    response = send(client, "POST", USERS, user("ann"))
    assert error(response) == (401, None)
    assert 'error="insufficient_user_authentication"' in response.headers["www-authenticate"]


def test_who_is_an_administrator_takes_a_passkey_just_now(world: World, root: Someone, client: Browser) -> None:
    ann = done(send(client, "POST", USERS, user("ann")), 201)
    url = administrators(client)
    world.clock.forward(301)

    response = send(client, "PATCH", url, patch("add", "members", [{"value": ann["id"]}]))
    assert error(response) == (401, None)
    assert 'max_age="300"' in response.headers["www-authenticate"]
    staff = done(send(client, "POST", GROUPS, group("staff", ann["id"])), 201)
    renamed = send(client, "PATCH", f"{GROUPS}/{staff['id']}", patch("replace", "displayName", " administrators "))
    assert error(renamed) == (401, None)
    assert error(send(client, "POST", GROUPS, group("administrators", ann["id"]))) == (401, None)


def test_nobody_shuts_themselves_out(world: World, root: Someone, client: Browser) -> None:
    ann = done(send(client, "POST", USERS, user("ann")), 201)
    url = administrators(client)

    assert error(send(client, "DELETE", f"{USERS}/{root.id}")) == (403, None)
    assert error(send(client, "PATCH", f"{USERS}/{root.id}", patch("replace", "active", False))) == (403, None)
    assert error(send(client, "PUT", f"{USERS}/{root.id}", user("root", active=False))) == (403, None)
    assert error(send(client, "PUT", url, group("administrators", ann["id"]))) == (403, None)
    assert error(send(client, "PATCH", url, patch("replace", "displayName", "x"))) == (403, None)
    assert error(send(client, "DELETE", url)) == (403, None)
    both = done(send(client, "PUT", url, group("administrators", ann["id"], root.id)))
    assert len(both["members"]) == 2


async def test_nothing_is_lost_between_clients_that_add_at_the_same_time(world: World, client: Browser) -> None:
    people = [world.person(f"person-{number}") for number in range(6)]
    made = done(send(client, "POST", GROUPS, group("staff")), 201)
    url = f"{GROUPS}/{made['id']}"

    def add(principal: str, nonce: str) -> None:
        own = dataclasses.replace(client, nonce=nonce)
        done(send(own, "PATCH", url, patch("add", "members", [{"value": principal}])))

    nonces = world.control.services.nonces
    await asyncio.gather(*(asyncio.to_thread(add, person.id, nonces.issue()) for person in people))

    found = done(send(client, "GET", url))
    assert {each["value"] for each in found["members"]} == {person.id for person in people}
