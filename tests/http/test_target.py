from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bartizan.errors import RequestError
from bartizan.http.target import Host, Target, normalise_path, parse_host, parse_target

UNRESERVED = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
PCHAR = UNRESERVED | set("!$&'()*+,;=:@")

# text that is dense in what matters: dots, slashes, parameters, escapes of all kinds
paths = st.lists(
    st.sampled_from(
        ["/", "/", "/", ".", "..", "a", "B", ";", "%2e", "%2E", "%2f", "%5C", "%3b", "%41", "%c3%a9", "%25", "%00",
         "%7f", "%", "%g1", "%2", "\\", "{", "|", '"', "~", ":", "%3A", "@", "=", "\x01", " ", "é"]
    ),
    max_size=12,
).map(lambda parts: "/" + "".join(parts))  # fmt: skip


def refusal(target: bytes, method: str = "GET", **settings: str) -> str:
    with pytest.raises(RequestError) as caught:
        parse_target(target, method, **settings)
    assert caught.value.status == 400
    return caught.value.reason


def path_of(target: str, **settings: str) -> str:
    return parse_target(target.encode(), "GET", **settings).path


# the forms of a target


def test_origin_form() -> None:
    assert parse_target(b"/a/b?x=1&y=%zz?", "GET") == Target("/a/b", b"x=1&y=%zz?")
    assert parse_target(b"/a?", "GET") == Target("/a", b"")


@pytest.mark.parametrize(
    ("target", "parsed"),
    [
        (b"http://Example.org:8080/a/../b?c", Target("/b", b"c", b"Example.org:8080")),
        (b"HTTPS://[2001:db8::7]", Target("/", None, b"[2001:db8::7]")),
        (b"http://a?x", Target("/", b"x", b"a")),
        (b"http://a/http://b/", Target("/http:/b/", None, b"a")),
    ],
)
def test_absolute_form(target: bytes, parsed: Target) -> None:
    assert parse_target(target, "GET") == parsed


def test_the_server_as_a_whole_is_for_options_only() -> None:
    assert parse_target(b"*", "OPTIONS") == Target("*", None)
    assert parse_target(b"http://a", "OPTIONS") == Target("*", None, b"a")  # RFC 9112 section 3.2.4
    assert parse_target(b"http://a/", "OPTIONS") == Target("/", None, b"a")
    assert refusal(b"*") == "invalid_target"


@pytest.mark.parametrize(
    "target",
    [b"", b"a", b"example.org:443", b"ftp://a/", b"http:/a", b"http://", b"http:///a", b"http://u@a/", b"*/",
     b"http://u:p@a", b"?x", b"/a#b", b"/#", b"/?#", b"/ ", b"/\t", b"/\xc3\xa9", b"/?\xc3", b"/\x00", b"/?\x7f",
     b"file:///etc/passwd", b"javascript://a/", b"http://a#b/"],
)  # fmt: skip
def test_what_is_no_target_is_refused(target: bytes) -> None:
    assert refusal(target) == "invalid_target"


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(target: bytes) -> None:
    try:
        parsed = parse_target(target, "OPTIONS")
    except RequestError:
        return
    assert parsed.path == "*" or parsed.path.startswith("/")
    assert set(parsed.query or b"") <= set(range(0x21, 0x7F)) - {ord("#")}


def test_long_targets_are_not_remembered_and_read_alike() -> None:
    long = b"/" + b"a/" * 2000 + b"../b?" + b"x" * 3000
    assert parse_target(long, "GET").path == "/" + "a/" * 1999 + "b"


# the form of a path


@pytest.mark.parametrize(
    ("given_path", "path"),
    [
        ("/", "/"), ("/a/b", "/a/b"), ("/a/b/", "/a/b/"), ("/%7Ea/%41%2d", "/~a/A-"), ("/%c3%a9", "/%C3%A9"),
        ("/a//b///", "/a/b/"), ("///", "/"), ("/a/./b/.", "/a/b/"), ("/a/../b", "/b"), ("/a/b/..", "/a/"),
        ("/a/%2e%2E/b", "/b"), ("/a/.%2e/", "/"), ("/.a/..b/...", "/.a/..b/..."), ("/a;v=1/b;", "/a;v=1/b;"),
        ("/;jsessionid=1", "/;jsessionid=1"), ("/a/;x", "/a/;x"), ("/%25%32%65", "/%252e"), ("/a:b@c=d", "/a:b@c=d"),
        ('/{a}|"<>^`[]', "/%7Ba%7D%7C%22%3C%3E%5E%60%5B%5D"), ("/%7b", "/%7B"), ("/%3a%2c", "/%3A%2C"),
    ],
)  # fmt: skip
def test_paths_are_brought_to_one_form(given_path: str, path: str) -> None:
    assert path_of(given_path) == path


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/..", "above_root"), ("/a/../..", "above_root"), ("/%2e%2e/a", "above_root"), ("/./../a", "above_root"),
        ("//../a", "above_root"), ("/%", "invalid_escape"), ("/%4", "invalid_escape"), ("/%zz", "invalid_escape"),
        ("/%4x", "invalid_escape"), ("/%%41", "invalid_escape"), ("/a%00", "control_in_path"),
        ("/%0d%0a", "control_in_path"), ("/%7F", "control_in_path"), ("/a\\b", "backslash"), ("/%2f", "escaped_slash"),
        ("/a%2Fb", "escaped_slash"), ("/%5c", "escaped_slash"), ("/..;/a", "hidden_dot_segment"),
        ("/a/..;x=1/b", "hidden_dot_segment"), ("/a/.;", "hidden_dot_segment"), ("/%2e%2e;/", "hidden_dot_segment"),
        ("/a/..%3b/b", "hidden_dot_segment"), ("/a/.;.;", "hidden_dot_segment"), ("/;/a", "hidden_empty_segment"),
        ("/a/;x/b", "hidden_empty_segment"), ("/;/", "hidden_empty_segment"),
    ],
)  # fmt: skip
def test_paths_that_two_servers_could_read_differently_are_refused(path: str, reason: str) -> None:
    assert refusal(path.encode()) == reason


def test_escaped_slashes_may_be_kept_but_hide_nothing() -> None:
    assert path_of("/a%2fb%5c", escaped_slashes="keep") == "/a%2Fb%5C"
    for path in ("/a/..%2f..%2fb", "/..%5Ca", "/a%2F..", "/a%2F.;x"):
        assert refusal(path.encode(), escaped_slashes="keep") == "hidden_dot_segment"


def reference(path: str, escaped_slashes: str) -> str | None:
    """Normalise one character at a time, as the standard words it; None is refused."""
    decoded = ""
    rest = path
    while rest:
        if rest[0] == "%":
            digits = rest[1:3]
            if len(digits) < 2 or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
                return None
            char, rest = chr(int(digits, 16)), rest[3:]
            if char < " " or char == "\x7f" or (char in "/\\" and escaped_slashes == "refuse"):
                return None
            decoded += char if char in UNRESERVED else f"%{ord(char):02X}"
        else:
            char, rest = rest[0], rest[1:]
            if not "!" <= char <= "~" or char in "#\\":
                return None
            decoded += char if char in PCHAR | {"/"} else f"%{ord(char):02X}"
    return without_dot_segments(decoded)


def without_dot_segments(path: str) -> str | None:
    output: list[str] = []
    segments = path.split("/")[1:]
    for number, segment in enumerate(segments, 1):
        last = number == len(segments)
        pieces = segment.replace("%5C", "%2F").replace("%3B", ";").split("%2F")
        if segment not in (".", "..") and any(piece.split(";")[0] in (".", "..") for piece in pieces):
            return None
        if segment.startswith(";") and not last:
            return None
        if segment == "..":
            if not output:
                return None
            output.pop()
        elif segment not in ("", "."):
            output.append(segment)
        if last and segment in ("", ".", "..") and output:
            output.append("")
    return "/" + "/".join(output)


@given(paths, st.sampled_from(["refuse", "keep"]))
@example("/a/..%3B", "refuse")
@example("/.;", "refuse")
@example("/a/%2e%2e/%2E/;", "keep")
def test_normalisation_is_that_of_the_reference(path: str, escaped_slashes: str) -> None:
    try:
        normal: str | None = path_of(path, escaped_slashes=escaped_slashes)
    except RequestError:
        normal = None
    assert normal == reference(path, escaped_slashes)


@given(paths, st.sampled_from(["refuse", "keep"]))
def test_a_normal_path_stays_as_it_is_and_below_the_root(path: str, escaped_slashes: str) -> None:
    try:
        normal = path_of(path, escaped_slashes=escaped_slashes)
    except RequestError:
        return
    assert normalise_path(normal.encode(), escaped_slashes) == normal
    assert normal.startswith("/")
    assert not {"", ".", ".."} & set(normal.split("/")[1:-1])
    assert normal.split("/")[-1] not in (".", "..")
    assert set(normal) <= PCHAR | set("/%")


# hosts


@pytest.mark.parametrize(
    ("value", "host"),
    [
        (b"Example.ORG", Host("example.org", None)), (b"a:80", Host("a", 80)), (b"a.", Host("a", None)),
        (b"a.b.:65535", Host("a.b", 65535)), (b"a_b-c.d", Host("a_b-c.d", None)),
        (b"192.0.2.7:1", Host("192.0.2.7", 1)), (b"[2001:DB8::0:7]", Host("2001:db8::7", None)),
        (b"[::1]:8080", Host("::1", 8080)),
        (b"[::ffff:192.0.2.7]", Host("192.0.2.7", None)),
        (b"xn--bcher-kva.example", Host("xn--bcher-kva.example", None)),
        (b"1a.2b", Host("1a.2b", None)), (b"a." * 127 + b"a", Host("a." * 127 + "a", None)),
    ],
)  # fmt: skip
def test_hosts_have_one_form(value: bytes, host: Host) -> None:
    assert parse_host(value) == host


@pytest.mark.parametrize(
    "value",
    [b"", b".", b"a..b", b".a", b"-a", b"a..", b"a b", b"u@a", b"a/b", b"a,b", b"a:", b"a:0", b"a:65536", b"a:+1",
     b"a:x", b"a:1:2", b"a:000080", b"[::1", b"::1", b"[::1]x", b"[::1]:", b"[1.2.3.4]", b"[v1.a]", b"[fe80::1%25eth0]",
     b"[]", b"1.2.3", b"1.2.3.256", b"01.2.3.4", b"a.1", b"0x7f.1", b"2130706433", b"%61", b"b\xc3\xbc", b"\x00", b"*",
     b"a" * 64, b"a." * 127 + b"bc", b"a:\xb2", b"a\n"],
)  # fmt: skip
def test_what_is_no_host_is_refused(value: bytes) -> None:
    with pytest.raises(RequestError) as caught:
        parse_host(value)
    assert (caught.value.status, caught.value.reason) == (400, "invalid_host")


@given(st.binary(max_size=20))
def test_any_bytes_are_a_host_in_its_own_form_or_refused(value: bytes) -> None:
    try:
        host, port = parse_host(value)
    except RequestError:
        return
    written = f"[{host}]" if ":" in host else host
    assert parse_host((written if port is None else f"{written}:{port}").encode()) == Host(host, port)


def test_attackers_cannot_make_what_is_remembered_grow() -> None:
    for number in range(10_000):
        parse_host(b"h%d.example" % number)
        parse_target(b"/%d" % number, "GET")
    assert parse_host.cache_info().currsize <= 4096
