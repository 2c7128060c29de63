from pathlib import Path

import maxminddb

from tests.support.mmdb import write_mmdb


def test_what_is_written_is_read(tmp_path: Path) -> None:
    record = {"a": {"b": ["x" * 40, 1.5]}, "n": 70000}
    write_mmdb(tmp_path / "db", {"192.0.2.0/24": record, "198.0.2.0/32": {"a": "b"}})
    with maxminddb.open_database(tmp_path / "db") as reader:
        assert reader.get("192.0.2.200") == record
        assert reader.get("198.0.2.0") == {"a": "b"}
        assert reader.get("198.0.2.1") is None
