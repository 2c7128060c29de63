from __future__ import annotations

from itertools import product

import pytest
from tests.perimeter.waf.transformations.reference import agrees, check

NAMES = ["replaceComments", "removeComments", "removeCommentsChar"]
PIECES = [b"/*", b"*/", b"<!--", b"-->", b"--", b"#", b"/", b"*", b"<", b"!", b"-", b">", b"a", b" ", b"\n", b"\0"]


@pytest.mark.parametrize("name", NAMES)
def test_comments_agree_with_the_reference(name: str) -> None:
    agrees(name, PIECES)


@pytest.mark.parametrize("name", NAMES)
def test_short_comments_agree_with_the_reference(name: str) -> None:
    for pieces in product((b"/*", b"*/", b"<!--", b"-->", b"#", b"x"), repeat=4):
        check(name, b"".join(pieces))
    for pieces in product((b"/", b"*", b"-", b">"), repeat=5):
        check(name, b"".join(pieces))
