"""What attackers try with factors, from the records to the state, as a login uses them."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.approvals import Desk, wrong
from tests.support.authenticator import ORIGIN, Authenticator, Lies, decode
from tests.support.records import all_at_once, make_person
from tests.support.sessions import NOW, Clock

from bartizan.access.approvals import Approvals, Asked, Decider, TooMany
from bartizan.access.factors.challenges import ChallengePurpose
from bartizan.access.factors.webauthn import Used, WebAuthn, record_use
from bartizan.access.factors.webauthn_json import read_assertion
from bartizan.config.model import Access, Records
from bartizan.errors import AccessError, FactorError
from bartizan.storage.records.entities import Principal
from bartizan.storage.records.open import open_records
from bartizan.storage.records.store import RecordStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    opened = open_records(Records(), tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def alice(store: RecordStore) -> Principal:
    return enrolled(store, "alice")


@pytest.fixture
def mallory(store: RecordStore) -> Principal:
    return enrolled(store, "mallory")


def enrolled(store: RecordStore, name: str) -> Principal:
    person = make_person(name, user_handle=name.encode().ljust(32, b"."))
    with store.transaction() as tx:
        tx.people.add(person)
    return person


class Door:
    """Lets people in with a passkey, without a name: as a login does it."""

    def __init__(self, webauthn: WebAuthn, store: RecordStore) -> None:
        self.webauthn = webauthn
        self.store = store

    async def register(self, person: Principal, authenticator: Authenticator) -> None:
        options = await self.webauthn.registration_options(person, (), person.id)
        sent = authenticator.create(options)
        credential = await self.webauthn.verify_registration(sent, person, person.id, label="", now=NOW)
        with self.store.transaction() as tx:
            tx.credentials.add(credential)

    async def options(self, transaction: str, purpose: ChallengePurpose = "login") -> dict[str, Any]:
        return await self.webauthn.authentication_options(purpose, transaction)

    async def enter(self, sent: dict[str, Any], transaction: str, purpose: ChallengePurpose = "login") -> str:
        """Return who came in; raises ``FactorError``."""
        assertion = read_assertion(sent)
        with self.store.transaction(read_only=True) as tx:
            credential = tx.credentials.by_handle(assertion.id)
            owner = tx.people.get(credential.principal) if credential else None
        used = await self.webauthn.verify_authentication(
            assertion, credential, owner, purpose=purpose, transaction=transaction, named=False
        )
        self._record(used)
        return used.credential.principal

    async def keeps_out(self, sent: dict[str, Any], transaction: str, purpose: ChallengePurpose = "login") -> bool:
        try:
            await self.enter(sent, transaction, purpose)
        except FactorError:
            return True
        return False

    def _record(self, used: Used) -> None:
        with self.store.transaction() as tx:
            record_use(tx, used, NOW)


@pytest.fixture
def door(webauthn: WebAuthn, store: RecordStore) -> Door:
    return Door(webauthn, store)


# Replay


async def test_an_answer_lets_in_once(door: Door, alice: Principal) -> None:
    authenticator = Authenticator(ORIGIN)
    await door.register(alice, authenticator)
    sent = authenticator.get(await door.options("login 1"))
    assert await door.enter(sent, "login 1") == alice.id
    assert await door.keeps_out(sent, "login 1")


async def test_an_answer_that_was_overheard_is_no_use_in_another_login(door: Door, alice: Principal) -> None:
    authenticator = Authenticator(ORIGIN, step=0)
    await door.register(alice, authenticator)
    sent = authenticator.get(await door.options("alice's login"))
    await door.options("mallory's login")
    assert await door.keeps_out(sent, "mallory's login")
    assert await door.enter(sent, "alice's login") == alice.id


async def test_a_gesture_for_one_thing_is_none_for_another(door: Door, alice: Principal) -> None:
    authenticator = Authenticator(ORIGIN, step=0)
    await door.register(alice, authenticator)
    for given, wanted in (("login", "approve"), ("reauth", "login"), ("factor", "reauth"), ("approve", "login")):
        sent = authenticator.get(await door.options("same", given))  # type: ignore[arg-type]
        assert await door.keeps_out(sent, "same", wanted)  # type: ignore[arg-type]


async def test_an_answer_sent_many_times_at_once_lets_in_once(door: Door, alice: Principal) -> None:
    authenticator = Authenticator(ORIGIN, step=0)
    await door.register(alice, authenticator)
    sent = authenticator.get(await door.options("login"))
    kept_out = await asyncio.gather(*(door.keeps_out(sent, "login") for _ in range(10)))
    assert kept_out.count(False) == 1


async def test_a_registration_is_no_login_and_a_login_no_registration(door: Door, alice: Principal) -> None:
    authenticator = Authenticator(ORIGIN)
    await door.register(alice, authenticator)
    options = await door.webauthn.registration_options(alice, (), "same")
    challenge = decode(options["challenge"])
    sent = authenticator.get(await door.options("same"), Lies(challenge=challenge))
    assert await door.keeps_out(sent, "same")
    challenge = decode((await door.options("same"))["challenge"])
    created = authenticator.create(options, Lies(challenge=challenge))
    with pytest.raises(FactorError):
        await door.webauthn.verify_registration(created, alice, "same", label="", now=NOW)


async def test_a_copied_key_is_found_when_both_are_used(door: Door, alice: Principal) -> None:
    original = Authenticator(ORIGIN)
    await door.register(alice, original)
    stolen = Authenticator(ORIGIN, passkeys=[dataclasses.replace(original.passkeys[0])])
    assert await door.enter(stolen.get(await door.options("thief")), "thief") == alice.id
    assert await door.keeps_out(original.get(await door.options("alice")), "alice")


# Phishing: the challenge is the real one, the page is not


@pytest.mark.parametrize(
    "lies",
    [
        Lies(origin="https://gateway.example.evil.test"),
        Lies(origin="https://gateway-example.test"),
        Lies(origin="https://evil.gateway.example"),
        Lies(origin="https://gateway.example", client={"crossOrigin": True, "topOrigin": "https://evil.test"}),
        Lies(origin="https://gateway.example", rp_id="evil.test"),
    ],
)
async def test_what_was_signed_for_another_page_is_no_use(door: Door, alice: Principal, lies: Lies) -> None:
    authenticator = Authenticator(ORIGIN)
    await door.register(alice, authenticator)
    sent = authenticator.get(await door.options("relayed"), lies)
    assert await door.keeps_out(sent, "relayed")


# Somebody else's identity


async def test_nobody_becomes_somebody_else_by_a_user_handle(door: Door, alice: Principal, mallory: Principal) -> None:
    hers, his = Authenticator(ORIGIN), Authenticator(ORIGIN)
    await door.register(alice, hers)
    await door.register(mallory, his)
    sent = his.get(await door.options("login"), Lies(user_handle=alice.user_handle))
    assert await door.keeps_out(sent, "login")
    sent = his.get(await door.options("login"))
    assert await door.enter(sent, "login") == mallory.id


async def test_nobody_becomes_somebody_else_by_a_credential_id(
    door: Door, alice: Principal, mallory: Principal
) -> None:
    hers, his = Authenticator(ORIGIN), Authenticator(ORIGIN)
    await door.register(alice, hers)
    await door.register(mallory, his)
    for handle in (alice.user_handle, mallory.user_handle):
        lies = Lies(credential_id=hers.passkeys[0].id, user_handle=handle)
        assert await door.keeps_out(his.get(await door.options("login"), lies), "login")


async def test_a_key_cannot_be_registered_for_somebody_elses_invitation(
    door: Door, alice: Principal, mallory: Principal
) -> None:
    options = await door.webauthn.registration_options(alice, (), "alice's invitation")
    sent = Authenticator(ORIGIN).create(options)
    with pytest.raises(FactorError):
        await door.webauthn.verify_registration(sent, mallory, "mallory's invitation", label="", now=NOW)


# Push approvals


@pytest.fixture
def desk(store: RecordStore, alice: Principal, clock: Clock) -> Desk:
    return Desk(store, Approvals(Access(), clock), alice)


def on(device: str, person: Principal) -> Decider:
    return Decider(principal=person.id, device=device, gesture=True)


def test_an_answer_that_is_sent_again_changes_nothing(desk: Desk, alice: Principal) -> None:
    asked = desk.ask_login()
    assert desk.agree(asked, on("phone", alice)).approved
    assert desk.agree(asked, on("phone", alice)).event == "gone"
    desk.use(asked)
    assert desk.agree(asked, on("phone", alice)).event == "gone"
    with pytest.raises(AccessError):
        desk.use(asked)


def test_an_answer_is_for_one_request(desk: Desk, alice: Principal) -> None:
    hers, thiefs = desk.ask_login("alice's login"), desk.ask_login("thief's login")
    assert desk.agree(hers, on("phone", alice)).approved
    assert desk.status(thiefs, "thief's login") == "pending"
    with pytest.raises(AccessError):
        desk.use(hers, "thief's login")


def test_somebody_elses_device_answers_for_nobody(desk: Desk, mallory: Principal) -> None:
    asked = desk.ask_login()
    for _ in range(5):
        with pytest.raises(AccessError):
            desk.agree(asked, on("phone", mallory))
    assert desk.status(asked) == "pending"


def test_a_stolen_device_does_not_confirm_its_own_login(desk: Desk, alice: Principal) -> None:
    asked = desk.ask_login(device="stolen")
    with pytest.raises(AccessError):
        desk.agree(asked, on("stolen", alice))


def test_two_devices_that_disagree_at_once_have_one_answer(desk: Desk, alice: Principal) -> None:
    asked = desk.ask_login(device="tablet")
    assert isinstance(asked, Asked)
    number = asked.number

    def answer(turn: int) -> str:
        if turn == 0:
            return desk.answer(asked, "approve", on("phone", alice), number).event
        return desk.answer(asked, "not_me", on("laptop", alice)).event

    assert sorted(all_at_once(2, answer)) in (["approve", "gone"], ["gone", "not_me"])


def test_guessing_in_parallel_from_two_devices_is_three_guesses(desk: Desk, alice: Principal) -> None:
    asked = desk.ask_login(device="tablet")
    events = all_at_once(
        10, lambda turn: desk.answer(asked, "approve", on(("phone", "laptop")[turn % 2], alice), wrong(asked)).event
    )
    assert sorted(events) == ["gone"] * 7 + ["last_miss"] + ["miss"] * 2


def test_who_has_the_password_gets_fifteen_guesses_an_hour(desk: Desk, alice: Principal, clock: Clock) -> None:
    """Of 90 numbers: a person who answers everything blindly still refuses five times of six."""
    guesses = 0
    for attempt in range(100):
        asked = desk.ask_login(f"attempt {attempt}")
        if isinstance(asked, TooMany):
            assert [signal.name for signal in asked.signals] == ["access.mfa_fatigue"]
            continue
        while desk.answer(asked, "approve", on("phone", alice), wrong(asked)).event != "gone":
            guesses += 1
        clock.forward(30)
    assert guesses == 15
