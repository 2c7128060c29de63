"""Keys for one purpose each, made of the master key, so that all machines with the same one make the same things."""

from __future__ import annotations

from pathlib import Path

from bartizan.keys.vault import Vault

__all__ = ["derive"]


def derive(directory: Path, purpose: str) -> bytes:
    """Return the key (32 bytes) of a purpose; ``directory`` is that of the keys. Raises ``SealError``."""
    return Vault.open(directory).mac("derive", purpose.encode("utf-8"))
