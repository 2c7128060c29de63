"""The strict request parser, driven without sockets."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.malformed import CHUNKED, HOST, MALFORMED

from bartizan.edge.http1.request_parser import CHUNK_OVERHEAD, Head, ParserLimits, RequestParser
from bartizan.errors import RequestError


class Recorder:
    """A sink that writes down what it is told, and asks for the next request at once."""

    def __init__(self) -> None:
        self.requests: list[tuple[Head, bytearray, list[tuple[bytes, bytes]] | None]] = []

    def on_request(self, head: Head) -> None:
        self.requests.append((head, bytearray(), None))

    def on_request_data(self, data: bytes) -> None:
        self.requests[-1][1].extend(data)

    def on_request_end(self, trailers: list[tuple[bytes, bytes]]) -> None:
        head, body, _ = self.requests[-1]
        self.requests[-1] = (head, body, trailers)

    def complete(self) -> list[tuple[str, bytes, bytes, list[tuple[bytes, bytes]]]]:
        return [(h.method, h.target, bytes(b), t) for h, b, t in self.requests if t is not None]


def parse(*pieces: bytes, limits: ParserLimits | None = None) -> Recorder:
    recorder = Recorder()
    parser = RequestParser(recorder, limits or ParserLimits())
    for piece in pieces:
        parser.feed(piece)
        while not parser.in_request and not parser.idle:
            before = len(recorder.requests)
            parser.next_request()
            if len(recorder.requests) == before:
                break
    return recorder


def refusal(*pieces: bytes, limits: ParserLimits | None = None) -> RequestError:
    with pytest.raises(RequestError) as caught:
        parse(*pieces, limits=limits)
    return caught.value


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_two_servers_could_read_differently_is_refused(data: bytes) -> None:
    assert refusal(data).status == 400


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_it_is_refused_byte_by_byte_too(data: bytes) -> None:
    assert refusal(*(data[i : i + 1] for i in range(len(data)))).status == 400


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 405),
        (b"CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"CONNECT a: HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"CONNECT a:x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/0.9\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (HOST + b"Expect: 200-ok\r\n\r\n", 417),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (b"GET /" + b"a" * 9000, 414),
        (HOST + b"X: " + b"a" * 40000, 431),
        (HOST + b"X: " + b"a" * 40000 + b"\r\n\r\n", 431),
        (HOST + b"X: a\r\n" * 200 + b"\r\n", 431),
        (CHUNKED + b"0\r\n" + b"X: a\r\n" * 200 + b"\r\n", 431),
    ],
)
def test_what_is_not_served_or_too_large_has_its_own_status(data: bytes, status: int) -> None:
    assert refusal(data).status == status


def test_a_chunked_body_made_of_framing_is_refused() -> None:
    pieces = [CHUNKED, *([b"1;" + b"x" * 1000 + b"\r\na\r\n"] * (CHUNK_OVERHEAD // 500))]
    assert refusal(*pieces).reason == "chunk_overhead"


def test_one_byte_chunks_are_accepted() -> None:
    recorder = parse(CHUNKED + b"1\r\na\r\n" * 20000 + b"0\r\n\r\n")
    assert recorder.complete()[0][2] == b"a" * 20000


def test_header_names_with_an_underscore_follow_the_policy() -> None:
    data = HOST + b"X_Real_IP: 1.2.3.4\r\nX-Ok: 1\r\n\r\n"
    names = [
        [name for name, _ in parse(data, limits=ParserLimits(underscores=policy)).requests[0][0].fields]
        for policy in ("drop", "allow")
    ]
    assert names == [[b"host", b"x-ok"], [b"host", b"x_real_ip", b"x-ok"]]
    assert refusal(data, limits=ParserLimits(underscores="refuse")).reason == "underscore"


def test_trailers_that_could_change_the_message_are_dropped() -> None:
    recorder = parse(CHUNKED + b"3\r\nabc\r\n0\r\nX-Sum: 1\r\nHost: evil\r\nAuthorization: x\r\n\r\n")
    assert recorder.complete() == [("POST", b"/", b"abc", [(b"x-sum", b"1")])]


def test_white_space_around_values_is_dropped() -> None:
    head = parse(HOST + b"X: \t a b \t\r\n\r\n").requests[0][0]
    assert head.fields[1] == (b"x", b"a b")


def test_what_follows_an_upgrade_request_is_kept_raw() -> None:
    recorder = Recorder()
    parser = RequestParser(recorder, ParserLimits())
    parser.feed(HOST + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello")
    parser.feed(b"more")
    assert recorder.requests[0][0].upgrade == b"websocket"
    assert parser.take_rest() == b"\x81\x05hellomore"


def test_an_upgrade_that_is_not_taken_up_goes_on_as_http() -> None:
    recorder = parse(HOST + b"Connection: upgrade\r\nUpgrade: h2c\r\n\r\n" + b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
    assert [target for _, target, _, _ in recorder.complete()] == [b"/", b"/next"]


def test_only_one_request_is_parsed_until_the_next_is_asked_for() -> None:
    recorder = Recorder()
    parser = RequestParser(recorder, ParserLimits())
    parser.feed(CHUNKED + b"3\r\nabc\r\n0\r\n\r\n" + HOST + b"\r\n" + HOST + b"\r\n")
    assert len(recorder.requests) == 1
    parser.next_request()
    assert len(recorder.requests) == 2
    assert not parser.idle


REQUESTS = (
    HOST + b"\r\n",
    b"POST /cl HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n\r\n\r\nGET / HT",
    CHUNKED + b'a;ext="v"\r\n\r\n\r\n0\r\n\r\nx\r\n1\r\na\r\n0\r\nX-T: v\r\n\r\n',
    b"\r\n" + HOST + b"X: y\r\n\r\n",
    b"PUT /zero HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    CHUNKED + b"0\r\n\r\n",
)


@given(st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=6), st.lists(st.integers(0, 600), max_size=12))
def test_where_the_network_cuts_the_stream_changes_nothing(requests: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(requests)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[a:b] for a, b in pairwise(places)]
    whole = [parse(request).complete()[0] for request in requests]
    assert parse(*pieces).complete() == whole


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_or_wait_but_never_crash(data: bytes) -> None:
    try:
        parse(data)
        parse(HOST + data)
        parse(CHUNKED + data)
    except RequestError as error:
        assert error.status in (400, 405, 413, 414, 417, 431, 505)  # noqa: PT017
