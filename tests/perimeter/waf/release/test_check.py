from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bartizan.perimeter.waf.release import ReleaseError, check_digest, check_signature

ARCHIVE = b"an archive"


def test_a_digest_is_right_or_told() -> None:
    check_digest(ARCHIVE, hashlib.sha256(ARCHIVE).hexdigest())
    check_digest(ARCHIVE, f" {hashlib.sha256(ARCHIVE).hexdigest().upper()}\n")
    with pytest.raises(ReleaseError, match=hashlib.sha256(b"another").hexdigest()):
        check_digest(b"another", hashlib.sha256(ARCHIVE).hexdigest())


class Signer:
    """A key, its public half in a file, and signatures by it."""

    def __init__(self, directory: Path) -> None:
        self.home = directory / "home"
        self.home.mkdir(mode=0o700)
        self.key = directory / "key.asc"
        self.signature = directory / "archive.asc"
        self._gpg("--passphrase", "", "--quick-gen-key", "signer@example.org", "ed25519", "sign", "never")
        self._gpg("--armor", "--output", str(self.key), "--export")
        self._gpg("--armor", "--output", str(self.signature), "--detach-sign", "-", data=ARCHIVE)

    def _gpg(self, *arguments: str, data: bytes = b"") -> None:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--quiet", *arguments]
        subprocess.run(command, input=data, capture_output=True, check=True)

    def close(self) -> None:
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=True)


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Signer, Signer]]:
    made = [Signer(tmp_path_factory.mktemp("k")) for _ in range(2)]
    yield made[0], made[1]
    for signer in made:
        signer.close()


def test_a_signature_by_one_of_the_keys_is_good(signers: tuple[Signer, Signer]) -> None:
    signer, _ = signers
    assert len(check_signature(ARCHIVE, signer.signature, signer.key)) == 40


def test_signatures_of_others_and_of_other_bytes_are_refused(signers: tuple[Signer, Signer]) -> None:
    signer, other = signers
    with pytest.raises(ReleaseError, match="no signature of this archive"):
        check_signature(ARCHIVE + b"!", signer.signature, signer.key)
    with pytest.raises(ReleaseError, match="no signature of this archive"):
        check_signature(ARCHIVE, other.signature, signer.key)
    with pytest.raises(ReleaseError, match="no signature of this archive"):
        check_signature(ARCHIVE, signer.key, signer.key)
    with pytest.raises(ReleaseError, match="no key can be read"):
        check_signature(ARCHIVE, signer.signature, signer.signature)


def test_without_gpg_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReleaseError, match="--sha256"):
        check_signature(ARCHIVE, tmp_path / "a", tmp_path / "b")
