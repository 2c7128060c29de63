import json

from hypothesis import given, settings
from hypothesis import strategies as st

from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.profile.error_bodies import MAX_BYTES, MAX_KINDS, MAX_MEMORY, ErrorBodies, ErrorMemory

ROW = Keyed(b"k" * 32, "visit")
NOW = 1_790_000_000.0


def learned(*bodies: tuple[str, str]) -> ErrorBodies:
    errors, memory = ErrorBodies(), ErrorMemory()
    for path, body in bodies:
        found = memory.learn("404 text/html", body.encode(), path, "GET", "shop.test", path, hash(path))
        if found is not None:
            errors.add(found)
    return errors


def made(errors: ErrorBodies, path: str = "/.env", method: str = "PUT") -> str:
    found = errors.find(path)
    assert found is not None
    return found.make(path, method, "api.test", ROW, NOW).decode()


def test_what_belongs_to_the_request_is_that_of_the_new_one() -> None:
    errors = learned(*[(f"/x/{n}", f"<p>Cannot GET /x/{n} on shop.test</p>") for n in range(3)])
    assert made(errors) == "<p>Cannot PUT /.env on api.test</p>"


def test_what_differs_is_made_anew_in_its_form() -> None:
    errors = learned(*[(f"/{n}", json.dumps({"code": 40 + n, "ref": f"{n:032x}a1", "at": "2024-01-02T00:00:00Z"}))
                       for n in range(4)])  # fmt: skip
    document = json.loads(made(errors))
    assert document["at"] == "2026-09-21T14:13:20Z"
    assert isinstance(document["code"], int)
    assert len(document["ref"]) == 34


def test_names_of_people_in_errors_are_not_kept() -> None:
    errors = learned(*[(f"/{name}", f"user {name} is not known, sorry about this, please ask again")
                       for name in ("miller", "smith", "jones")])  # fmt: skip
    assert not any(name in str(errors) for name in ("miller", "smith", "jones"))


def test_an_error_that_one_or_two_had_is_not_kept() -> None:
    same = [("/a", "no Erika here"), ("/b", "no Erika here")]
    assert learned(*same * 5).kinds == []
    found = learned(*same, ("/c", "no Erika here"), ("/d", "no Erika here")).find("/a")
    assert found is not None
    assert found.count == 4


def test_an_error_of_the_same_template_is_preferred_to_a_more_frequent_one() -> None:
    errors, memory = ErrorBodies(), ErrorMemory()
    for number in range(12):
        orders = number % 3 == 0
        body = b'{"error": "no such order"}' if orders else b"<html>not found</html>"
        template = "/orders/{int}" if orders else "/other"
        found = memory.learn("404", body, f"/{number}", "GET", "h", template, number)
        if found is not None:
            errors.add(found)
    assert made(errors, "/orders/{int}") == '{"error": "no such order"}'
    assert made(errors, "/.env") == "<html>not found</html>"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=12))
def test_whatever_bodies_say_kinds_are_bounded_and_can_be_made(bodies: list[str]) -> None:
    errors, memory = ErrorBodies(), ErrorMemory()
    for index, body in enumerate([*bodies, *bodies, *bodies]):
        found = memory.learn("404", body.encode("utf-8", "replace"), f"/p{index}", "GET", "h", "/p", index)
        if found is not None:
            errors.add(found)
    errors.merge(ErrorBodies(list(errors.kinds)))
    assert len(errors.kinds) <= MAX_KINDS
    for kind in errors.kinds:
        kind.make("/q", "GET", "h", ROW, NOW)


def test_what_is_no_text_or_too_long_is_left_out() -> None:
    memory = ErrorMemory()
    for body in (b"\xff\xfe", b"a" * (MAX_BYTES + 1), b"a " * (MAX_BYTES // 2)):
        assert [memory.learn("404", body, f"/{n}", "GET", "h", "/", n) for n in range(4)] == [None] * 4
    assert [memory.learn(f"{n}", b"no", "/", "GET", "h", "/", n) for n in range(MAX_MEMORY + 9)]
    assert len(memory._kinds) == MAX_MEMORY
