"""Certificate stores: which certificate for which name, what is reused, what is refused and how it is said."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from bartizan.config.model.listeners import ListenerTls
from bartizan.edge.tls.contexts import CertificateStore, build_store
from bartizan.errors import TlsError

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


def build(previous: CertificateStore | None = None, now: dt.datetime = NOW, **tls: object) -> CertificateStore:
    return build_store(ListenerTls.model_validate(tls), now, previous)


@pytest.fixture
def one(authority):
    return [authority.issue("localhost")]


def test_names_are_matched_exactly_then_by_wildcard_then_by_default(authority):
    first = authority.issue("First.example", "127.0.0.1")
    wild = authority.issue("*.wild.example")
    exact = authority.issue("exact.wild.example", "first.example", "f*.partial.example")
    store = build(certificates=[first, wild, exact])
    contexts = list(store.contexts.values())
    expected = {
        "first.example": 0,
        "exact.wild.example": 2,
        "any.wild.example": 1,
        "wild.example": 0,
        "a.b.wild.example": 0,
        "foo.partial.example": 0,
        "127.0.0.1": 0,
        None: 0,
        "": 0,
    }
    assert {name: contexts.index(store.context_for(name)) for name in expected} == expected
    assert store.certificates[0].names == ("first.example",)
    assert store.certificates[0].not_after > NOW


def test_common_names_do_not_count(authority):
    first, client = authority.issue("first.example"), authority.issue("second.example", client=True)
    store = build(certificates=[first, client])
    assert store.context_for("second.example") is store.context_for("first.example")


def test_only_modern_protocols_and_ciphers_are_offered(one):
    context = build(certificates=one).context_for(None)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.options & ssl.OP_NO_COMPRESSION
    assert context.options & ssl.OP_NO_RENEGOTIATION
    assert not context.options & ssl.OP_CIPHER_SERVER_PREFERENCE
    ciphers = [cipher for cipher in context.get_ciphers() if cipher["protocol"] != "TLSv1.3"]
    assert len(ciphers) == 6
    assert all(cipher["aead"] and cipher["kea"] == "kx-ecdhe" for cipher in ciphers)
    assert build(certificates=one, min_version="1.3").context_for(None).minimum_version is ssl.TLSVersion.TLSv1_3


def test_configured_ciphers_never_include_anonymous_or_null_ones(one):
    ciphers = build(certificates=one, ciphers="ALL:COMPLEMENTOFALL:@SECLEVEL=0").context_for(None).get_ciphers()
    assert not [cipher["name"] for cipher in ciphers if "NULL" in cipher["name"] or "ADH" in cipher["name"]]


def test_contexts_are_reused_while_nothing_in_them_changed(authority, one):
    tls = {"certificates": [*one, authority.issue("second.example")]}
    first = build(**tls)
    again = build(first, **tls)
    assert list(again.contexts.values()) == list(first.contexts.values())
    authority.issue("second.example")
    changed = build(again, **tls)
    assert changed.context_for("localhost") is first.context_for("localhost")
    assert changed.context_for("second.example") is not first.context_for("second.example")
    other = build(changed, min_version="1.3", **tls)
    assert not set(other.contexts) & set(changed.contexts)


def test_a_new_revocation_list_makes_new_contexts(authority, one):
    tls = {
        "certificates": one,
        "client_certificates": {"mode": "required", "ca": str(authority.pem), "crl": authority.revoke()},
    }
    first = build(**tls)
    assert build(first, **tls).contexts == first.contexts
    authority.revoke(authority.issue("alice", client=True))
    assert not set(build(first, **tls).contexts) & set(first.contexts)


@pytest.mark.parametrize("missing", ["certificate", "key"])
def test_missing_files_are_named(one, missing):
    Path(one[0][missing]).unlink()
    with pytest.raises(TlsError, match=r"localhost\.(pem|key): No such file or directory\. Check the path"):
        build(certificates=one)


@pytest.mark.parametrize("part", ["certificate", "key"])
def test_files_that_are_not_pem_are_named(one, part):
    Path(one[0][part]).write_text("nonsense")
    with pytest.raises(TlsError, match=r"localhost\.(pem: no certificate in PEM|key: OpenSSL cannot use it)"):
        build(certificates=one)


def test_a_key_of_another_certificate_is_refused(authority, one):
    one[0]["key"] = authority.issue("other.example")["key"]
    with pytest.raises(TlsError, match="the key does not belong to the certificate"):
        build(certificates=one)


def test_an_encrypted_key_is_refused_instead_of_asking_the_terminal(one):
    file = Path(one[0]["key"])
    key = load_pem_private_key(file.read_bytes(), None)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))
    with pytest.raises(TlsError, match=r"localhost\.key: the key is encrypted\. Store it without a passphrase"):
        build(certificates=one)


def test_unusable_ciphers_are_refused(one):
    with pytest.raises(TlsError, match="finds no usable cipher in 'NOPE'"):
        build(certificates=one, ciphers="NOPE")


class TestClientAuthorities:
    def refused(self, one, message: str, **clients: str) -> None:
        with pytest.raises(TlsError, match=message):
            build(certificates=one, client_certificates={"mode": "optional", **clients})

    def test_a_bundle_is_needed(self, one):
        self.refused(one, r"client_certificates\.ca is not set")

    def test_the_bundle_is_read(self, one, tmp_path):
        self.refused(one, "none.pem: No such file", ca=str(tmp_path / "none.pem"))
        empty = tmp_path / "empty.pem"
        empty.touch()
        self.refused(one, "empty.pem: no certificate in PEM", ca=str(empty))

    def test_the_bundle_holds_authorities_only(self, one):
        self.refused(one, "CN=localhost is not an authority", ca=one[0]["certificate"])

    def test_the_revocation_list_is_read(self, authority, one, tmp_path):
        ca = str(authority.pem)
        self.refused(one, "none.pem: No such file", ca=ca, crl=str(tmp_path / "none.pem"))
        self.refused(one, "no revocation list in it", ca=ca, crl=ca)
        broken = tmp_path / "broken.pem"
        broken.write_text("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")
        self.refused(one, "not a revocation list in PEM", ca=ca, crl=str(broken))

    def test_the_revocation_list_is_in_date(self, authority, one):
        ca = str(authority.pem)
        self.refused(one, r"crl.pem: the list of CN=Test CA expired at", ca=ca, crl=authority.revoke(until=NOW - DAY))
        future = authority.revoke(since=NOW + DAY, until=NOW + 2 * DAY)
        self.refused(one, "is not yet valid", ca=ca, crl=future)

    def test_a_list_that_expires_is_noticed_at_the_next_build(self, authority, one):
        tls = {
            "certificates": one,
            "client_certificates": {"mode": "optional", "ca": str(authority.pem), "crl": authority.revoke()},
        }
        store = build(**tls)
        with pytest.raises(TlsError, match="expired at"):
            build(store, NOW + 2 * DAY, **tls)

    def test_the_revocation_list_is_by_one_of_the_authorities(self, authority, other_authority, one):
        ca = str(authority.pem)
        self.refused(one, "the list of CN=Other CA, who is not in", ca=ca, crl=other_authority.revoke())
        forged = authority.revoke(key=ec.generate_private_key(ec.SECP256R1()))
        self.refused(one, "the list of CN=Test CA is not signed by it", ca=ca, crl=forged)

    def test_nothing_is_read_while_off(self, one):
        store = build(certificates=one, client_certificates={"mode": "off", "ca": "nowhere.pem"})
        assert store.context_for(None).verify_mode is ssl.CERT_NONE
