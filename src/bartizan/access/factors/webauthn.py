"""WebAuthn (Level 3): passkeys and security keys, with user verification at each use.

py_webauthn checks the ceremonies (sections 7.1 and 7.2); this module adds what it leaves to its caller, or leaves out:
challenges that are good once, no cross-origin use, the owner's user handle, keys that are strong enough, a backup
eligibility that never changes, and a signature counter that tells a copied key.

Attestation is not asked for, and not trusted: ``none`` and ``packed`` are taken, and what certificate came along says
nothing about the authenticator here.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import msgspec
import webauthn
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    base64url_to_bytes,
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    options_to_json_dict,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from bartizan.access.factors.challenges import LIFETIME, ChallengePurpose, Challenges
from bartizan.access.factors.webauthn_json import Assertion, Attestation, ClientData, read_attestation, refused
from bartizan.errors import ClonedAuthenticator
from bartizan.storage.records.entities import Credential, Principal, new_id
from bartizan.storage.records.store import Transaction

__all__ = ["Used", "WebAuthn", "counter_grows", "record_use"]

ES256, EDDSA, RS256 = (
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)
ALGORITHMS = [ES256, EDDSA, RS256]
"""In the order of preference."""
MAX_LABEL = 64  # characters
_CLAIMS = 5  # how often a counter that others move at the same moment is read anew
_RSA_BITS = range(2048, 4097)
_TRANSPORTS = frozenset(transport.value for transport in AuthenticatorTransport)
_TIMEOUT = round(LIFETIME * 1000)  # milliseconds


class Used(msgspec.Struct, frozen=True):
    """A credential that was used, as verified, and the name of whose it is.

    ``new_count`` has to replace the counter in the records (``record_use``). ``device_bound``: the key cannot leave its
    authenticator (the BE flag is not set), which AAL3 asks for (SP 800-63B-4 section 2.3.2).
    """

    credential: Credential
    name: str
    new_count: int
    backed_up: bool
    device_bound: bool
    user_verified: bool = True


class WebAuthn:
    """Both ceremonies for one relying party.

    ``rp_id`` is the host name of ``origin``; ``rp_name`` is what authenticators show.
    """

    def __init__(self, rp_id: str, rp_name: str, origin: str, challenges: Challenges) -> None:
        self._rp_id = rp_id
        self._rp_name = rp_name
        self._origin = origin
        self._challenges = challenges

    @classmethod
    def of(cls, origin: str, title: str, challenges: Challenges) -> WebAuthn:
        """Return it for ``access.origin`` and ``access.title``: the origin is written as browsers write theirs."""
        parts = urlsplit(origin)
        host = parts.hostname or ""
        port = "" if parts.port in (None, 443) else f":{parts.port}"
        return cls(host, title, f"https://{host}{port}", challenges)

    async def registration_options(
        self, person: Principal, existing: Iterable[Credential], transaction: str, *, discoverable: bool = False
    ) -> dict[str, Any]:
        """Return ``publicKey`` for ``navigator.credentials.create()`` in JSON (section 5.1.10).

        ``existing``: the person's credentials, of whose authenticators none is registered twice. ``discoverable``: the
        key has to be a passkey that needs no name; else it is one where the authenticator can do it. ``transaction``
        has to be the same for ``verify_registration``. Raises ``TooManyAttempts``, ``StateError``.
        """
        resident = ResidentKeyRequirement.REQUIRED if discoverable else ResidentKeyRequirement.PREFERRED
        options = webauthn.generate_registration_options(
            rp_id=self._rp_id,
            rp_name=self._rp_name,
            user_id=person.user_handle,
            user_name=person.name,
            user_display_name=person.display_name,
            challenge=await self._challenges.issue("register", transaction),
            timeout=_TIMEOUT,
            attestation=AttestationConveyancePreference.NONE,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=resident, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=_descriptors(existing),
            supported_pub_key_algs=ALGORITHMS,
        )
        return _as_json(options) | {"extensions": {"credProps": True}}

    async def verify_registration(
        self, credential: object, person: Principal, transaction: str, *, label: str, now: float
    ) -> Credential:
        """Return the record for a new credential, to be added to the person's.

        ``credential`` is the decoded JSON that the browser sent, ``label`` what the person calls it. Adding it raises
        ``RecordConflict`` if the id is taken (section 7.1 step 26). Raises ``FactorError``, ``StateError``.
        """
        sent = read_attestation(credential)
        await self._spend(sent.client, "register", transaction)
        verified = self._verify_attestation(sent)
        _check_key(verified.credential_public_key)
        if verified.credential_id != sent.raw_id:
            raise refused("the id is not the one that was attested")
        return Credential(
            id=new_id(),
            principal=person.id,
            kind="webauthn",
            secret=verified.credential_public_key,
            created=now,
            label=label.strip()[:MAX_LABEL],
            handle=sent.id,
            data={
                "credential_id": sent.id,
                "sign_count": verified.sign_count,
                "transports": sorted(_TRANSPORTS.intersection(sent.transports)),
                "aaguid": verified.aaguid,
                "backup_eligible": verified.credential_device_type == CredentialDeviceType.MULTI_DEVICE,
                "backed_up": verified.credential_backed_up,
                "discoverable": bool(sent.discoverable),
            },
        )

    async def authentication_options(
        self, purpose: ChallengePurpose, transaction: str, credentials: Iterable[Credential] = ()
    ) -> dict[str, Any]:
        """Return ``publicKey`` for ``navigator.credentials.get()`` in JSON.

        ``credentials``: those of a person who is known already; without any, the browser offers its passkeys. Raises
        ``TooManyAttempts``, ``StateError``.
        """
        options = webauthn.generate_authentication_options(
            rp_id=self._rp_id,
            challenge=await self._challenges.issue(purpose, transaction),
            timeout=_TIMEOUT,
            allow_credentials=_descriptors(credentials),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return _as_json(options)

    async def verify_authentication(
        self,
        assertion: Assertion,
        credential: Credential | None,
        owner: Principal | None,
        *,
        purpose: ChallengePurpose,
        transaction: str,
        named: bool,
    ) -> Used:
        """Verify the use of a credential; the challenge is used up whatever comes of it.

        ``credential`` is what the records have under ``assertion.id``. ``named``: who it has to be was known before,
        and is ``owner``; else ``owner`` is whose the credential is, and the authenticator has to name them too.
        Raises ``FactorError``, ``ClonedAuthenticator`` if the key exists twice, ``StateError``.
        """
        await self._spend(assertion.client, purpose, transaction)
        if credential is None or owner is None or credential.kind != "webauthn" or credential.revoked is not None:
            raise refused("no such credential")
        if credential.handle != assertion.id or credential.principal != owner.id:
            raise refused("somebody else's credential")
        if assertion.user_handle is None:
            if not named:
                raise refused("no user handle")
        elif not hmac.compare_digest(assertion.user_handle, owner.user_handle):
            raise refused("somebody else's user handle")
        verified = self._verify_assertion(assertion, credential)
        used = Used(
            credential=credential,
            name=owner.name,
            new_count=verified.new_sign_count,
            backed_up=verified.credential_backed_up,
            device_bound=verified.credential_device_type == CredentialDeviceType.SINGLE_DEVICE,
        )
        if used.device_bound == credential.data["backup_eligible"]:
            raise refused("its backup eligibility has changed (section 7.2 step 19)")
        if not counter_grows(credential.data["sign_count"], used.new_count):
            raise ClonedAuthenticator(credential.id, owner.id, owner.name)
        return used

    async def _spend(self, client: ClientData, purpose: ChallengePurpose, transaction: str) -> None:
        """Use the challenge up, and check of client data what py_webauthn does not."""
        await self._challenges.spend(purpose, transaction, client.challenge)
        if client.framed:
            raise refused("used inside a page of another origin")

    def _verify_attestation(self, sent: Attestation) -> VerifiedRegistration:
        response = AuthenticatorAttestationResponse(sent.client.raw, sent.attestation)
        try:
            return webauthn.verify_registration_response(
                credential=RegistrationCredential(id=sent.id, raw_id=sent.raw_id, response=response),
                expected_challenge=sent.client.challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self._origin,
                require_user_verification=True,
                supported_pub_key_algs=ALGORITHMS,
            )
        except Exception as error:
            raise refused(f"registration: {error!r}") from error

    def _verify_assertion(self, sent: Assertion, credential: Credential) -> VerifiedAuthentication:
        response = AuthenticatorAssertionResponse(
            sent.client.raw, sent.authenticator_data, sent.signature, sent.user_handle
        )
        try:
            return webauthn.verify_authentication_response(
                credential=AuthenticationCredential(id=sent.id, raw_id=sent.raw_id, response=response),
                expected_challenge=sent.client.challenge,
                expected_rp_id=self._rp_id,
                expected_origin=self._origin,
                credential_public_key=credential.secret,
                # The library checks the counter before the signature. We do it after, so that only who has the key
                # can make us believe that there are two.
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except Exception as error:
            raise refused(f"authentication: {error!r}") from error


def counter_grows(old: int, new: int) -> bool:
    """Tell whether a signature counter is as it should be; both are 0 where an authenticator has none (6.1.1)."""
    return new > old or new == old == 0


def record_use(tx: Transaction, used: Used, now: float) -> None:
    """Write down that a credential was used: its counter, its last use, whether it is backed up.

    The login has not succeeded before this has been committed: of two uses with the same counter only one is. Raises
    ``ClonedAuthenticator`` for the other, and ``FactorError`` for a credential that was revoked meanwhile.
    """
    for _ in range(_CLAIMS):
        current = tx.credentials.get(used.credential.id)
        if current is None or current.revoked is not None:
            raise refused("revoked meanwhile")
        count = current.data["sign_count"]
        if not counter_grows(count, used.new_count):
            raise ClonedAuthenticator(current.id, current.principal, used.name)
        if tx.credentials.claim_counter(current.id, count, used.new_count):
            data = current.data | {"backed_up": used.backed_up}
            tx.credentials.update(msgspec.structs.replace(current, data=data, last_used=now))
            return
    raise refused("used many times at once")


def _check_key(cose: bytes) -> None:
    """Refuse keys that are weak, or are not of the kind that their algorithm says."""
    try:
        decoded = decode_credential_public_key(cose)
        key = decoded_public_key_to_cryptography(decoded)
    except Exception as error:
        raise refused(f"public key: {error!r}") from error
    if decoded.alg == ES256:
        good = isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    elif decoded.alg == EDDSA:
        good = isinstance(key, Ed25519PublicKey)
    else:
        good = isinstance(key, RSAPublicKey) and key.key_size in _RSA_BITS and key.public_numbers().e == 65537
    if not good:
        raise refused("public key: not of its algorithm, or too weak")


def _descriptors(credentials: Iterable[Credential]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(credential.handle),
            transports=[AuthenticatorTransport(name) for name in credential.data["transports"]] or None,
        )
        for credential in credentials
        if credential.kind == "webauthn" and credential.revoked is None
    ]


def _as_json(options: Any) -> dict[str, Any]:
    written: dict[str, Any] = options_to_json_dict(options)
    return written
