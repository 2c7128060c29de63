from __future__ import annotations

from pathlib import Path

import lmdb
import msgspec
import pytest

from bartizan.errors import SentryError
from bartizan.sentry.store import Kept, Store


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(Kept(source="one", checkpoint={"segment": 7}), {"actors": {"address:192.0.2.7": b"a", "gone": b""}})
    store.close()
    again = Store(tmp_path)
    assert (again.kept().source, again.kept().checkpoint) == ("one", {"segment": 7})
    assert list(again.items("actors")) == [("address:192.0.2.7", b"a")]
    assert again.get("actors", "address:192.0.2.7") == b"a"
    assert again.get("cases", "address:192.0.2.7") is None
    again.close()


def test_items_can_be_removed_and_parts_do_not_mix(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(Kept(), {"a": {"key": b"1", "more": b"2"}, "ab": {"key": b"3"}})
    store.write(Kept(), {"a": {"key": b""}})
    assert list(store.items("a")) == [("more", b"2")]
    assert list(store.items("ab")) == [("key", b"3")]
    store.close()


def test_keys_of_any_length_and_any_characters_are_kept_whole(tmp_path: Path) -> None:
    store = Store(tmp_path)
    keys = ["credential:" + "é" * 550, "credential:\udc80", "x" * 500]
    store.write(Kept(), {"actors": {key: key.encode("utf-8", "surrogatepass") for key in keys}})
    assert dict(store.items("actors")) == {key: key.encode("utf-8", "surrogatepass") for key in keys}
    assert all(store.get("actors", key) for key in keys)
    store.close()


def test_a_full_file_changes_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path, map_size=2**16)
    store.write(Kept(source="one"), {"actors": {"first": b"1"}})
    with pytest.raises(SentryError, match="cannot be written"):
        store.write(Kept(source="two"), {"actors": {str(number): b"x" * 1000 for number in range(1000)}})
    assert store.kept().source == "one"
    assert [key for key, _ in store.items("actors")] == ["first"]
    store.close()


def test_a_file_of_a_later_version_or_of_something_else_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(Kept(format=99), {})
    with pytest.raises(SentryError, match="format 99"):
        store.kept()
    store.close()
    environment = lmdb.open(str(tmp_path / "sentry"))
    with environment.begin(write=True) as transaction:
        transaction.put(b"m/", msgspec.msgpack.encode("not it"))
    environment.close()
    store = Store(tmp_path)
    with pytest.raises(SentryError, match="cannot be read"):
        store.kept()
    store.close()


def test_a_directory_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "sentry").write_text("in the way")
    with pytest.raises(SentryError, match="cannot be opened"):
        Store(tmp_path)
