"""Messages to a real push service over TLS, decrypted as the browser would."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.certificates import Authority
from tests.support.push_service import Browser, PushService
from tests.support.records import make_device, make_person

from bartizan.access.factors.push import Delivery, Message, Pusher, drop_gone
from bartizan.access.factors.vapid import VapidKey
from bartizan.config.model import Push, Records
from bartizan.errors import AccessError
from bartizan.storage.records.entities import Device
from bartizan.storage.records.open import open_records

MESSAGE = Message("login", "Somebody logs in as you", "Firefox on Linux, Vienna", "q0PcNn2eVhKcIV2gGm1iXg")
ORIGIN = "https://gateway.example:8443"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def service(authority: Authority) -> Iterator[PushService]:
    with PushService(authority.server_context("localhost", "127.0.0.1")) as running:
        yield running


@pytest.fixture
def key(tmp_path: Path) -> VapidKey:
    return VapidKey.open(tmp_path)


@pytest.fixture
def browser(service: PushService, key: VapidKey) -> Browser:
    return service.subscribe(key.public)


class Post:
    """Makes pushers that trust the tests' authority."""

    def __init__(self, authority: Authority, key: VapidKey) -> None:
        self.tls: ssl.SSLContext = authority.client_context()
        self.key = key

    def pusher(self, *services: str, timeout: float = 30.0, **push: Any) -> Pusher:
        settings = Push.model_validate({"services": list(services or ("localhost",))} | push)
        return Pusher(settings, ORIGIN, self.key, time.time, tls=self.tls, timeout=timeout)

    async def send(self, browser: Browser, *services: str, **how: Any) -> Delivery:
        pusher = self.pusher(*services, **how)
        return await pusher.send(pusher.subscription(browser.to_json()), MESSAGE, 60)


@pytest.fixture
def post(authority: Authority, key: VapidKey) -> Post:
    return Post(authority, key)


async def test_a_message_arrives_and_only_the_browser_can_read_it(
    service: PushService, browser: Browser, post: Post
) -> None:
    delivery = await post.send(browser)
    assert (delivery, service.refusals) == (Delivery("sent", "localhost answered 201"), [])
    assert browser.messages == [
        {
            "kind": "login",
            "title": "Somebody logs in as you",
            "body": "Firefox on Linux, Vienna",
            "approval": MESSAGE.approval,
        }
    ]
    fields = browser.fields[0]
    assert (fields["ttl"], fields["urgency"], fields["topic"]) == ("60", "high", MESSAGE.approval)
    assert fields["host"] == f"localhost:{service.port}"
    assert "cookie" not in fields


async def test_a_message_without_an_approval_has_no_topic(browser: Browser, post: Post) -> None:
    pusher = post.pusher()
    message = Message("account", "Your account is being recovered", "Cancel it if it was not you.")
    assert (await pusher.send(pusher.subscription(browser.to_json()), message, 3600)).status == "sent"
    assert "topic" not in browser.fields[0]
    assert "approval" not in browser.messages[0]


async def test_the_service_knows_who_sends(service: PushService, post: Post, tmp_path: Path) -> None:
    stranger = service.subscribe(VapidKey.open(tmp_path / "another").public)
    assert (await post.send(stranger)).status == "refused"
    assert service.refusals == ["another application server (RFC 8292 section 4.2)"]
    assert stranger.messages == []


async def test_whom_the_service_may_reach_is_configured(service: PushService, browser: Browser, post: Post) -> None:
    assert (await post.send(browser, subject="mailto:ops@example.org")).status == "sent"
    assert post.pusher().application_server_key == browser.server_key


async def test_all_devices_that_subscribed_get_it(service: PushService, key: VapidKey, post: Post) -> None:
    person, pusher = make_person(), post.pusher()
    browsers = [service.subscribe(key.public) for _ in range(12)]
    devices = [make_device(person, push=pusher.subscription(browser.to_json())) for browser in browsers]
    silent = make_device(person)
    service.unsubscribe(browsers[0])
    deliveries = await pusher.notify([*devices, silent], MESSAGE, 60)
    assert [deliveries[device.id].status for device in devices] == ["gone"] + ["sent"] * 11
    assert silent.id not in deliveries
    assert [len(browser.messages) for browser in browsers] == [0] + [1] * 11


@pytest.mark.parametrize(
    ("status", "meaning"),
    [(200, "sent"), (202, "sent"), (404, "gone"), (410, "gone"), (400, "refused"), (403, "refused"), (413, "refused"),
     (429, "failed"), (500, "failed"), (503, "failed")],
)  # fmt: skip
async def test_what_a_status_means(
    service: PushService, browser: Browser, post: Post, status: int, meaning: str
) -> None:
    service.answer = (status, {})
    assert (await post.send(browser)).status == meaning


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nobody_is_sent_elsewhere(
    service: PushService, browser: Browser, post: Post, key: VapidKey, status: int
) -> None:
    elsewhere = service.subscribe(key.public)
    service.answer = (status, {"location": elsewhere.endpoint})
    assert (await post.send(browser)).status == "refused"
    assert elsewhere.messages == []
    assert service.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 201",
        b"HTTP/1.1 201 Created\r\n" + b"x: y\r\n" * 10_000 + b"\r\n",
        b"HTTP/1.1 201 Created" + b"x" * 100_000,
    ],
)
async def test_what_is_no_answer_fails(service: PushService, browser: Browser, post: Post, answer: bytes) -> None:
    service.answer = answer
    assert (await post.send(browser)).status == "failed"


async def test_interim_answers_are_passed_over(service: PushService, browser: Browser, post: Post) -> None:
    service.answer = b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 201 Created\r\n\r\n"
    assert (await post.send(browser)).status == "sent"


async def test_a_service_that_is_silent_takes_no_longer_than_it_may(
    service: PushService, browser: Browser, post: Post
) -> None:
    service.answer = None
    assert await post.send(browser, timeout=0.3) == Delivery("failed", "localhost took longer than 0.3 s")


@pytest.mark.parametrize("drip", [b"x", b"HTTP/1.1 100 Continue\r\n\r\n"])
async def test_a_service_that_drips_takes_no_longer_than_it_may(
    service: PushService, browser: Browser, post: Post, drip: bytes
) -> None:
    service.answer, service.dripping = drip, True
    assert "longer than" in (await post.send(browser, timeout=0.3)).detail


async def test_a_certificate_of_nobody_is_refused(service: PushService, browser: Browser, post: Post) -> None:
    post.tls = ssl.create_default_context()
    assert (await post.send(browser)).status == "failed"
    assert browser.messages == []


async def test_a_certificate_of_another_host_is_refused(authority: Authority, key: VapidKey, post: Post) -> None:
    with PushService(authority.server_context("elsewhere.test")) as service:
        browser = service.subscribe(key.public)
        assert (await post.send(browser)).status == "failed"
        assert browser.messages == []


async def test_nobody_listens(key: VapidKey, authority: Authority, post: Post) -> None:
    with PushService(authority.server_context("localhost")) as service:
        browser = service.subscribe(key.public)
    assert await post.send(browser) == Delivery("failed", "localhost: ConnectionRefusedError")


async def test_an_address_inside_is_refused_where_only_a_wildcard_covers_it(browser: Browser, post: Post) -> None:
    stored = browser.to_json() | {"endpoint": "https://127.0.0.1/x"}
    delivery = await post.pusher("*.0.0.1").send(stored, MESSAGE, 60)
    assert delivery.status == "refused"
    assert "not of the Internet" in delivery.detail


async def test_a_host_that_is_named_may_be_inside(service: PushService, browser: Browser, post: Post) -> None:
    assert (await post.send(browser, "localhost")).status == "sent"


async def test_a_service_that_is_named_no_more_gets_nothing(service: PushService, browser: Browser, post: Post) -> None:
    stored = post.pusher("localhost").subscription(browser.to_json())
    delivery = await post.pusher("fcm.googleapis.com").send(stored, MESSAGE, 60)
    assert (delivery.status, service.connections) == ("refused", 0)
    with pytest.raises(AccessError):
        post.pusher("fcm.googleapis.com").subscription(browser.to_json())


async def test_a_message_that_is_too_long_is_not_sent(service: PushService, browser: Browser, post: Post) -> None:
    pusher = post.pusher()
    message = Message("account", "x" * 2100, "")
    assert (await pusher.send(pusher.subscription(browser.to_json()), message, 60)).status == "failed"
    assert service.connections == 0


async def test_details_do_not_hold_the_endpoint(service: PushService, browser: Browser, post: Post) -> None:
    token = browser.endpoint.rpartition("/")[2]
    for answer in ((201, {}), (500, {}), b""):
        service.answer = answer  # type: ignore[assignment]
        assert token not in (await post.send(browser)).detail


def test_subscriptions_that_are_gone_are_dropped_unless_they_were_replaced(tmp_path: Path) -> None:
    store = open_records(Records(), tmp_path)
    person = make_person()
    old, new = {"endpoint": "https://a/1", "keys": {}}, {"endpoint": "https://a/2", "keys": {}}
    gone, replaced, kept = (make_device(person, push=old) for _ in range(3))
    deliveries = {gone.id: Delivery("gone", ""), replaced.id: Delivery("gone", ""), kept.id: Delivery("sent", "")}
    with store.transaction() as tx:
        tx.people.add(person)
        for device in (gone, replaced, kept):
            tx.devices.add(device)
        tx.devices.update(msgspec.structs.replace(replaced, push=new))
    with store.transaction() as tx:
        assert drop_gone(tx, [gone, replaced, kept, make_device(person, push=old)], deliveries) == 1
        left: list[Device | None] = [tx.devices.get(device.id) for device in (gone, replaced, kept)]
    assert [device.push for device in left if device] == [None, new, old]
    store.close()
