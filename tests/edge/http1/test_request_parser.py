"""The strict request parser, driven without sockets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.edge.http1.request_parser import CHUNK_OVERHEAD, Head, ParserLimits, RequestParser
from bartizan.errors import RequestError

HOST = b"GET / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


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


MALFORMED = {
    "transfer-encoding and content-length": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
    "content-length and transfer-encoding": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    "content-length zero and transfer-encoding": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "two equal content-lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
    "two content-lengths, the first zero": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 3\r\n\r\nabc",
    "content-length list": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc",
    "signed content-length": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
    "negative content-length": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc",
    "hexadecimal content-length": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc",
    "empty content-length": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nabc",
    "content-length with a space": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3 3\r\n\r\nabc",
    "content-length overflow": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
    "content-length 2^64+3": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551619\r\n\r\nabc",
    "obs-fold with space": HOST + b"X: a\r\n b\r\n\r\n",
    "obs-fold with tab": HOST + b"X: a\r\n\tb\r\n\r\n",
    "fold before the first field": b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    "bare LF in headers": HOST + b"X: a\nY: b\r\n\r\n",
    "bare LF everywhere": b"GET / HTTP/1.1\nHost: a\n\n",
    "bare LF after the start line": b"GET / HTTP/1.1\nHost: a\r\n\r\n",
    "bare LF ends the head": HOST + b"\n",
    "bare CR in a value": HOST + b"X: a\rY: b\r\n\r\n",
    "bare CR in the start line": b"GET /\r HTTP/1.1\r\nHost: a\r\n\r\n",
    "bare CR before CRLF": HOST + b"X: a\r\r\n\r\n",
    "space before the colon": HOST + b"X : a\r\n\r\n",
    "tab before the colon": HOST + b"X\t: a\r\n\r\n",
    "empty name": HOST + b": a\r\n\r\n",
    "no colon": HOST + b"Xa\r\n\r\n",
    "NUL in a value": HOST + b"X: a\0b\r\n\r\n",
    "NUL in a name": HOST + b"X\0: a\r\n\r\n",
    "control in a value": HOST + b"X: a\x01b\r\n\r\n",
    "DEL in a value": HOST + b"X: a\x7fb\r\n\r\n",
    "non-ASCII name": HOST + b"X\xff: a\r\n\r\n",
    "parenthesis in a name": HOST + b"X(: a\r\n\r\n",
    "transfer-encoding identity": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nabc",
    "transfer-encoding gzip, chunked": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "transfer-encoding xchunked": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "transfer-encoding chunked twice": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "transfer-encoding field twice": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    "transfer-encoding identity then chunked": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "transfer-encoding with a vertical tab": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "transfer-encoding quoted": b'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "transfer-encoding empty": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n",
    "transfer-encoding in HTTP/1.0": b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "two hosts in HTTP/1.0": b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
    "unknown method": b"FOO / HTTP/1.1\r\nHost: a\r\n\r\n",
    "lower-case method": b"get / HTTP/1.1\r\nHost: a\r\n\r\n",
    "two spaces after the method": b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    "two spaces after the target": b"GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
    "tab after the method": b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "space at the end of the start line": b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
    "space before the method": b" GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "lower-case protocol": b"GET / http/1.1\r\nHost: a\r\n\r\n",
    "another protocol": b"GET / RTSP/1.0\r\nHost: a\r\n\r\n",
    "two digits in the version": b"GET / HTTP/1.10\r\nHost: a\r\n\r\n",
    "no target": b"GET HTTP/1.1\r\nHost: a\r\n\r\n",
    "control in the target": b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
    "non-ASCII target": b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    "bare LF before the request": b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "two empty lines before the request": b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "TLS to a plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "chunk size with a minus": CHUNKED + b"-3\r\nabc\r\n0\r\n\r\n",
    "chunk size with a plus": CHUNKED + b"+3\r\nabc\r\n0\r\n\r\n",
    "chunk size with 0x": CHUNKED + b"0x3\r\nabc\r\n0\r\n\r\n",
    "chunk size with an underscore": CHUNKED + b"1_0\r\n0123456789abcdef\r\n0\r\n\r\n",
    "chunk size with a space before": CHUNKED + b" 3\r\nabc\r\n0\r\n\r\n",
    "chunk size with a space behind": CHUNKED + b"3 \r\nabc\r\n0\r\n\r\n",
    "chunk size empty": CHUNKED + b"\r\nabc\r\n0\r\n\r\n",
    "chunk size not hexadecimal": CHUNKED + b"g\r\nabc\r\n0\r\n\r\n",
    "chunk size overflow": CHUNKED + b"fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    "chunk line ended by LF": CHUNKED + b"3\nabc\r\n0\r\n\r\n",
    "chunk line ended by CR": CHUNKED + b"3\rabc\r\n0\r\n\r\n",
    "LF in a chunk extension": CHUNKED + b"3;a\nb\r\nabc\r\n0\r\n\r\n",
    "CR in a chunk extension": CHUNKED + b"3;a\rb\r\nabc\r\n0\r\n\r\n",
    "NUL in a chunk extension": CHUNKED + b"3;\0\r\nabc\r\n0\r\n\r\n",
    "LF in a quoted chunk extension": CHUNKED + b'3;a="\n"\r\nabc\r\n0\r\n\r\n',
    "chunk data not ended by CRLF": CHUNKED + b"3\r\nabcX0\r\n\r\n",
    "chunk data ended by LF": CHUNKED + b"3\r\nabc\n0\r\n\r\n",
    "chunk data longer than its size": CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n",
    "last chunk ended by LF": CHUNKED + b"0\r\n\n",
    "obs-fold in a trailer": CHUNKED + b"0\r\nT: a\r\n b\r\n\r\n",
    "bare LF in a trailer": CHUNKED + b"0\r\nT: a\nU: b\r\n\r\n",
    "content-length as a trailer": CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n",
    "space before the colon of a trailer": CHUNKED + b"0\r\nT : a\r\n\r\n",
}


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
    pieces = [stream[a:b] for a, b in zip(places, places[1:], strict=False)]
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
