"""Both ceremonies against an authenticator that makes the real bytes, honest or not."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.support.authenticator import BE, BS, ORIGIN, UP, UV, Algorithm, Authenticator, Lies, cose_key, decode
from tests.support.sessions import NOW, Clock

from bartizan.access.factors.challenges import LIFETIME, Challenges
from bartizan.access.factors.webauthn import Used, WebAuthn, counter_grows, record_use
from bartizan.access.factors.webauthn_json import read_assertion
from bartizan.config.model import Records
from bartizan.errors import ClonedAuthenticator, FactorError, RecordConflict
from bartizan.storage.records.entities import Credential, Principal
from bartizan.storage.records.open import open_records
from bartizan.storage.records.store import RecordStore

ALICE = Principal(id="alice-id", name="alice", display_name="Alice", created=NOW, user_handle=b"a" * 32)
BOB = Principal(id="bob-id", name="bob", display_name="Bob", created=NOW, user_handle=b"b" * 32)


async def register(
    webauthn: WebAuthn, authenticator: Authenticator, lies: Lies | None = None, person: Principal = ALICE, **how: Any
) -> Credential:
    options = await webauthn.registration_options(person, (), "transaction")
    sent = authenticator.create(options, lies or Lies(), **how)
    return await webauthn.verify_registration(sent, person, "transaction", label="Key", now=NOW)


async def use(
    webauthn: WebAuthn,
    authenticator: Authenticator,
    credential: Credential | None,
    lies: Lies | None = None,
    *,
    owner: Principal = ALICE,
    named: bool = True,
) -> Used:
    options = await webauthn.authentication_options("factor", "transaction", [credential] if credential else [])
    assertion = read_assertion(authenticator.get(options, lies or Lies()))
    return await webauthn.verify_authentication(
        assertion, credential, owner, purpose="factor", transaction="transaction", named=named
    )


@pytest.fixture
def authenticator() -> Authenticator:
    return Authenticator(ORIGIN)


# Registration


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
@pytest.mark.parametrize("attestation", ["none", "self", "x5c"])
async def test_keys_of_all_algorithms_and_attestations_are_registered_and_used(
    webauthn: WebAuthn, algorithm: Algorithm, attestation: str
) -> None:
    authenticator = Authenticator(ORIGIN, algorithm)
    credential = await register(webauthn, authenticator, attestation=attestation)
    assert credential.kind == "webauthn"
    assert decode(credential.handle) == authenticator.passkeys[0].id
    assert credential.secret == cose_key(authenticator.passkeys[0].key)
    assert credential.data == {
        "credential_id": credential.handle,
        "sign_count": 1,
        "transports": ["internal", "usb"],
        "aaguid": "bada5566-a7aa-401f-bd96-45619a55120d",
        "backup_eligible": False,
        "backed_up": False,
        "discoverable": True,
    }
    used = await use(webauthn, authenticator, credential)
    assert (used.new_count, used.device_bound, used.backed_up, used.user_verified) == (2, True, False, True)


async def test_options_ask_for_user_verification_and_name_what_is_there_already(
    webauthn: WebAuthn, authenticator: Authenticator
) -> None:
    first = await register(webauthn, authenticator)
    gone = msgspec.structs.replace(first, handle="A" * 43, revoked=NOW)
    options = await webauthn.registration_options(ALICE, [first, gone], "transaction")
    assert options["rp"] == {"id": "gateway.example", "name": "Bartizan"}
    assert decode(options["user"]["id"]) == ALICE.user_handle
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "preferred"
    assert options["attestation"] == "none"
    assert options["timeout"] == LIFETIME * 1000
    assert [parameter["alg"] for parameter in options["pubKeyCredParams"]] == [-7, -8, -257]
    assert [credential["id"] for credential in options["excludeCredentials"]] == [first.handle]
    with pytest.raises(ValueError, match="InvalidStateError"):
        authenticator.create(options)


async def test_a_passkey_may_be_required(webauthn: WebAuthn) -> None:
    options = await webauthn.registration_options(ALICE, (), "transaction", discoverable=True)
    assert options["authenticatorSelection"]["residentKey"] == "required"


async def test_a_person_has_several_keys(webauthn: WebAuthn) -> None:
    authenticators = [Authenticator(ORIGIN), Authenticator(ORIGIN, "EdDSA")]
    credentials = [await register(webauthn, authenticator) for authenticator in authenticators]
    options = await webauthn.authentication_options("factor", "transaction", credentials)
    assert [allowed["id"] for allowed in options["allowCredentials"]] == [item.handle for item in credentials]
    for authenticator, credential in zip(authenticators, credentials, strict=True):
        assert (await use(webauthn, authenticator, credential)).credential == credential


async def test_a_label_is_bounded(webauthn: WebAuthn, authenticator: Authenticator) -> None:
    options = await webauthn.registration_options(ALICE, (), "transaction")
    sent = authenticator.create(options)
    credential = await webauthn.verify_registration(sent, ALICE, "transaction", label="  x" * 500, now=NOW)
    assert len(credential.label) == 64


async def test_a_key_that_can_be_backed_up_is_told_from_one_that_cannot(webauthn: WebAuthn) -> None:
    authenticator = Authenticator(ORIGIN, backed_up=True)
    credential = await register(webauthn, authenticator)
    assert (credential.data["backup_eligible"], credential.data["backed_up"]) == (True, True)
    used = await use(webauthn, authenticator, credential)
    assert (used.device_bound, used.backed_up) == (False, True)


WRONG_IN_BOTH = {
    "another origin": Lies(origin="https://gateway.example.evil.test"),
    "a plain origin": Lies(origin="http://gateway.example"),
    "an origin with a port": Lies(origin="https://gateway.example:8443"),
    "a subdomain": Lies(origin="https://sub.gateway.example"),
    "another RP": Lies(rp_id="example"),
    "a frame of another origin": Lies(client={"crossOrigin": True}),
    "a frame that names its top": Lies(client={"topOrigin": "https://evil.test"}),
    "crossOrigin as text": Lies(client={"crossOrigin": "false"}),
    "another ceremony": Lies(type="payment.get"),
    "nobody there": Lies(clear_flags=UP),
    "nobody verified": Lies(clear_flags=UV),
    "backed up without being eligible": Lies(set_flags=BS),
    "another challenge": Lies(challenge=bytes(32)),
    "no challenge": Lies(challenge=b""),
    "another id beside it": Lies(credential_id=b"x" * 32),
    "extensions with a tag": Lies(extensions=b"\xa1\x61a\xc0\x61a"),
    "extensions cut short": Lies(extensions=b"\xa1\x61a"),
    "more after the extensions": Lies(extensions=b"\xa0\x00"),
}


@pytest.mark.parametrize("lies", WRONG_IN_BOTH.values(), ids=WRONG_IN_BOTH)
async def test_a_wrong_registration_is_refused(webauthn: WebAuthn, authenticator: Authenticator, lies: Lies) -> None:
    for attestation in ("none", "self"):
        with pytest.raises(FactorError):
            await register(webauthn, authenticator, lies, attestation=attestation)


@pytest.mark.parametrize("lies", WRONG_IN_BOTH.values(), ids=WRONG_IN_BOTH)
async def test_a_wrong_authentication_is_refused(webauthn: WebAuthn, authenticator: Authenticator, lies: Lies) -> None:
    credential = await register(webauthn, authenticator)
    with pytest.raises(FactorError):
        await use(webauthn, authenticator, credential, lies)


def changed_key(**changes: Any) -> bytes:
    """Return a COSE key of P-256 with other members; ``_2`` stands for -2."""
    key = cbor2.loads(cose_key(ec.generate_private_key(ec.SECP256R1())))
    return cbor2.dumps(key | {int(name.replace("_", "-").replace("m", "")): value for name, value in changes.items()})


WRONG_REGISTRATIONS = {
    "the other ceremony": Lies(type="webauthn.get"),
    "no key": Lies(clear_flags=0x40),
    "a format that is not taken": Lies(fmt="fido-u2f"),
    "a format that nobody knows": Lies(fmt="x"),
    "none with a statement": Lies(fmt="none", statement={"unknown": 1}),
    "packed without a signature": Lies(fmt="packed", statement={}),
    "packed with a wrong signature": Lies(fmt="packed", statement={"alg": -7, "sig": b"0" * 70}),
    "packed with another algorithm": Lies(fmt="packed", statement={"alg": -8, "sig": b"0" * 64}),
    "packed with a certificate that is none": Lies(fmt="packed", statement={"alg": -7, "sig": b"0", "x5c": [b"0"]}),
    "packed with certificates that are a number": Lies(fmt="packed", statement={"alg": -7, "sig": b"0", "x5c": 1}),
    "a key that is a number": Lies(cose_key=b"\x04"),
    "a key with nothing in it": Lies(cose_key=b"\xa0"),
    "a key cut short": Lies(cose_key=b"\xa5\x01\x02"),
    "a point that is not on the curve": Lies(cose_key=changed_key(_2=b"\x01" * 32)),
    "a key of P-384 that says ES256": Lies(cose_key=cose_key(ec.generate_private_key(ec.SECP384R1()))),
    "a curve that nobody knows": Lies(cose_key=changed_key(_1=99)),
    "ES512": Lies(cose_key=changed_key(m3=-36)),
    "an EC key that says EdDSA": Lies(cose_key=changed_key(m3=-8)),
    "an EC key that says RS256": Lies(cose_key=changed_key(m3=-257)),
    "an Ed25519 key that says ES256": Lies(
        cose_key=cbor2.dumps({1: 1, 3: -7, -1: 6, -2: Ed25519PrivateKey.generate().public_key().public_bytes_raw()})
    ),
    "a short RSA key": Lies(cose_key=cose_key(rsa.generate_private_key(65537, 1024))),
    "an RSA key with exponent 3": Lies(cose_key=cose_key(rsa.generate_private_key(3, 2048))),
    "an RSA key of 8192 bits": Lies(cose_key=cbor2.dumps({1: 3, 3: -257, -1: b"\xff" * 1024, -2: b"\x01\x00\x01"})),
}


@pytest.mark.parametrize("lies", WRONG_REGISTRATIONS.values(), ids=WRONG_REGISTRATIONS)
async def test_what_is_no_good_key_is_refused(webauthn: WebAuthn, authenticator: Authenticator, lies: Lies) -> None:
    with pytest.raises(FactorError) as caught:
        await register(webauthn, authenticator, lies)
    assert caught.value.code == "webauthn_refused"


async def test_shared_references_in_a_key_are_refused_before_they_grow(
    webauthn: WebAuthn, authenticator: Authenticator
) -> None:
    levels = [b"\xd8\x1c\x82\x01\x01"]
    levels += [b"\xd8\x1c\x82" + 2 * (b"\xd8\x1d\x18" + bytes([level])) for level in range(12)]
    key = b"\xa1\x01" + bytes([0x80 + len(levels)]) + b"".join(levels)
    with pytest.raises(FactorError) as caught:
        await register(webauthn, authenticator, Lies(cose_key=key))
    assert caught.value.__notes__ == ["authenticator data: a tag"]


async def test_a_registration_is_no_use_again_or_elsewhere_or_late(
    webauthn: WebAuthn, authenticator: Authenticator, clock: Clock
) -> None:
    options = await webauthn.registration_options(ALICE, (), "transaction")
    sent = authenticator.create(options)
    with pytest.raises(FactorError, match="too old or was answered"):
        await webauthn.verify_registration(sent, ALICE, "another", label="", now=NOW)
    await webauthn.verify_registration(sent, ALICE, "transaction", label="", now=NOW)
    with pytest.raises(FactorError, match="too old or was answered"):
        await webauthn.verify_registration(sent, ALICE, "transaction", label="", now=NOW)
    options = await webauthn.registration_options(ALICE, (), "transaction")
    sent = authenticator.create(options)
    clock.forward(LIFETIME)
    with pytest.raises(FactorError, match="too old or was answered"):
        await webauthn.verify_registration(sent, ALICE, "transaction", label="", now=clock())


# Authentication


async def test_a_passkey_names_its_owner(webauthn: WebAuthn, authenticator: Authenticator) -> None:
    credential = await register(webauthn, authenticator)
    options = await webauthn.authentication_options("login", "transaction")
    assert options["allowCredentials"] == []
    assert options["userVerification"] == "required"
    assertion = read_assertion(authenticator.get(options))
    assert assertion.id == credential.handle
    assert assertion.user_handle == ALICE.user_handle
    used = await webauthn.verify_authentication(
        assertion, credential, ALICE, purpose="login", transaction="transaction", named=False
    )
    assert used.credential.principal == ALICE.id


async def test_a_key_that_does_not_name_its_owner_needs_a_name(webauthn: WebAuthn) -> None:
    authenticator = Authenticator(ORIGIN, discoverable=False)
    credential = await register(webauthn, authenticator)
    assert credential.data["discoverable"] is False
    await use(webauthn, authenticator, credential, named=True)
    with pytest.raises(FactorError):
        await use(webauthn, authenticator, credential, named=False)


@pytest.mark.parametrize("named", [True, False])
async def test_a_swapped_user_handle_is_refused(webauthn: WebAuthn, authenticator: Authenticator, named: bool) -> None:
    credential = await register(webauthn, authenticator)
    for handle in (BOB.user_handle, b"a" * 31, b"a" * 64):
        with pytest.raises(FactorError):
            await use(webauthn, authenticator, credential, Lies(user_handle=handle), named=named)


@pytest.mark.parametrize("named", [True, False])
async def test_nobody_logs_in_with_somebody_elses_key(
    webauthn: WebAuthn, authenticator: Authenticator, named: bool
) -> None:
    credential = await register(webauthn, authenticator)
    for handle in (ALICE.user_handle, BOB.user_handle):
        with pytest.raises(FactorError):
            await use(webauthn, authenticator, credential, Lies(user_handle=handle), owner=BOB, named=named)


async def test_an_answer_to_a_record_of_another_id_is_refused(webauthn: WebAuthn, authenticator: Authenticator) -> None:
    credential = await register(webauthn, authenticator)
    other = await register(webauthn, authenticator)
    options = await webauthn.authentication_options("factor", "transaction", [credential])
    assertion = read_assertion(authenticator.get(options))
    with pytest.raises(FactorError):
        await webauthn.verify_authentication(
            assertion, other, ALICE, purpose="factor", transaction="transaction", named=True
        )


async def test_unknown_revoked_and_other_credentials_are_refused_alike(
    webauthn: WebAuthn, authenticator: Authenticator
) -> None:
    credential = await register(webauthn, authenticator)
    answers = set()
    for wrong in (
        None,
        msgspec.structs.replace(credential, revoked=NOW),
        msgspec.structs.replace(credential, kind="totp"),
    ):
        with pytest.raises(FactorError) as caught:
            await use(webauthn, authenticator, wrong)
        answers.add((caught.value.code, str(caught.value)))
    with pytest.raises(FactorError) as caught:
        await use(webauthn, authenticator, credential, Lies(signature=b"0" * 70))
    answers.add((caught.value.code, str(caught.value)))
    assert len(answers) == 1


async def test_a_challenge_is_used_up_by_a_wrong_answer(webauthn: WebAuthn, authenticator: Authenticator) -> None:
    credential = await register(webauthn, authenticator)
    options = await webauthn.authentication_options("factor", "transaction", [credential])
    wrong, right = (read_assertion(authenticator.get(options, lies)) for lies in (Lies(rp_id="evil.test"), Lies()))
    for assertion, code in ((wrong, "webauthn_refused"), (right, "challenge_expired")):
        with pytest.raises(FactorError) as caught:
            await webauthn.verify_authentication(
                assertion, credential, ALICE, purpose="factor", transaction="transaction", named=True
            )
        assert caught.value.code == code


async def test_a_signature_of_another_key_is_refused(webauthn: WebAuthn, authenticator: Authenticator) -> None:
    credential = await register(webauthn, authenticator)
    honest = authenticator.passkeys[0]
    impostor = dataclasses.replace(honest, key=ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(FactorError):
        await use(webauthn, Authenticator(ORIGIN, passkeys=[impostor]), credential)


async def test_backup_eligibility_never_changes(webauthn: WebAuthn, authenticator: Authenticator) -> None:
    credential = await register(webauthn, authenticator)
    with pytest.raises(FactorError):
        await use(webauthn, authenticator, credential, Lies(set_flags=BE))
    synced = Authenticator(ORIGIN, backed_up=True)
    credential = await register(webauthn, synced)
    with pytest.raises(FactorError):
        await use(webauthn, synced, credential, Lies(clear_flags=BE | BS))


async def test_extensions_that_an_authenticator_adds_do_no_harm(
    webauthn: WebAuthn, authenticator: Authenticator
) -> None:
    lies = Lies(extensions=cbor2.dumps({"credProtect": 2}))
    credential = await register(webauthn, authenticator, lies, attestation="self")
    await use(webauthn, authenticator, credential, lies)


# The signature counter


@pytest.mark.parametrize(("old", "new", "grows"), [(0, 0, True), (0, 1, True), (1, 2, True), (1, 1, False),
                                                   (2, 1, False), (1, 0, False)])  # fmt: skip
def test_a_counter_grows_or_is_not_there(old: int, new: int, grows: bool) -> None:
    assert counter_grows(old, new) is grows


async def test_a_counter_that_does_not_grow_is_a_copied_key(webauthn: WebAuthn, authenticator: Authenticator) -> None:
    credential = await register(webauthn, authenticator)
    authenticator.passkeys[0].count = 9
    used = await use(webauthn, authenticator, credential)
    assert used.new_count == 10
    later = msgspec.structs.replace(credential, data=credential.data | {"sign_count": used.new_count})
    for count in (10, 9, 0):
        with pytest.raises(ClonedAuthenticator) as caught:
            await use(webauthn, authenticator, later, Lies(count=count))
        assert (caught.value.credential, caught.value.principal) == (credential.id, ALICE.id)
        assert caught.value.name == "alice"
        assert caught.value.code == "cloned_authenticator"


async def test_who_has_not_the_key_cannot_make_it_look_copied(webauthn: WebAuthn, authenticator: Authenticator) -> None:
    credential = await register(webauthn, authenticator)
    with pytest.raises(FactorError) as caught:
        await use(webauthn, authenticator, credential, Lies(count=1, signature=b"0" * 70))
    assert not isinstance(caught.value, ClonedAuthenticator)


async def test_an_authenticator_without_a_counter_is_no_copy(webauthn: WebAuthn) -> None:
    authenticator = Authenticator(ORIGIN, step=0)
    credential = await register(webauthn, authenticator)
    for _ in range(2):
        assert (await use(webauthn, authenticator, credential)).new_count == 0


@pytest.mark.parametrize(
    ("configured", "rp_id", "origin"),
    [
        ("https://Gateway.Example", "gateway.example", "https://gateway.example"),
        ("https://gateway.example:443", "gateway.example", "https://gateway.example"),
        ("https://gateway.example:8443", "gateway.example", "https://gateway.example:8443"),
    ],
)
async def test_the_origin_is_compared_as_browsers_write_it(
    challenges: Challenges, configured: str, rp_id: str, origin: str
) -> None:
    webauthn = WebAuthn.of(configured, "Bartizan", challenges)
    options = await webauthn.registration_options(ALICE, (), "transaction")
    assert options["rp"]["id"] == rp_id
    sent = Authenticator(origin).create(options)
    await webauthn.verify_registration(sent, ALICE, "transaction", label="", now=NOW)


# In the records


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    opened = open_records(Records(), tmp_path)
    with opened.transaction() as tx:
        tx.people.add(ALICE)
    yield opened
    opened.close()


def added(store: RecordStore, credential: Credential) -> Credential:
    with store.transaction() as tx:
        tx.credentials.add(credential)
    return credential


def stored(store: RecordStore, credential: Credential) -> Credential:
    with store.transaction(read_only=True) as tx:
        found = tx.credentials.get(credential.id)
    assert found is not None
    return found


def record(store: RecordStore, used: Used, now: float = NOW) -> None:
    with store.transaction() as tx:
        record_use(tx, used, now)


async def test_a_use_is_written_down(webauthn: WebAuthn, store: RecordStore) -> None:
    authenticator = Authenticator(ORIGIN, backed_up=True)
    credential = added(store, await register(webauthn, authenticator))
    used = await use(webauthn, authenticator, credential, Lies(clear_flags=BS))
    record(store, used, NOW + 5)
    after = stored(store, credential)
    assert (after.data["sign_count"], after.data["backed_up"], after.last_used) == (2, False, NOW + 5)
    assert after.data["transports"] == credential.data["transports"]
    record(store, await use(webauthn, authenticator, after), NOW + 9)
    assert stored(store, credential).data["sign_count"] == 3


async def test_two_uses_with_one_counter_are_one_use(
    webauthn: WebAuthn, authenticator: Authenticator, store: RecordStore
) -> None:
    credential = added(store, await register(webauthn, authenticator))
    used = [await use(webauthn, authenticator, credential, Lies(count=7)) for _ in range(2)]
    record(store, used[0])
    with pytest.raises(ClonedAuthenticator):
        record(store, used[1], NOW + 5)
    assert stored(store, credential).last_used == NOW


async def test_two_honest_uses_at_once_are_both_good(
    webauthn: WebAuthn, authenticator: Authenticator, store: RecordStore
) -> None:
    credential = added(store, await register(webauthn, authenticator))
    first, second = [await use(webauthn, authenticator, credential) for _ in range(2)]
    record(store, first)
    record(store, second)
    assert stored(store, credential).data["sign_count"] == second.new_count


async def test_a_credential_that_was_revoked_meanwhile_is_refused(
    webauthn: WebAuthn, authenticator: Authenticator, store: RecordStore
) -> None:
    credential = added(store, await register(webauthn, authenticator))
    used = await use(webauthn, authenticator, credential)
    with store.transaction() as tx:
        tx.credentials.revoke(credential.id, NOW)
    with pytest.raises(FactorError):
        record(store, used)


async def test_an_authenticator_without_a_counter_is_used_again_and_again(
    webauthn: WebAuthn, store: RecordStore
) -> None:
    authenticator = Authenticator(ORIGIN, step=0)
    credential = added(store, await register(webauthn, authenticator))
    for _ in range(3):
        record(store, await use(webauthn, authenticator, stored(store, credential)))


async def test_a_key_is_registered_once_for_one_person(
    webauthn: WebAuthn, authenticator: Authenticator, store: RecordStore
) -> None:
    credential = added(store, await register(webauthn, authenticator))
    with store.transaction() as tx:
        tx.people.add(BOB)
    with pytest.raises(RecordConflict):
        added(store, msgspec.structs.replace(credential, id="another", principal=BOB.id))
