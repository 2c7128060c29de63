"""Entity tags of changed bodies look like those of real ones, and are right where anybody could work them out."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.detection.edits.validators import is_current, matches, resized, retag

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


@pytest.mark.parametrize(
    ("tag", "made"),
    [
        (b'"65a1b2c3-a"', b'"65a1b2c3-16"'),
        (b'W/"a-18c2f0"', b'W/"16-18c2f0"'),
        (b'"1f-a-5f8e9"', b'"1f-16-5f8e9"'),
        (b'"65a1b2c3-b"', None),
        (b'"a"', None),
        (b"a-1", None),
        (b'X"a-1"', None),
    ],
)
def test_the_tag_of_a_file_has_its_new_length(tag: bytes, made: bytes | None) -> None:
    assert (len(OLD), len(NEW)) == (10, 22)
    assert resized(tag, OLD, NEW) == made


DAY, NEXT = b"Tue, 14 Nov 2023 22:13:20 GMT", b"Wed, 15 Nov 2023 22:13:20 GMT"


@pytest.mark.parametrize(
    ("none_match", "since", "tag", "modified", "has_it"),
    [
        (b'"a"', None, b'"a"', None, True),
        (b'"b"', DAY, b'"a"', DAY, False),
        (b'"a"', None, None, None, False),
        (None, DAY, b'"a"', DAY, True),
        (None, NEXT, None, DAY, True),
        (None, DAY, None, NEXT, False),
        (None, b"x", None, DAY, False),
        (None, b"Tue, 14 Nov 2023 22:13:20 -0000", None, DAY, False),
        (None, DAY, None, None, False),
        (None, None, b'"a"', DAY, False),
    ],
)
def test_who_has_a_response_already_is_known_by_tag_and_else_by_date(
    none_match: bytes | None, since: bytes | None, tag: bytes | None, modified: bytes | None, has_it: bool
) -> None:
    assert is_current(none_match, since, tag, modified) is has_it
