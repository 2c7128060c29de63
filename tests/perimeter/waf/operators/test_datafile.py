from pathlib import Path

import pytest

from bartizan.perimeter.waf.operators import Context, OperatorError
from bartizan.perimeter.waf.operators.datafile import find_file, read_lines


def test_a_relative_path_starts_at_the_rules(tmp_path: Path) -> None:
    (tmp_path / "words.data").write_bytes(b"a\r\n\nb")
    assert find_file(b"words.data", Context(tmp_path)) == tmp_path / "words.data"
    assert read_lines(b"words.data", Context(tmp_path)) == [b"a\r", b"", b"b"]


def test_an_absolute_path_stays(tmp_path: Path) -> None:
    (tmp_path / "words.data").touch()
    assert find_file(str(tmp_path / "words.data").encode(), Context(Path("elsewhere"))) == tmp_path / "words.data"


@pytest.mark.parametrize("argument", [b"none.data", b"", b"a\0b"])
def test_a_missing_file_is_told(argument: bytes, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="there is no file"):
        find_file(argument, Context(tmp_path))


def test_nothing_is_fetched() -> None:
    with pytest.raises(OperatorError, match="over the network"):
        read_lines(b"https://example.com/words", Context())


def test_a_file_that_is_too_large_is_told(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(OperatorError, match="larger than 64 MiB"):
        read_lines(b"large", Context(tmp_path))
