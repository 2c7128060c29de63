from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey
from tests.support.push_service import encode
from tests.support.records import all_at_once

from bartizan.access.factors.vapid import VapidKey
from bartizan.errors import SealError


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "keys"
    first = VapidKey.open(directory)
    assert VapidKey.open(directory).public == first.public
    assert (directory / "vapid.pem").stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700


def test_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    assert len({key.public for key in all_at_once(8, lambda _: VapidKey.open(tmp_path))}) == 1


def test_the_public_key_is_an_uncompressed_point(tmp_path: Path) -> None:
    point = base64.urlsafe_b64decode(VapidKey.open(tmp_path).public + "=")
    assert len(point) == 65
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


@pytest.mark.parametrize(
    "subject", ["mailto:ops@example.org", "https://gateway.example", "https://gateway.example:8443"]
)
def test_it_signs_who_sends_to_whom_until_when(tmp_path: Path, subject: str) -> None:
    key = VapidKey.open(tmp_path)
    scheme, _, parameters = key.authorization("https://push.example:8443", subject, 1_800_003_600).partition(" ")
    given = dict(part.split("=", 1) for part in parameters.split(","))
    assert (scheme, given["k"]) == ("vapid", key.public)
    token = jwt.decode(given["t"], public_key(key), algorithms=["ES256"])
    assert token.claims == {"aud": "https://push.example:8443", "sub": subject, "exp": 1_800_003_600}
    other = VapidKey.open(tmp_path / "other")
    with pytest.raises(BadSignatureError):
        jwt.decode(given["t"], public_key(other), algorithms=["ES256"])


def public_key(key: VapidKey) -> ECKey:
    point = base64.urlsafe_b64decode(key.public + "=")
    return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:])})


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    VapidKey.open(tmp_path)
    (tmp_path / "vapid.pem").chmod(0o640)
    with pytest.raises(SealError, match="others"):
        VapidKey.open(tmp_path)


def test_a_file_that_holds_no_key_or_another_is_told(tmp_path: Path) -> None:
    file = tmp_path / "vapid.pem"
    other = ec.generate_private_key(ec.SECP384R1())
    for content, why in (
        (b"nothing", "no key"),
        (other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "another kind"),
    ):
        file.write_bytes(content)
        file.chmod(0o600)
        with pytest.raises(SealError, match=why):
            VapidKey.open(tmp_path)


def test_the_key_is_not_shown(tmp_path: Path) -> None:
    assert repr(VapidKey.open(tmp_path)) == "VapidKey(...)"
