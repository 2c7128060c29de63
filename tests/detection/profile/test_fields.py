import random

import msgspec
from tests.detection.profile.traffic import NOW, respond

from bartizan.detection.fakes.forms import moment, moment_of
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.profile.candidates import Candidates
from bartizan.detection.profile.fields import Fields

KEY = b"k" * 32


def learned(count: int = 12) -> Fields:
    fields, candidates, draw = Fields(), Candidates(), random.Random(3)
    for index in range(count):
        response, _ = respond(200, {"id": index}, draw)
        fields.learn(response.headers.items, "200", index, candidates)
    return fields


def made(fields: Fields, visit: str = "1", body: bytes = b"{}") -> dict[bytes, bytes]:
    return dict(fields.make("application/json", body, Keyed(KEY, "visit", visit), NOW))


def test_fields_are_there_in_order_with_what_software_says() -> None:
    fields = made(learned())
    assert list(fields)[:4] == [b"server", b"date", b"content-type", b"etag"]
    assert fields[b"server"] == b"gunicorn"
    assert fields[b"x-app"] == b"shop-api"
    assert fields[b"content-type"] == b"application/json; charset=utf-8"
    assert fields[b"date"] == b"Mon, 21 Sep 2026 14:13:20 GMT"


def test_nothing_of_people_is_kept() -> None:
    fields = learned()
    assert b"erika" not in msgspec.msgpack.encode(fields)
    cookie = made(fields)[b"set-cookie"]
    assert cookie.startswith(b"sid=")
    assert cookie.endswith(b"; Path=/; HttpOnly; Secure; SameSite=Lax")
    assert len(cookie.partition(b";")[0]) == 36


def test_what_names_a_visit_changes_and_what_names_content_does_not() -> None:
    fields = learned()
    one, other, else_ = made(fields, "1"), made(fields, "2"), made(fields, "1", b"[]")
    assert one[b"x-request-id"] != other[b"x-request-id"]
    assert one[b"etag"] == other[b"etag"]
    assert one[b"etag"] != else_[b"etag"]
    assert one[b"etag"].startswith(b'W/"')


def test_few_samples_show_no_values_but_those_of_software() -> None:
    fields = made(learned(3))
    assert fields[b"server"] == b"gunicorn"
    assert fields[b"x-app"] != b"shop-api"


def test_merging_keeps_the_order_and_adds_new_fields_in_their_place() -> None:
    one, other = learned(), Fields()
    candidates = Candidates()
    for index in range(30):
        items = [(b"server", b"gunicorn"), (b"x-new", b"on"), (b"date", b"x"), (b"content-length", b"5")]
        other.learn(items, "200", index, candidates)
    one.merge(other)
    assert list(one.fields)[:3] == [b"server", b"x-new", b"date"]
    assert b"content-length" not in one.fields


def test_fields_are_bounded() -> None:
    fields = Fields()
    fields.learn([(b"x-%d" % n, b"1") for n in range(500)], "200", 1, Candidates())
    assert len(fields.fields) == 64
    many = Fields()
    many.learn([(b"set-cookie", b"c%s=1; Expires=x" % bytes([97 + n])) for n in range(20)], "200", 1, Candidates())
    assert len(many.cookies) == 8
    assert b"; Expires=" in made(many)[b"set-cookie"]


def test_tags_and_times_of_files_agree_as_those_of_a_server_do() -> None:
    fields, candidates, draw = Fields(), Candidates(), random.Random(5)
    oldest, newest = NOW, 0.0
    for number in range(12):
        at = float(int(NOW - draw.randrange(200 * 86400)))
        oldest, newest = min(oldest, at), max(newest, at)
        items = [
            (b"last-modified", moment("http-date", at).encode()),
            (b"etag", b'"%x-%x"' % (int(at), 300 + number)),
            (b"accept-ranges", b"bytes"),
        ]
        fields.learn(items, "200 text/plain", number, candidates, 300 + number)
    other = Fields()
    other.merge(fields)
    ages = set()
    for size in range(40):
        body = b"x" * size
        told = dict(other.make("text/plain", body, Keyed(KEY, "visit", str(size)), NOW))
        again = dict(other.make("text/plain", body, Keyed(KEY, "visit", "another"), NOW + 5))
        assert told == again
        at = moment_of(told[b"last-modified"].decode()) or 0.0
        assert told[b"etag"] == b'"%x-%x"' % (int(at), size)
        assert oldest - 30 * 86400 <= at <= newest
        ages.add(at)
    assert max(ages) - min(ages) > 100 * 86400


def test_weak_tags_are_those_of_compressed_files() -> None:
    fields, candidates = Fields(), Candidates()
    for number in range(6):
        at = NOW - 1000 * number
        items = [(b"last-modified", moment("http-date", at).encode()), (b"etag", b'W/"%x-%x"' % (int(at), 900))]
        fields.learn(items, "200 text/plain", number, candidates)
    assert made(fields)[b"etag"].startswith(b'W/"')
    assert made(fields)[b"etag"].endswith(b'-2"')
