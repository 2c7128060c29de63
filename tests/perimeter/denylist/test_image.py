from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.perimeter.denylist import PrefixSet
from bartizan.perimeter.denylist.columns import compile_columns
from bartizan.perimeter.denylist.image import PrefixSetError, map_image, write_image
from bartizan.perimeter.denylist.lists import Networks, Source, read_lines

KEY = bytes(range(16))
TEXTS = ["192.0.2.0/24", "198.51.100.7", "2001:db8::/32", "2001:db9::1", "2001:db9::2"]


def read(texts: list[str]) -> Networks:
    networks = Networks()
    networks.begin(Source("bad.txt", path="bad.txt"))
    read_lines(networks, texts, 1)
    return networks


def written(directory: Path, texts: list[str]) -> Path:
    target = directory / "set"
    assert write_image(compile_columns(read(texts)), target, KEY) == target.stat().st_size
    return target


@given(st.lists(st.ip_addresses().map(str)))
def test_a_mapped_set_is_the_set_that_was_written(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    made = map_image(written(tmp_path_factory.mktemp("image"), texts))
    expected = compile_columns(read(texts))
    assert (made.size, made.sources, made.key) == (expected.size, expected.sources, KEY)
    for name in expected.__slots__:
        if name.startswith("v"):
            assert list(getattr(made, name)) == list(getattr(expected, name))


def test_matches_tell_file_and_line(tmp_path: Path) -> None:
    prefixes = PrefixSet.open(written(tmp_path, TEXTS))
    assert prefixes.find(4, 0xC0000207) == ("192.0.2.0/24", "bad.txt", 1)
    assert prefixes.find(6, 0x20010DB9 << 96 | 2) == ("2001:db9::2/128", "bad.txt", 5)
    assert prefixes.find(6, 0x20010DB9 << 96 | 3) is None


def test_a_file_is_private_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    file = written(tmp_path, TEXTS)
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_mapped_set_outlives_its_file(tmp_path: Path) -> None:
    file = written(tmp_path, TEXTS)
    prefixes = PrefixSet.open(file)
    file.unlink()
    assert prefixes.match(4, 0xC0000207)


def test_another_process_maps_it_too(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from bartizan.perimeter.denylist import PrefixSet; "
        "print(PrefixSet.open(Path(sys.argv[1])).find(4, 0xC0000207))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(written(tmp_path, TEXTS))], capture_output=True, text=True, check=True
    )
    assert "192.0.2.0/24" in done.stdout


@given(st.data())
def test_no_damage_goes_unnoticed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    file = written(tmp_path_factory.mktemp("image"), TEXTS)
    content = bytearray(file.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1).filter(lambda at: not 16 <= at < 32))  # all but the key
    content[at] ^= data.draw(st.integers(1, 255))
    file.write_bytes(content)
    with pytest.raises(PrefixSetError):
        PrefixSet.open(file)


@pytest.mark.parametrize("length", [0, 1, 79, 80, 200, -1])
def test_a_file_cut_short_is_refused(tmp_path: Path, length: int) -> None:
    file = written(tmp_path, TEXTS)
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(PrefixSetError):
        PrefixSet.open(file)
