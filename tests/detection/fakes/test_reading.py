import pytest

from bartizan.detection.fakes.reading import MAX_BYTES, read_document
from bartizan.errors import OpenApiError


def test_json_and_yaml_say_the_same() -> None:
    wanted = {"openapi": "3.0.3", "paths": {"200": [1, None, True]}, "when": "2024-01-02"}
    assert (
        read_document(b'{"openapi": "3.0.3", "paths": {"200": [1, null, true]}, "when": "2024-01-02"}', "x") == wanted
    )
    assert read_document(b"openapi: 3.0.3\npaths: {200: [1, null, true]}\nwhen: 2024-01-02\n", "x") == wanted


def test_an_alias_is_a_value_of_its_own() -> None:
    assert read_document(b"a: &x {b: 1}\nc: *x\n", "x") == {"a": {"b": 1}, "c": {"b": 1}}


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 10)
)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a" * (MAX_BYTES + 1), "bytes"),
        (b"\xff\xfe", "UTF-8"),
        (b"[1, 2]", "no mapping"),
        (b'{"a": }', "x:1:7"),
        (b"a: [1, 2\nb: 3\n", "x:2"),
        (b"a: !!python/object/apply:os.system [id]\n", "x:1"),
        (BOMB.encode(), "aliases"),
        (b"[" * 100_000, "nest"),
        (b'{"a":' * 100_000, "deep"),
        (b'{"a":' * 80 + b"1" + b"}" * 80, "levels"),
        (b"a: &a [*a]\n", "levels"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "numbers"),
    ],
)
def test_hostile_documents_are_refused_with_place_and_remedy(data: bytes, said: str) -> None:
    with pytest.raises(OpenApiError, match=said) as caught:
        read_document(data, "x")
    assert str(caught.value).startswith("x:")
    assert ". " in str(caught.value)
