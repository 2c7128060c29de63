from __future__ import annotations

from pathlib import Path

import pytest

from bartizan.errors import ConfigError
from bartizan.perimeter.denylist import PrefixSet, lists
from bartizan.perimeter.denylist.compile import SUFFIX, collect, compile_prefixes, digest_sources
from bartizan.perimeter.denylist.lists import Source


def listed(directory: Path, name: str, content: bytes) -> Source:
    path = directory / name
    path.write_bytes(content)
    return Source(name, path=str(path))


def test_sources_are_compiled_into_one_file_named_after_them(tmp_path: Path) -> None:
    sources = [
        Source("the configuration", ("198.51.100.0/24",)),
        listed(tmp_path, "a.txt", b"# a\n192.0.2.7\nnonsense\n"),
        listed(tmp_path, "b.txt", b"2001:db8::/32\r\n192.0.2.0/24\r\n"),
    ]
    report = compile_prefixes(sources, tmp_path)
    assert Path(report.file) == tmp_path / (digest_sources(sources).hex() + SUFFIX)
    assert report.size == Path(report.file).stat().st_size
    assert (report.networks, report.rejected_count) == (4, 1)
    assert str(report.rejected[0]) == "a.txt:3: nonsense: not an address or network"
    prefixes = PrefixSet.open(Path(report.file))
    assert prefixes.key == digest_sources(sources)
    assert prefixes.find(4, 0xC6336401) == ("198.51.100.0/24", "the configuration", 0)
    assert prefixes.find(4, 0xC0000207) == ("192.0.2.0/24", "b.txt", 2)
    assert prefixes.find(6, 0x20010DB8 << 96) == ("2001:db8::/32", "b.txt", 1)


def test_lines_are_counted_over_pieces_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "_PIECE", 64)
    lines = [f"10.0.{number // 256}.{number % 256}" for number in range(0, 1000, 2)]
    source = listed(tmp_path, "a.txt", "\n".join(lines).encode())
    prefixes = PrefixSet.open(Path(compile_prefixes([source], tmp_path).file))
    for line, text in enumerate(lines, 1):
        number = 0x0A000000 + 2 * (line - 1)
        assert prefixes.find(4, number) == (text + "/32", "a.txt", line)


def test_the_key_changes_with_content_and_names_only(tmp_path: Path) -> None:
    key = digest_sources([listed(tmp_path, "a.txt", b"192.0.2.7\n")])
    assert digest_sources([listed(tmp_path, "a.txt", b"192.0.2.7\n")]) == key
    assert digest_sources([listed(tmp_path, "a.txt", b"192.0.2.8\n")]) != key
    assert digest_sources([listed(tmp_path, "b.txt", b"192.0.2.7\n")]) != key
    assert digest_sources([Source("a.txt", ("192.0.2.7",))]) != key


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    read = collect([listed(tmp_path, "a.txt", b"\xef\xbb\xbf192.0.2.7\n")])
    assert (read.count, read.rejected_count) == (1, 0)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# nothing today\n"])
def test_an_empty_list_is_a_list(tmp_path: Path, content: bytes) -> None:
    assert collect([listed(tmp_path, "a.txt", content)]).count == 0


def test_a_file_that_is_no_list_is_refused(tmp_path: Path) -> None:
    good = listed(tmp_path, "good.txt", b"192.0.2.7\n")
    page = listed(tmp_path, "page.txt", b"<html>\n<body>503 Service Unavailable</body>\n</html>\n")
    with pytest.raises(ConfigError, match=r"page\.txt.*no address or network"):
        collect([good, page])


def test_a_list_that_cannot_be_read_is_told_by_name(tmp_path: Path) -> None:
    missing = Source("gone.txt", path=str(tmp_path / "gone.txt"))
    for use in (collect, digest_sources, lambda sources: compile_prefixes(sources, tmp_path)):
        with pytest.raises(ConfigError, match=r"gone\.txt.*No such file"):
            use([missing])


def test_a_list_that_is_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MAX_NETWORKS", 1)
    with pytest.raises(ConfigError, match=r"a\.txt.*more than 1 networks"):
        collect([listed(tmp_path, "a.txt", b"192.0.2.7\n192.0.2.8\n")])
