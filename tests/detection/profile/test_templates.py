import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.detection.profile.templates import path_template


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/orders/17", "/orders/{int}"),
        ("/orders/0b9f8a3e-1c2d-4e5f-8a9b-0c1d2e3f4a5b/lines/2", "/orders/{uuid}/lines/{int}"),
        ("/reports/2024-01-02", "/reports/{date}"),
        ("/users/ada%40shop.test", "/users/{email}"),
        ("/blobs/d41d8cd98f00b204e9800998ecf8427e", "/blobs/{hex}"),
        ("/t/Zm9vYmFyMTIzNDU2Nzg5MA", "/t/{token}"),
        ("/api/v1/orders-archive/", "/api/v1/orders-archive/"),
        ("/search/some%20words%20of%20mine", "/search/{text}"),
        ("/", "/"),
    ],
)
def test_what_differs_from_object_to_object_is_replaced(path: str, template: str) -> None:
    assert path_template(path) == template


def test_what_is_too_deep_has_none() -> None:
    assert path_template("/a" * 40) is None
    assert path_template("/" + "a" * 2000) is None


@given(st.text(alphabet="ab19-_.%/@=", max_size=60))
def test_the_template_of_a_template_is_itself_or_blurred(path: str) -> None:
    template = path_template("/" + path)
    assert template is not None
    assert template.count("/") == path.count("/") + 1
