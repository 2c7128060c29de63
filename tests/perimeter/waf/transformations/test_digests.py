from __future__ import annotations

import pytest
from tests.perimeter.waf.transformations.reference import agrees

from bartizan.perimeter.waf.transformations.digests import length, md5, sha1


@pytest.mark.parametrize("name", ["md5", "sha1", "length"])
def test_digests_agree_with_the_reference(name: str) -> None:
    agrees(name, range(256))


def test_known_digests() -> None:
    assert md5(b"abc").hex() == "900150983cd24fb0d6963f7d28e17f72"
    assert sha1(b"abc").hex() == "a9993e364706816aba3e25717850c26c9cd0d89d"
    assert length(b"\0" * 1234) == b"1234"
