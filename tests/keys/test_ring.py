"""The ring of signing keys, shared by processes through its file."""

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from tests.support.sessions import Clock

from bartizan.errors import SealError
from bartizan.keys.ring import LOOK, SHOWN_FOR, Algorithm, KeyRing

ALGORITHMS: tuple[Algorithm, ...] = ("EdDSA", "ES256")


def verify(token: str, jwks: dict[str, Any]) -> jwt.Token:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return jwt.decode(token, KeySet.import_key_set(json.loads(json.dumps(jwks))), algorithms=["EdDSA", "ES256"])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_is_signed_can_be_verified_with_the_jwks(tmp_path: Path, algorithm: Algorithm) -> None:
    ring = KeyRing.open(tmp_path / "keys", algorithm, Clock())
    token = verify(ring.sign({"sub": "alice"}), ring.jwks())
    assert token.claims == {"sub": "alice"}
    assert token.header == {"typ": "JWT", "alg": algorithm, "kid": ring.jwks()["keys"][0]["kid"]}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_same_can_be_signed_alike(tmp_path: Path, algorithm: Algorithm) -> None:
    ring = KeyRing.open(tmp_path / "keys", algorithm, Clock())
    token = ring.sign_alike({"sub": "alice"})
    assert verify(token, ring.jwks()).claims == {"sub": "alice"}
    assert token == KeyRing.open(tmp_path / "keys", algorithm, Clock()).sign_alike({"sub": "alice"})
    assert token != ring.sign_alike({"sub": "bertil"})


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_jwks_is_public_and_its_kid_the_thumbprint(tmp_path: Path, algorithm: Algorithm) -> None:
    (shown,) = KeyRing.open(tmp_path, algorithm, Clock()).jwks()["keys"]
    members = {"kty", "crv", "x", "kid", "use", "alg"} | ({"y"} if algorithm == "ES256" else set())
    assert set(shown) == members
    assert shown["kid"] == KeySet.import_key_set({"keys": [shown]}).keys[0].thumbprint()
    assert (shown["use"], shown["alg"]) == ("sig", algorithm)


def test_header_fields_can_be_added_but_not_the_algorithm_or_key_changed(tmp_path: Path) -> None:
    ring = KeyRing.open(tmp_path, "ES256", Clock())
    header = verify(ring.sign({}, {"typ": "other+jwt", "alg": "none", "kid": "x"}), ring.jwks()).header
    assert header == {"typ": "other+jwt", "alg": "ES256", "kid": ring.jwks()["keys"][0]["kid"]}


def test_the_file_is_closed_to_others_and_holds_the_key_for_the_next_start(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    before = KeyRing.open(keys, "EdDSA", Clock()).jwks()
    assert KeyRing.open(keys, "EdDSA", Clock()).jwks() == before
    assert (keys / "signing.json").stat().st_mode & 0o777 == 0o600
    assert keys.stat().st_mode & 0o777 == 0o700


def test_processes_that_come_at_once_have_one_key(tmp_path: Path) -> None:
    code = "import sys, time; from pathlib import Path; from bartizan.keys.ring import KeyRing; sys.stdin.read(); "
    code += "print(KeyRing.open(Path(sys.argv[1]), 'EdDSA', time.time).jwks()['keys'])"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "keys")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    shown = {process.communicate(timeout=60)[0] for process in started}
    assert len(shown) == 1
    assert shown.pop().count("kid") == 1


def test_a_rotation_elsewhere_is_seen_within_a_second(tmp_path: Path) -> None:
    clock = Clock()
    one, other = KeyRing.open(tmp_path, "EdDSA", clock), KeyRing.open(tmp_path, "EdDSA", clock)
    old = one.sign({"n": 1})
    kid = other.rotate()
    clock.forward(LOOK)
    new = one.sign({"n": 2})
    assert verify(new, other.jwks()).header["kid"] == kid
    assert verify(old, one.jwks()).header["kid"] != kid


def test_a_retired_key_is_shown_until_nothing_of_it_can_be_valid(tmp_path: Path) -> None:
    clock = Clock()
    ring = KeyRing.open(tmp_path, "EdDSA", clock)
    old = ring.sign({})
    ring.rotate()
    clock.forward(SHOWN_FOR - 1)
    assert len(ring.jwks()["keys"]) == 2
    verify(old, ring.jwks())
    clock.forward(1)
    assert len(ring.jwks()["keys"]) == 1
    with pytest.raises((JoseError, ValueError)):
        verify(old, ring.jwks())


def test_keys_long_retired_leave_the_file(tmp_path: Path) -> None:
    clock = Clock()
    ring = KeyRing.open(tmp_path, "EdDSA", clock)
    for _ in range(3):
        ring.rotate()
        clock.forward(SHOWN_FOR)
    ring.rotate()
    assert len(json.loads((tmp_path / "signing.json").read_bytes())) == 2


def test_another_algorithm_gets_a_key_of_its_own_and_retires_the_first(tmp_path: Path) -> None:
    clock = Clock()
    before = KeyRing.open(tmp_path, "EdDSA", clock)
    after = KeyRing.open(tmp_path, "ES256", clock)
    clock.forward(LOOK)
    assert {key["alg"] for key in before.jwks()["keys"]} == {"EdDSA", "ES256"}
    verify(before.sign({}), after.jwks())  # processes of the old configuration go on until they are replaced
    verify(after.sign({}), before.jwks())
    clock.forward(SHOWN_FOR)
    assert [key["alg"] for key in after.jwks()["keys"]] == ["ES256"]


@pytest.mark.parametrize("data", [b"{", b"[]", b'[{"algorithm":"EdDSA","jwk":{},"made":1}]'])
def test_a_file_that_is_damaged_meanwhile_stops_nobody_who_has_the_keys(tmp_path: Path, data: bytes) -> None:
    clock = Clock()
    ring = KeyRing.open(tmp_path, "EdDSA", clock)
    shown = ring.jwks()
    (tmp_path / "signing.json").write_bytes(data)
    clock.forward(LOOK)
    verify(ring.sign({}), shown)
    assert ring.jwks() == shown


def test_a_file_that_is_lost_meanwhile_stops_nobody_who_has_the_keys(tmp_path: Path) -> None:
    clock = Clock()
    ring = KeyRing.open(tmp_path, "EdDSA", clock)
    (tmp_path / "signing.json").unlink()
    clock.forward(LOOK)
    verify(ring.sign({}), ring.jwks())


@pytest.mark.parametrize("data", [b"{", b'[{"algorithm":"EdDSA","jwk":{"kty":"OKP"},"made":1}]'])
def test_a_damaged_file_is_told_when_it_is_opened(tmp_path: Path, data: bytes) -> None:
    KeyRing.open(tmp_path, "EdDSA", Clock())
    (tmp_path / "signing.json").write_bytes(data)
    with pytest.raises(SealError, match=r"signing\.json"):
        KeyRing.open(tmp_path, "EdDSA", Clock())


def test_a_file_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    KeyRing.open(tmp_path, "EdDSA", Clock())
    (tmp_path / "signing.json").chmod(0o644)
    with pytest.raises(SealError, match="chmod 600"):
        KeyRing.open(tmp_path, "EdDSA", Clock())


def test_nothing_shows_the_private_key(tmp_path: Path) -> None:
    ring = KeyRing.open(tmp_path, "ES256", Clock())
    (entry,) = json.loads((tmp_path / "signing.json").read_bytes())
    assert entry["jwk"]["d"] not in repr(ring) + repr(ring.jwks())
