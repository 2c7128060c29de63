"""JA4 against published fingerprints and against expectations put together by hand."""

from __future__ import annotations

from hashlib import sha256

import pytest

from bartizan.edge.tls.clienthello import ClientHello
from bartizan.edge.tls.ja4 import ja4

CHROME_CIPHERS = "0a0a,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"
CHROME_ALGORITHMS = "0403,0804,0401,0503,0805,0501,0806,0601"
CHROME_EXTENSIONS = "1a1a,0000,0017,ff01,000a,000b,0023,0010,0005,000d,0012,0033,002d,002b,001b,4469,2a2a,0015"


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(code, 16) for code in text.split(",") if code)


def hello(
    ciphers: str = CHROME_CIPHERS,
    extensions: str = CHROME_EXTENSIONS,
    algorithms: str = CHROME_ALGORITHMS,
    versions: str = "3a3a,0304,0303",
    alpn: tuple[bytes, ...] = (b"h2", b"http/1.1"),
    legacy_version: int = 0x0303,
) -> ClientHello:
    return ClientHello(
        legacy_version,
        numbers(ciphers),
        numbers(extensions),
        None,
        alpn,
        numbers(algorithms),
        numbers(versions),
    )


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12]


@pytest.mark.parametrize(
    ("extensions", "algorithms", "published"),
    [
        # the example of the specification: Chrome
        (CHROME_EXTENSIONS, CHROME_ALGORITHMS, "t13d1516h2_8daaf6152771_e5627efa2ab1"),
        # Chrome 143 on Android, as shown by a public fingerprint page
        (
            "002d,0033,0010,fe0d,0017,44cd,0000,000b,000a,002b,ff01,0023,0012,0005,000d,001b,4a4a",
            CHROME_ALGORITHMS,
            "t13d1516h2_8daaf6152771_d8a2da3f94cd",
        ),
        # a Chrome with GREASE among its signature algorithms, FoxIO's test data sigalg-grease
        (
            "fe0d,0010,0017,0033,44cd,ff01,000a,000d,0023,002b,000b,ca34,002d,0000,0005,001b,0012",
            "8a8a,0904,0905,0906,0403,0804,0401,0503,0805,0501,0806,0601",
            "t13d1517h2_8daaf6152771_cb7bf5808d99",
        ),
    ],
)
def test_published_fingerprints(extensions, algorithms, published):
    assert ja4(hello(extensions=extensions, algorithms=algorithms)) == published


def test_order_of_extensions_and_ciphers_does_not_matter_but_that_of_algorithms_does():
    turned = ",".join(reversed(CHROME_EXTENSIONS.split(",")))
    ciphers = ",".join(reversed(CHROME_CIPHERS.split(",")))
    assert ja4(hello(extensions=turned, ciphers=ciphers)) == ja4(hello())
    assert ja4(hello(algorithms=",".join(reversed(CHROME_ALGORITHMS.split(","))))) != ja4(hello())


@pytest.mark.parametrize(
    ("versions", "legacy", "shown"),
    [
        ("0304,0303", 0x0303, "13"),
        ("fafa,0303", 0x0303, "12"),
        ("", 0x0303, "12"),
        ("", 0x0302, "11"),
        ("", 0x0301, "10"),
        ("", 0x0300, "s3"),
        ("7f1c", 0x0303, "00"),
        ("0a0a", 0x0302, "11"),
    ],
)
def test_version(versions, legacy, shown):
    assert ja4(hello(versions=versions, legacy_version=legacy))[1:3] == shown


@pytest.mark.parametrize(
    ("alpn", "shown"),
    [
        ((), "00"),
        ((b"h2",), "h2"),
        ((b"http/1.1", b"h2"), "h1"),
        ((b"x",), "xx"),
        ((b"\xab",), "ab"),
        ((b"\xab\xcd",), "ad"),
        ((b"\x30\xab",), "3b"),
        ((b"\x30\x31\xab\xcd",), "3d"),
        ((b"\x30\xab\xcd\x31",), "01"),
    ],
)
def test_alpn_as_the_specification_lists_it(alpn, shown):
    assert ja4(hello(alpn=alpn))[8:10] == shown


def test_without_server_name_ciphers_extensions_or_algorithms():
    assert ja4(hello(extensions="000a,000b", algorithms="", alpn=())) == (
        f"t13i150200_8daaf6152771_{digest('000a,000b')}"
    )
    assert ja4(hello(ciphers="5a5a", extensions="", algorithms="")) == "t13i0000h2_000000000000_000000000000"


def test_counts_stop_at_99():
    many = ",".join(f"{code:04x}" for code in range(0x2000, 0x2000 + 120))
    assert ja4(hello(ciphers=many, extensions=many)).startswith("t13i9999h2_")
