"""People see and change what is theirs, and nothing else."""

from collections.abc import Iterator

import pytest
from tests.support.certificates import Authority
from tests.support.people import PASSWORD, World, secret_of
from tests.support.push_service import PushService

from bartizan.access.factors.totp import code_at, step_at

ROOMY = {"login": {"per_device": 100_000}}


def test_account_shows_what_is_theirs(world: World) -> None:
    world.enrol("bob")
    alice = world.enrol("alice")
    world.clock.forward(1)
    second = world.add_device(alice)

    shown = alice.browser.post("account").data

    assert (shown["name"], shown["display_name"], shown["recovery_left"]) == ("alice", "Alice", 10)
    assert [(each["label"], each["current"]) for each in shown["devices"]] == [
        ("Laptop", True),
        ("Chrome 140.0.0.0 on Linux", False),
    ]
    assert [each["current"] for each in shown["sessions"]] == [True, False]
    assert sorted(each["kind"] for each in shown["credentials"]) == ["password", "totp", "webauthn"]
    assert shown["push"]["on"] is False
    assert "secret" not in str(shown)
    assert second.post("account")["sessions"][1]["current"] is True


def test_device_is_revoked_with_its_sessions(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    device = world.device(second)
    assert device is not None

    assert alice.browser.post("account/revoke-device", {"id": device.id}).status == 200

    assert second.post("account").code == "login_required"
    statuses = {each["id"]: each["status"] for each in alice.browser.post("account")["devices"]}
    assert statuses[device.id] == "revoked"


def test_session_is_ended(world: World) -> None:
    alice = world.enrol()
    second = world.add_device(alice)
    found = world.session(second)
    assert found is not None

    assert alice.browser.post("account/revoke-session", {"id": found.session.id}).status == 200

    assert second.post("account").code == "login_required"


def test_device_gets_another_name(world: World) -> None:
    alice = world.enrol()
    device = world.device(alice.browser)
    assert device is not None

    assert alice.browser.post("account/rename-device", {"id": device.id, "label": "Red one"}).status == 200

    assert alice.browser.post("account")["devices"][0]["label"] == "Red one"


def test_what_is_of_others_is_not_there(world: World) -> None:
    alice, bob = world.enrol("alice"), world.enrol("bob")
    device, found = world.device(bob.browser), world.session(bob.browser)
    (key,) = world.in_records(lambda tx: tx.credentials.of(bob.id, "webauthn"))
    assert device is not None
    assert found is not None

    answers = [
        alice.browser.post("account/revoke-device", {"id": device.id}),
        alice.browser.post("account/rename-device", {"id": device.id, "label": "Mine"}),
        alice.browser.post("account/revoke-session", {"id": found.session.id}),
        alice.browser.post("account/remove-credential", {"id": key.id}),
        alice.browser.post("account/revoke-device", {"id": "x" * 22}),
    ]

    assert [(answer.status, answer.code) for answer in answers] == [(404, "not_found")] * 5
    assert bob.browser.post("account").status == 200


def test_new_passkey_logs_in(world: World) -> None:
    alice = world.enrol(passkey=False)
    options = alice.browser.post("account/webauthn/options")["publicKey"]
    made = alice.authenticator.create(options)
    assert alice.browser.post("account/webauthn", {"credential": made, "label": "Key"}).status == 200

    assert alice.log_in_with_passkey()["step"] == "done"
    again = alice.browser.post("account/webauthn", {"credential": made, "label": "Again"})
    assert again.code == "challenge_expired"


def test_new_app_logs_in(world: World) -> None:
    alice = world.enrol()
    secret = secret_of(alice.browser.post("account/totp/begin")["secret"])
    world.clock.forward(30)
    assert alice.browser.post("account/totp", {"code": "abcdef"}).code == "factor_refused"
    code = code_at(secret, step_at(world.clock()))
    assert alice.browser.post("account/totp", {"code": code, "label": "Phone"}).status == 200
    assert alice.browser.post("account/totp", {"code": code}).code == "wrong_step"

    world.clock.forward(30)
    alice.browser.post("login", {"name": "alice", "password": PASSWORD})
    assert alice.browser.post("factors/totp", {"code": code_at(secret, step_at(world.clock()))})["step"] == "done"


def test_ways_to_log_in_are_changed_only_after_more_than_the_password(world: World) -> None:
    alice = world.enrol()
    alice.log_in()
    world.clock.forward(301)
    answer = alice.browser.post("account/totp/begin")
    assert (answer.status, answer.code) == (401, "reauth_required")
    assert (answer["factor"], answer["max_age"]) == ("totp", 300)

    alice.browser.post("reauth/begin", {"factor": "password"})
    assert alice.browser.post("factors/password", {"password": PASSWORD})["step"] == "done"
    assert alice.browser.post("account/totp/begin").code == "reauth_required"
    assert alice.prove_anew("totp")["step"] == "done"
    answer = alice.browser.post("account/totp/begin")
    assert (answer.code, answer["factor"]) == ("reauth_required", "webauthn")  # a script could use a code it was told
    assert alice.prove_anew("webauthn")["step"] == "done"
    for name in ("account/totp/begin", "account/webauthn/options", "account/recovery-codes"):
        assert alice.browser.post(name).status == 200


def test_who_has_no_passkey_adds_one_after_another_factor(world: World) -> None:
    alice = world.enrol()
    keys = {each["kind"]: each["id"] for each in alice.browser.post("account")["credentials"]}
    assert alice.browser.post("account/remove-credential", {"id": keys["webauthn"]}).status == 200
    world.clock.forward(301)
    assert alice.browser.post("account/webauthn/options").code == "reauth_required"
    assert alice.prove_anew("totp")["step"] == "done"
    assert alice.browser.post("account/webauthn/options").status == 200


def test_last_way_to_log_in_stays(world: World) -> None:
    alice = world.enrol()
    keys = {each["kind"]: each["id"] for each in alice.browser.post("account")["credentials"]}
    assert alice.browser.post("account/remove-credential", {"id": keys["webauthn"]}).status == 200

    answer = alice.browser.post("account/remove-credential", {"id": keys["totp"]})

    assert (answer.status, answer.code) == (403, "last_factor")
    assert alice.browser.post("account/remove-credential", {"id": keys["password"]}).code == "not_found"
    assert alice.log_in()["step"] == "done"


@pytest.mark.parametrize("settings", [{"groups": [{"name": "finance", "additional_factors": 2}]}])
def test_as_many_stay_as_a_group_asks_for(world: World) -> None:
    alice = world.enrol("alice", "finance")
    keys = {each["kind"]: each["id"] for each in alice.browser.post("account")["credentials"]}

    assert alice.browser.post("account/remove-credential", {"id": keys["webauthn"]}).code == "last_factor"


@pytest.mark.parametrize("settings", [ROOMY])
def test_new_recovery_codes_replace_those_before(world: World) -> None:
    alice = world.enrol()
    codes = alice.browser.post("account/recovery-codes")["recovery_codes"]

    assert len(set(codes) | set(alice.codes)) == 20
    alice.browser.post("login", {"name": "alice", "password": PASSWORD})
    assert alice.browser.post("factors/recovery", {"code": alice.codes[0]}).code == "factor_refused"
    assert alice.browser.post("factors/recovery", {"code": codes[0]})["step"] == "done"
    assert alice.browser.post("account")["recovery_left"] == 9


def test_changes_are_audited(world: World) -> None:
    alice = world.enrol()
    alice.browser.post("account/recovery-codes")
    (key,) = world.in_records(lambda tx: tx.credentials.of(alice.id, "totp"))
    alice.browser.post("account/remove-credential", {"id": key.id})

    assert [event.actor for event in world.audited("recovery_codes.made")] == [alice.id]
    assert [event.target for event in world.audited("credential.removed")] == [key.id]


class TestPush:
    @pytest.fixture
    def settings(self) -> dict[str, object]:
        return {"push": {"services": ["localhost"]}}

    @pytest.fixture
    def service(self, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushService]:
        authority = Authority(tmp_path_factory.mktemp("ca"))
        with PushService(authority.server_context("localhost", "127.0.0.1")) as running:
            yield running

    def test_this_device_is_subscribed_and_no_more(self, world: World, service: PushService) -> None:
        alice = world.enrol()
        key = alice.browser.post("account")["push"]["key"]
        subscription = service.subscribe(key).to_json()

        assert alice.browser.post("push/subscribe", {"subscription": subscription}).status == 200
        assert alice.browser.post("account")["push"]["on"] is True
        assert alice.browser.post("push/unsubscribe").status == 200
        assert alice.browser.post("account")["push"]["on"] is False

    @pytest.mark.parametrize("endpoint", ["http://localhost/x", "https://evil.example/x", "https://127.0.0.1/x", "x"])
    def test_others_are_not_spoken_to(self, world: World, service: PushService, endpoint: str) -> None:
        alice = world.enrol()
        subscription = {**service.subscribe("key").to_json(), "endpoint": endpoint}

        answer = alice.browser.post("push/subscribe", {"subscription": subscription})

        assert (answer.status, answer.code) == (422, "push_subscription")
