from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from tests.support.push_service import encode

from bartizan.access.factors.subscription import PushServices, is_public, read_subscription
from bartizan.config.model import Push
from bartizan.errors import AccessError

SERVICES = PushServices(Push().services)
POINT = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
KEYS = {"p256dh": encode(POINT), "auth": encode(b"a" * 16)}
ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc:def-_"


def subscription(endpoint: str = ENDPOINT, **keys: Any) -> dict[str, Any]:
    return {"endpoint": endpoint, "expirationTime": None, "keys": KEYS | keys}


def refuses(value: object, services: PushServices = SERVICES) -> bool:
    try:
        read_subscription(value, services)
    except AccessError as error:
        return error.code == "push_subscription"
    return False


@pytest.mark.parametrize(
    ("endpoint", "origin", "target", "trusted"),
    [
        (ENDPOINT, "https://fcm.googleapis.com", "/fcm/send/abc:def-_", True),
        (
            "https://updates.push.services.mozilla.com:443/wpush/v2/gA=",
            "https://updates.push.services.mozilla.com",
            "/wpush/v2/gA=",
            True,
        ),
        (
            "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAB%2bx",
            "https://wns2-par02p.notify.windows.com",
            "/w/?token=BQYAAAB%2bx",
            False,
        ),
        ("https://web.push.apple.com/QGuQ", "https://web.push.apple.com", "/QGuQ", False),
    ],
)
def test_what_browsers_send_is_read(endpoint: str, origin: str, target: str, trusted: bool) -> None:
    read = read_subscription(subscription(endpoint), SERVICES)
    assert (read.origin, read.target, read.trusted) == (origin, target, trusted)
    assert read.stored() == {"endpoint": endpoint, "keys": KEYS}
    assert read_subscription(read.stored(), SERVICES) == read


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "http://fcm.googleapis.com/x",
        "HTTPS://fcm.googleapis.com/x",
        "https://fcm.googleapis.com",
        "https://FCM.googleapis.com/x",
        "https://fcm.googleapis.com./x",
        "https://fcm.googleapis.com.evil.test/x",
        "https://evil.test/fcm.googleapis.com",
        "https://evil.test#fcm.googleapis.com/x",
        "https://evil.test\\@fcm.googleapis.com/x",
        "https://user@fcm.googleapis.com/x",
        "https://fcm.googleapis.com@evil.test/x",
        "https://fcm.googleapis.com:0/x",
        "https://fcm.googleapis.com:65536/x",
        "https://fcm.googleapis.com:/x",
        "https://fcm.googleapis.com:443:443/x",
        "https://fcm..googleapis.com/x",
        "https://fcm.googleapis.com/x y",
        "https://fcm.googleapis.com/x\r\nHost: evil.test",
        "https://fcm.googleapis.com/x\n",
        "https://fcm.googleapis.com/x#fragment",
        "https://fcm.googleapis.com/ä",
        "https://fcm.googleapis.com/" + "x" * 2000,
        "https://push.apple.com/x",
        "https://.push.apple.com/x",
        "https://-.push.apple.com/x",
        "https://evilpush.apple.com/x",
        "https://web.push.apple.com:8443/x",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/x",
        "https://2130706433/x",
        "https://localhost/x",
        " https://fcm.googleapis.com/x",
        "file:///etc/passwd",
    ],
)
def test_no_other_address_is_ever_posted_to(endpoint: str) -> None:
    assert refuses(subscription(endpoint))


def test_a_host_that_is_named_may_have_any_port() -> None:
    services = PushServices(["localhost", "127.0.0.1", "*.Example.org."])
    assert read_subscription(subscription("https://localhost:8443/x"), services).origin == "https://localhost:8443"
    assert read_subscription(subscription("https://127.0.0.1:8443/x"), services).trusted
    assert not read_subscription(subscription("https://a.b.example.org/x"), services).trusted
    assert refuses(subscription("https://a.b.example.org:444/x"), services)
    assert refuses(subscription("https://127.0.0.2:8443/x"), services)


@pytest.mark.parametrize(
    "keys",
    [
        {"p256dh": ""},
        {"p256dh": None},
        {"p256dh": encode(b"\x04" + b"\x01" * 64)},
        {"p256dh": encode(b"\x05" + POINT[1:])},
        {"p256dh": encode(POINT[:-1])},
        {"p256dh": encode(POINT)[:-1] + "*"},
        {"p256dh": "ä" * 87},
        {"auth": encode(b"a" * 15)},
        {"auth": encode(b"a" * 17)},
        {"auth": 1},
        {"auth": "=" * 22},
    ],
)
def test_keys_that_are_none_are_refused(keys: dict[str, Any]) -> None:
    assert refuses(subscription(**keys))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=99),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["endpoint", "keys", "p256dh", "auth", "x"]), inner, max_size=4)
        ),
    )
)
def test_anything_else_is_refused(value: Any) -> None:
    assert refuses(value)


@given(st.text(st.characters(codec=None), max_size=60))
def test_whatever_follows_a_name_it_stays_that_host(rest: str) -> None:
    endpoint = "https://fcm.googleapis.com" + rest
    if not refuses(subscription(endpoint)):
        assert read_subscription(subscription(endpoint), SERVICES).host == "fcm.googleapis.com"
        assert rest.isascii()
        assert rest.isprintable()


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_of_the_internet(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.1.2.3",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "4000::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::1",
        "2002:a00:1::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)
def test_addresses_of_networks_of_our_own(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
