import json
import random
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.detection.profile.test_shapes import documents
from tests.detection.profile.traffic import NOW, respond, see, shop

from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.profile.latency import Latencies
from bartizan.detection.profile.learner import Learner
from bartizan.detection.profile.profile import MAX_BYTES, MAX_SHAPES, Profile, kind_of, pace_of
from bartizan.detection.profile.schemas import TIMES
from bartizan.http.headers import Headers
from bartizan.http.message import Request

STABLE, VISIT = Keyed(b"k" * 32, "fakes", "shop"), Keyed(b"k" * 32, "visit", "1")


@pytest.fixture(scope="module")
def profile() -> Profile:
    return Profile.decode(shop().take().encode())


def test_nothing_of_anybody_is_in_a_profile(profile: Profile) -> None:
    data = profile.encode().lower()
    for text in (b"miller", b"erika", b"firma", b"noon", b"winzerla", b"00001000"):
        assert text not in data


def test_a_list_and_its_pages_agree_though_they_were_seen_apart(profile: Profile) -> None:
    items: Any = profile.fake("GET", "/orders", STABLE)
    assert len(items) == 6
    for item in items:
        assert profile.fake("GET", f"/orders/{item['id']}", STABLE) == item
        assert 1000 <= item["id"] <= 1100
        assert item["status"] in ("paid", "shipped", "open")
        assert item["number"].startswith("ORD-")
        assert item["customer"]["email"].count("@") == 1


def test_the_same_profile_makes_the_same_and_another_key_something_else(profile: Profile) -> None:
    other = Keyed(b"o" * 32, "fakes", "shop")
    assert profile.fake("GET", "/orders/1003", STABLE) == profile.fake("GET", "/orders/1003", STABLE)
    assert profile.fake("GET", "/orders/1003", STABLE) != profile.fake("GET", "/orders/1003", other)


def test_an_error_is_the_upstreams_own(profile: Profile) -> None:
    found = profile.error(404, "/.env", VISIT, NOW)
    assert found is not None
    fields, body = found
    document = json.loads(body)
    assert (document["error"], document["path"], len(document["ref"])) == ("not_found", "/.env", 32)
    assert dict(fields)[b"server"] == b"gunicorn"
    assert profile.error(500, "/.env", VISIT, NOW) is None


def test_header_fields_of_an_unknown_kind_are_those_of_the_nearest(profile: Profile) -> None:
    fields = dict(profile.headers(201, "text/html", b"", VISIT, NOW))
    assert fields[b"server"] == b"gunicorn"
    assert fields[b"content-type"] == b"text/html"
    assert Profile().headers(200, "text/html", b"", VISIT, NOW) == [(b"content-type", b"text/html")]
    assert Profile().headers(204, "", b"", VISIT, NOW) == []


def test_paths_are_known_by_their_template(profile: Profile) -> None:
    assert profile.templates() == ["/orders/{int}", "/orders"]
    assert profile.methods("/orders/99999") == ["GET"]
    assert profile.methods("/users/1") == []
    assert profile.shape("DELETE", "/orders/1") is None
    assert profile.fake("GET", "/users/1", STABLE) is None


def test_times_are_those_seen(profile: Profile) -> None:
    assert 0.002 <= profile.latency(0.0) <= profile.latency(0.5) <= profile.latency(1.0) <= 0.02
    assert 0.01 <= Profile().latency(0.5) <= 0.04
    assert [pace_of("GET", 200), pace_of("POST", 201), pace_of("POST", 401)] == ["read", "write", "write 401"]
    assert kind_of(200, "Application/JSON; charset=x") == "200 application/json"


def test_a_path_has_its_own_times_once_enough_are_known() -> None:
    learner, draw = Learner(), random.Random(2)
    for number in range(TIMES + 20):
        for path, seconds in ((f"/orders/{number + 1}", 0.01), ("/reports", 0.5)):
            response, body = respond(200, {"id": number + 1}, draw)
            request = Request("GET", path.encode(), Headers(), path=path, authority="shop.test")
            learner.head(request, response, "192.0.2.1", seconds, NOW)
            learner.body(request, response, body, NOW)
    whole = Profile()
    whole.merge(learner.take())
    assert whole.latency(0.9, path="/orders/7") == 0.01
    assert whole.latency(0.1, path="/reports") == 0.5
    assert whole.latency(0.9, path="/nowhere") == 0.5
    assert len((whole.shapes["GET /reports"].times or Latencies()).times) == TIMES


def test_profiles_of_two_processes_are_one() -> None:
    one, other = shop(1000, seed=1).take(), shop(5000, seed=2).take()
    one.merge(other)
    shape = one.shape("GET", "/orders/1")
    assert shape is not None
    assert shape.count == 60
    schema: Any = shape.schema()
    assert (schema["properties"]["id"]["minimum"], schema["properties"]["id"]["maximum"]) == (1000, 6000)


def test_templates_are_bounded_and_the_idle_ones_go() -> None:
    profile = Profile()
    for number in range(MAX_SHAPES + 10):
        profile.place(f"GET /{number}x", float(number))
    assert len(profile.shapes) == MAX_SHAPES
    assert "GET /0x" not in profile.shapes


@pytest.mark.parametrize("data", [b"", b"\x93", b"\xc1" * 9, b"x" * (MAX_BYTES + 1)])
def test_what_is_no_profile_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        Profile.decode(data)


def test_a_profile_that_grows_too_large_forgets_its_largest_shapes() -> None:
    learned = shop().take()
    data = learned.encode(len(learned.encode()) - 10)
    assert len(Profile.decode(data).shapes) == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(documents, min_size=1, max_size=5), st.sampled_from(["/orders", "/orders/17", "/users/ada", "/"]))
def test_whatever_json_was_seen_fakes_fit_its_schema(seen: list[Any], path: str) -> None:
    learner, draw = Learner(), random.Random(1)
    for document in seen:
        see(learner, "GET", path, 200, document, draw)
    profile = Profile.decode(learner.take().encode())
    shape = profile.shape("GET", path)
    assert shape is not None
    made = profile.fake("GET", path, STABLE)
    jsonschema.Draft202012Validator(shape.schema()).validate(made)
    assert json.loads(shape.encode(made)) == made
