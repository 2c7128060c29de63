import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.decoy.masking import mask_body

FORM = "application/x-www-form-urlencoded"
MULTIPART = 'multipart/form-data; boundary="b0"'


@pytest.mark.parametrize(
    ("body", "masked"),
    [
        (b'{"user": "ada", "password": "s3\\"cret, x", "n": 1}', b'{"user": "ada", "password": "***", "n": 1}'),
        (b'{"pin": 1234,"otp":null}', b'{"pin": "***","otp":null}'),
        (b'{"a": {"api_key":"k", "tokens": ["x", "y"]}}', b'{"a": {"api_key":"***", "tokens": "***"}}'),
        (b'{"accessToken" : "cut off here', b'{"accessToken" : "***"'),
        (b'[{"id": 1, "name": "x"}]', b'[{"id": 1, "name": "x"}]'),
        (b"{", b"{"),
    ],
)
def test_secret_members_of_json_are_masked_and_the_rest_stays(body: bytes, masked: bytes) -> None:
    assert mask_body(body, "application/json; charset=utf-8") == masked
    assert mask_body(body, "application/problem+json") == masked
    assert mask_body(body, "") == masked


def test_secret_fields_of_forms_are_masked() -> None:
    assert mask_body(b"user=ada&passw%6Frd=x&code=1&q=a+b", FORM) == b"user=ada&passw%6Frd=***&code=***&q=a+b"


def test_secret_parts_of_multipart_forms_are_masked() -> None:
    body = (
        b'--b0\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
        b'--b0\r\nContent-Disposition: form-data; name="password"\r\n\r\nsecret\r\n--b0--\r\n'
    )
    assert mask_body(body, MULTIPART) == body.replace(b"secret", b"***")


def test_other_bodies_stay_as_they_are() -> None:
    assert mask_body(b"\x00password=x", "application/octet-stream") == b"\x00password=x"


@given(
    st.binary(max_size=300),
    st.sampled_from(["application/json", FORM, MULTIPART, "multipart/form-data", "", "text/plain"]),
)
@settings(max_examples=60)
def test_any_body_is_taken(body: bytes, media_type: str) -> None:
    masked = mask_body(body, media_type)
    assert mask_body(masked, media_type) == masked
