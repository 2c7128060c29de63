"""Credentials, on both engines: claims above all."""

from __future__ import annotations

import msgspec
import pytest
from tests.support.records import NOW, all_at_once, make_credential, make_person

from bartizan.errors import RecordConflict, RecordNotFound
from bartizan.storage.records.entities import Credential, Principal
from bartizan.storage.records.store import RecordStore


def _added(store: RecordStore, credential: Credential) -> Credential:
    with store.transaction() as tx:
        tx.credentials.add(credential)
    return credential


def test_all_fields_are_kept(store: RecordStore, ann: Principal) -> None:
    data = {"credential_id": "AQI", "sign_count": 7, "transports": ["usb", "nfc"], "aaguid": "", "backed_up": False}
    key = make_credential(
        ann, "webauthn", secret=b"\x00\xff", handle="AQI", label="Key 🔑", data=data, last_used=NOW, revoked=NOW + 1
    )
    _added(store, key)
    with store.transaction(read_only=True) as tx:
        assert tx.credentials.get(key.id) == tx.credentials.by_handle("AQI") == key
        assert tx.credentials.by_handle("AQ") is tx.credentials.by_handle("") is tx.credentials.get("x") is None


def test_credentials_are_listed_by_age_and_kind_without_the_revoked(store: RecordStore, ann: Principal) -> None:
    old = make_credential(ann, "password", created=NOW - 2, revoked=NOW - 1)
    password = make_credential(ann, "password", created=NOW - 1)
    totp = make_credential(ann, "totp", created=NOW - 3, data={"last_step": 5})
    bob = make_person("bob")
    with store.transaction() as tx:
        tx.people.add(bob)
        for each in (old, password, totp, make_credential(bob, "password")):
            tx.credentials.add(each)
        assert tx.credentials.of(ann.id) == [totp, password]
        assert tx.credentials.of(ann.id, "password") == [password]
        assert tx.credentials.of(ann.id, "password", revoked=True) == [old, password]
        assert tx.credentials.of("nobody") == []


def test_a_handle_is_there_once_and_many_have_none(store: RecordStore, ann: Principal) -> None:
    _added(store, make_credential(ann, "webauthn", handle="AQI", revoked=NOW))
    _added(store, make_credential(ann, "recovery"))
    _added(store, make_credential(ann, "recovery"))
    with pytest.raises(RecordConflict, match="registered already"):
        _added(store, make_credential(ann, "webauthn", handle="AQI"))
    with pytest.raises(RecordNotFound):
        _added(store, make_credential(make_person("nobody"), "password"))


def test_a_step_is_claimed_once_and_only_forward(store: RecordStore, ann: Principal) -> None:
    totp = _added(store, make_credential(ann, "totp"))
    with store.transaction() as tx:
        assert tx.credentials.claim_step(totp.id, 0)
        assert tx.credentials.claim_step(totp.id, 58_000_000_000)
        assert not tx.credentials.claim_step(totp.id, 58_000_000_000)
        assert not tx.credentials.claim_step(totp.id, 1)
        assert tx.credentials.of(ann.id)[0].data == {"last_step": 58_000_000_000}


def test_a_counter_is_moved_from_where_it_was(store: RecordStore, ann: Principal) -> None:
    key = _added(store, make_credential(ann, "webauthn", handle="AQI"))
    with store.transaction() as tx:
        assert tx.credentials.claim_counter(key.id, 0, 0)  # authenticators that do not count
        assert tx.credentials.claim_counter(key.id, 0, 4_294_967_295)
        assert not tx.credentials.claim_counter(key.id, 0, 5)
        assert tx.credentials.by_handle("AQI") == msgspec.structs.replace(key, data={"sign_count": 4_294_967_295})


def test_a_recovery_code_is_used_once(store: RecordStore, ann: Principal) -> None:
    code = _added(store, make_credential(ann, "recovery"))
    with store.transaction() as tx:
        assert tx.credentials.claim_once(code.id, NOW + 5)
        assert not tx.credentials.claim_once(code.id, NOW + 6)
        used = tx.credentials.get(code.id)
    assert used == msgspec.structs.replace(code, revoked=NOW + 5, last_used=NOW + 5)


def test_claims_need_a_credential_of_their_kind_that_is_not_revoked(store: RecordStore, ann: Principal) -> None:
    password = _added(store, make_credential(ann, "password"))
    totp = _added(store, make_credential(ann, "totp"))
    with store.transaction() as tx:
        assert tx.credentials.revoke(totp.id, NOW)
        assert not tx.credentials.revoke(totp.id, NOW + 1)
        assert not tx.credentials.claim_step(totp.id, 9)
        assert not tx.credentials.claim_once(password.id, NOW)
        assert not tx.credentials.claim_step(password.id, 9)
        assert not tx.credentials.claim_counter(password.id, 0, 1)
        assert not tx.credentials.claim_once("nothing", NOW)


def test_what_was_read_before_takes_no_claim_back(store: RecordStore, ann: Principal) -> None:
    totp = _added(store, make_credential(ann, "totp", data={"last_step": 1}))
    code = _added(store, make_credential(ann, "recovery"))
    with store.transaction() as tx:
        assert tx.credentials.claim_step(totp.id, 9)
        assert tx.credentials.claim_once(code.id, NOW)
        tx.credentials.update(msgspec.structs.replace(totp, label="Phone", last_used=NOW))
        tx.credentials.update(msgspec.structs.replace(code, label="Code"))
        phone, paper = tx.credentials.get(totp.id), tx.credentials.get(code.id)
    assert phone == msgspec.structs.replace(totp, label="Phone", last_used=NOW, data={"last_step": 9})
    assert paper is not None
    assert (paper.label, paper.revoked) == ("Code", NOW)


def test_an_update_writes_and_may_revoke(store: RecordStore, ann: Principal) -> None:
    password = _added(store, make_credential(ann, "password"))
    changed = msgspec.structs.replace(password, secret=b"rehashed", data={"cost": 3}, revoked=NOW)
    with store.transaction() as tx:
        tx.credentials.update(changed)
        assert tx.credentials.get(password.id) == changed
        with pytest.raises(RecordNotFound):
            tx.credentials.update(make_credential(ann, "password"))


def test_of_parallel_claims_one_succeeds(store: RecordStore, ann: Principal) -> None:
    totp = _added(store, make_credential(ann, "totp"))
    key = _added(store, make_credential(ann, "webauthn"))
    code = _added(store, make_credential(ann, "recovery"))

    def step(_: int) -> bool:
        with store.transaction() as tx:
            return tx.credentials.claim_step(totp.id, 7)

    def counter(number: int) -> bool:
        with store.transaction() as tx:
            return tx.credentials.claim_counter(key.id, 0, number + 1)

    def once(number: int) -> bool:
        with store.transaction() as tx:
            return tx.credentials.claim_once(code.id, NOW + number)

    for claim in (step, counter, once):
        assert sum(all_at_once(8, claim)) == 1
