"""Entity tags of changed bodies look like those of real ones, and are right where anybody could work them out."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.detection.edits.validators import matches, retag

KEY = b"k" * 32
OLD, NEW = b'[{"id":1}]', b'[{"id":1},{"id":4711}]'


def express(body: bytes) -> bytes:
    return b"%x-%b" % (len(body), base64.b64encode(hashlib.sha1(body).digest())[:27])


@pytest.mark.parametrize(
    "made",
    [
        lambda body: hashlib.md5(body).hexdigest().encode(),
        lambda body: hashlib.sha256(body).hexdigest()[:32].encode(),
        lambda body: base64.b64encode(hashlib.sha1(body).digest()),
        express,
    ],
)
@pytest.mark.parametrize("weak", [b"", b"W/"])
def test_a_hash_of_the_body_is_that_of_the_new_body(made: object, weak: bytes) -> None:
    assert callable(made)
    assert retag(weak + b'"%b"' % made(OLD), OLD, NEW, KEY) == weak + b'"%b"' % made(NEW)


def test_another_tag_keeps_its_form_and_is_the_same_for_the_same_change() -> None:
    tag = retag(b'W/"5f-Zq9x"', OLD, NEW, KEY)
    assert tag is not None
    assert tag != b'W/"5f-Zq9x"'
    assert (tag[:3], tag[5:6], tag[-1:], len(tag)) == (b'W/"', b"-", b'"', 11)
    assert tag == retag(b'W/"5f-Zq9x"', OLD, NEW, KEY)
    assert tag != retag(b'W/"5f-Zq9x"', OLD, NEW + b" ", KEY)


@given(st.binary(max_size=40))
def test_what_is_no_tag_is_none(tag: bytes) -> None:
    made = retag(tag, OLD, NEW, KEY)
    assert (made is None) or (len(made) == len(tag) and tag.endswith(b'"'))


@pytest.mark.parametrize(
    ("condition", "named"), [(b'"a"', True), (b'"b", W/"a"', True), (b'"b"', False), (b"*", False), (b"", False)]
)
def test_a_condition_names_a_tag_or_not(condition: bytes, named: bool) -> None:
    assert matches(condition, b'W/"a"') is named
