"""Sealing: what comes out is what went in, or nothing does."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.errors import SealError
from bartizan.keys.vault import Vault

MASTER = bytes(range(32))


@given(st.text(max_size=30), st.binary(max_size=300), st.binary(max_size=60))
def test_what_was_sealed_opens(purpose: str, plain: bytes, context: bytes) -> None:
    vault = Vault(MASTER)
    sealed = vault.seal(purpose, plain, context)
    assert Vault(MASTER).open_sealed(purpose, sealed, context) == plain
    assert len(sealed) == len(plain) + 29


@given(st.binary(min_size=1, max_size=50), st.data())
def test_one_changed_bit_opens_nothing(plain: bytes, data: st.DataObject) -> None:
    vault = Vault(MASTER)
    sealed = bytearray(vault.seal("totp", plain, b"alice"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(SealError):
        vault.open_sealed("totp", bytes(sealed), b"alice")


@given(st.binary(max_size=100))
def test_what_was_not_sealed_opens_nothing(data: bytes) -> None:
    with pytest.raises(SealError):
        Vault(MASTER).open_sealed("totp", data)


def test_purpose_context_and_master_key_have_to_be_the_same() -> None:
    vault = Vault(MASTER)
    sealed = vault.seal("totp", b"seed", b"alice")
    for other, purpose, context in (
        (vault, "push", b"alice"),
        (vault, "totp", b"bob"),
        (Vault(bytes(32)), "totp", b"alice"),
    ):
        with pytest.raises(SealError):
            other.open_sealed(purpose, sealed, context)


def test_the_same_is_never_sealed_alike() -> None:
    vault = Vault(MASTER)
    assert len({vault.seal("totp", b"seed") for _ in range(100)}) == 100


def test_a_mac_depends_on_purpose_data_and_key() -> None:
    vault = Vault(MASTER)
    macs = {vault.mac("a", b"x"), vault.mac("b", b"x"), vault.mac("a", b"y"), Vault(bytes(32)).mac("a", b"x")}
    assert len(macs) == 4
    assert vault.mac("a", b"x") == Vault(MASTER).mac("a", b"x")
    assert all(len(mac) == 32 for mac in macs)


def test_processes_that_come_at_once_have_one_master_key(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from bartizan.keys.vault import Vault; sys.stdin.read(); "
    code += "print(Vault.open(Path(sys.argv[1])).mac('test', b'x').hex())"
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
    macs = {process.communicate(timeout=60)[0] for process in started}
    assert macs == {Vault.open(tmp_path / "keys").mac("test", b"x").hex() + "\n"}
    assert (tmp_path / "keys" / "master.key").stat().st_mode & 0o777 == 0o600


def test_a_master_key_of_another_length_is_refused(tmp_path: Path) -> None:
    Vault.open(tmp_path)
    (tmp_path / "master.key").write_bytes(b"short")
    with pytest.raises(SealError, match="5 bytes"):
        Vault.open(tmp_path)


def test_nothing_shows_the_master_key() -> None:
    assert "0001" not in repr(Vault(MASTER))
    assert repr(MASTER)[2:-1] not in repr(Vault(MASTER))
