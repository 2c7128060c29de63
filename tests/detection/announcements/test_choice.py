"""A few decoys are named, the same wherever the key is the same, and none that a real path begins with."""

from __future__ import annotations

from bartizan.config.model import DecoySettings
from bartizan.detection.announcements.choice import Announced
from bartizan.detection.decoys.table import DECOYS

KEY = b"k" * 32


def announced(key: bytes = KEY, *real: str, robots: bool = True) -> Announced:
    return Announced.of(key, DecoySettings(robots=robots, openapi=["/openapi.json"]), DECOYS, real)


def test_some_are_named_and_never_all() -> None:
    for key in (b"a" * 32, b"b" * 32):
        found = announced(key)
        assert 0 < len(found.disallowed) < sum(decoy.announced for decoy in DECOYS)
        assert 0 < len(found.operations) < sum(decoy.documented for decoy in DECOYS)
        assert set(found.disallowed) <= {decoy.path for decoy in DECOYS if decoy.announced}
        assert found == announced(key)


def test_another_key_chooses_others() -> None:
    assert len({announced(bytes([number]) * 32).disallowed for number in range(32)}) > 1


def test_crawlers_are_not_kept_from_real_paths() -> None:
    found = announced(KEY, "/admin/help", "/internal/users/{id}")
    assert found.disallowed
    assert not {"/admin", "/internal/users"} & set(found.disallowed)


def test_only_places_that_name_some_are_looked_at() -> None:
    assert announced().paths == ("/robots.txt", "/openapi.json")
    assert announced(robots=False).paths == ("/openapi.json",)
    assert Announced.of(KEY, DecoySettings(openapi=["/openapi.json"]), (), ()).paths == ()
