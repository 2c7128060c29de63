from pathlib import Path

import pytest

from bartizan.perimeter.waf.operators import Context, phrases, phrases_from_file


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        (b"a b\tc", [b"a", b"b", b"c"]),
        (b"  Ab  aB ", [b"Ab"]),
        (b"A|42|C|44|F", [b"ABCDF"]),
        (b"a|20|b", [b"a", b"b"]),
        (b"a\\:b \\;\\\\", [b"a:b", b";\\"]),
        (b'"x y"', [b"x", b"y"]),
        (b"c:\\windows x", [b"c:\\windows", b"x"]),
        (b"a|zz|b", [b"a|zz|b"]),
        (b"|41 42|c", [b"|41", b"42|c"]),
        (b"a|4|b|1|", [b"abA"]),
        (b"a|4", [b"a"]),
        (b"", []),
    ],
)
def test_the_argument_of_pm_is_read_as_the_reference_does(argument: bytes, expected: list[bytes]) -> None:
    assert phrases(argument) == expected


def test_lines_of_a_file_are_phrases_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes(b"# no\n  # no\nfoo \n bar\nba#z\r\n\nQux\nqux\n|41|\n")
    assert phrases_from_file(b"words", Context(tmp_path)) == [b"foo ", b" bar", b"ba#z\r", b"Qux", b"|41|"]
