from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.perimeter.waf.release.archives import FILES, tar, targz, zipped

from bartizan.perimeter.waf.release import ReleaseError, archive, read_archive, unpack

WANTED = {name for name in FILES if not name.startswith(("util", "tests"))}


def unpacked(data: bytes, directory: Path) -> set[str]:
    unpack(data, directory)
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("data", [targz(), tar(FILES), zipped()], ids=["tar.gz", "tar", "zip"])
def test_the_files_of_a_rule_set_are_unpacked_and_no_others(tmp_path: Path, data: bytes) -> None:
    assert unpacked(data, tmp_path) == {f"coreruleset-4.7.0/{name}" for name in WANTED}


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@pytest.mark.parametrize(
    "name",
    ["/etc/x.conf", "../rules/x.conf", "a/../../rules/x.conf", "a\\..\\x.conf", "C:/x.conf", "a/\nx.conf", "a" * 600],
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReleaseError, match="unsafe name"):
        unpack(targz({}, member(name)), tmp_path / "tar")
    with pytest.raises(ReleaseError, match="unsafe name"):
        unpack(zipped({name: ""}, folder=""), tmp_path / "zip")
    assert not [*tmp_path.rglob("*.conf")]


@pytest.mark.parametrize(
    ("name", "kind", "target"),
    [
        ("c/docs/x", tarfile.SYMTYPE, "/etc/passwd"),
        ("c/docs/x", tarfile.SYMTYPE, "../../../x"),
        ("c/docs/x", tarfile.LNKTYPE, "../x"),
    ],
)
def test_links_out_are_refused(tmp_path: Path, name: str, kind: bytes, target: str) -> None:
    with pytest.raises(ReleaseError, match="link out"):
        unpack(targz({}, member(name, kind, target)), tmp_path)


def test_links_within_are_left_out_but_not_for_rules(tmp_path: Path) -> None:
    inside = [member("c/docs/x", tarfile.SYMTYPE, "../y"), member("c/docs/z", tarfile.LNKTYPE, "c/docs/y")]
    assert unpacked(targz({}, *inside), tmp_path) == set()
    with pytest.raises(ReleaseError, match="instead of a file"):
        unpack(targz({}, member("c/rules/x.conf", tarfile.SYMTYPE, "y.conf")), tmp_path)


def test_links_in_zip_files_are_refused_too(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        info = zipfile.ZipInfo("c/docs/x")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(info, "../../../etc/passwd")
    with pytest.raises(ReleaseError, match="link out"):
        unpack(buffer.getvalue(), tmp_path)


def test_devices_are_left_out(tmp_path: Path) -> None:
    assert unpacked(targz({}, member("c/rules/x.conf", tarfile.CHRTYPE)), tmp_path) == set()


def test_what_is_written_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="cannot be unpacked"):
        unpack(targz({"rules/a.conf": "1"}, member("coreruleset-4.7.0/rules/a.conf")), tmp_path)


@pytest.mark.parametrize("make", [targz, zipped])
def test_sizes_and_counts_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: object) -> None:
    def refused(files: dict[str, str | bytes], text: str, name: str) -> None:
        assert callable(make)
        with pytest.raises(ReleaseError, match=text):
            unpack(make(files), tmp_path / name)

    monkeypatch.setattr(archive, "MAX_FILE", 1000)
    refused({"rules/a.conf": b"x" * 1001}, "larger than 1000", "file")
    monkeypatch.setattr(archive, "MAX_TOTAL", 3000)
    refused({f"rules/{number}.conf": b"x" * 999 for number in range(9)}, "larger than 3000", "total")
    monkeypatch.setattr(archive, "MAX_TOTAL", 2**27)
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    refused({f"docs/{number}": b"" for number in range(4)}, "more than 3 members", "members")


def test_what_unpacks_to_much_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_TOTAL", 100_000)
    with pytest.raises(ReleaseError, match="larger than 100000 bytes"):
        unpack(targz({"docs/zeros": b"\0" * 1_000_000}), tmp_path)


@pytest.mark.parametrize("data", [b"", b"nonsense", targz()[:200], zipped()[:-30] + b"PK\5\6" + b"x" * 18])
def test_what_is_no_archive_is_told(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ReleaseError):
        unpack(data, tmp_path)


def test_archives_are_read_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"x" * 100)
    assert read_archive(tmp_path / "a") == b"x" * 100
    monkeypatch.setattr(archive, "MAX_ARCHIVE", 99)
    with pytest.raises(ReleaseError, match="larger than 99"):
        read_archive(tmp_path / "a")
    with pytest.raises(ReleaseError, match="cannot be read"):
        read_archive(tmp_path / "none")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([tar(FILES), zipped()]), st.integers(0, 2**16), st.binary(min_size=1, max_size=8))
def test_damaged_archives_write_nothing_elsewhere(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, at: int, by: bytes
) -> None:
    at %= len(data)
    directory = tmp_path_factory.mktemp("x")
    inside = directory / "inside"
    inside.mkdir()
    with suppress(ReleaseError):
        unpack(data[:at] + by + data[at + len(by) :], inside)
    assert [*directory.iterdir()] == [inside]
