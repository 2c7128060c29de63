from bartizan.decoy.knowledge import Unknown


def test_of_what_is_not_known_there_is_nothing_but_framing() -> None:
    known = Unknown()
    assert known.example("GET", "/") is None
    assert known.methods("/") == []
    assert known.error(404, "/") is None
    assert known.fields(404, "", b"", "/") == [(b"content-length", b"0")]
    assert known.encode({"a": [1]}) == b'{"a":[1]}'
    assert 0.01 <= known.latency(0.0) <= known.latency(1.0) <= 0.04
