"""Keys that are derived are the same again, and different for each purpose and master key."""

from __future__ import annotations

from pathlib import Path

from bartizan.keys.derive import derive


def test_a_purpose_has_a_key_of_its_own(tmp_path: Path) -> None:
    key = derive(tmp_path / "a", "canaries")
    assert len(key) == 32
    assert key == derive(tmp_path / "a", "canaries")
    assert key != derive(tmp_path / "a", "decoys")
    assert key != derive(tmp_path / "b", "canaries")
