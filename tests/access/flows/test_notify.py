"""Trusted devices are told by Web Push, through a real push service."""

import dataclasses
import time
from collections.abc import Iterator

import msgspec
import pytest
from tests.support.certificates import Authority
from tests.support.device import Browser
from tests.support.people import World
from tests.support.push_service import Browser as Subscription
from tests.support.push_service import PushService

from bartizan.access.factors.push import Pusher
from bartizan.access.flows.notify import MESSAGES, Notice, notify_devices
from bartizan.access.flows.parts import Parts
from bartizan.config.model import Push


@pytest.fixture
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def service(authority: Authority) -> Iterator[PushService]:
    with PushService(authority.server_context("localhost", "127.0.0.1")) as running:
        yield running


@pytest.fixture
def parts(world: World, authority: Authority) -> Parts:
    """The parts of the server, with a pusher that trusts the tests' authority."""
    opened = world.control.services.opened
    settings = Push(services=["localhost"])
    pusher = Pusher(settings, "https://gateway.test", opened.vapid, time.time, tls=authority.client_context())
    return dataclasses.replace(world.control.services.parts, pusher=pusher)


def subscribe(world: World, service: PushService, browser: Browser) -> Subscription:
    subscription = service.subscribe(world.control.services.opened.vapid.public)
    device = world.device(browser)
    assert device is not None
    changed = msgspec.structs.replace(device, push=subscription.to_json())
    world.in_records(lambda tx: tx.devices.update(changed))
    return subscription


def test_all_trusted_devices_but_the_one_that_asks_are_told(world: World, service: PushService, parts: Parts) -> None:
    alice = world.enrol()
    second, third = world.add_device(alice), world.add_device(alice)
    subscriptions = [subscribe(world, service, browser) for browser in (alice.browser, second, third)]
    asking, revoked = world.device(second), world.device(third)
    assert asking is not None
    assert revoked is not None
    world.in_records(lambda tx: tx.devices.set_status(revoked.id, "quarantined"))

    world.control.run(notify_devices(parts, alice.id, "login", approval="a" * 22, besides=asking.id))

    assert service.refusals == []
    assert [len(each.messages) for each in subscriptions] == [1, 0, 0]
    (message,) = subscriptions[0].messages
    assert (message["kind"], message["approval"]) == ("login", "a" * 22)


def test_subscription_that_is_gone_is_forgotten(world: World, service: PushService, parts: Parts) -> None:
    alice = world.enrol()
    service.unsubscribe(subscribe(world, service, alice.browser))

    world.control.run(notify_devices(parts, alice.id, "recovery"))

    device = world.device(alice.browser)
    assert device is not None
    assert device.push is None


def test_nobody_is_told_where_nobody_subscribed(world: World, service: PushService, parts: Parts) -> None:
    alice = world.enrol()

    world.control.run(notify_devices(parts, alice.id, "device"))

    assert service.connections == 0


@pytest.mark.parametrize("notice", MESSAGES)
def test_messages_hold_no_number_and_are_short(notice: Notice) -> None:
    text = MESSAGES[notice]

    assert not any(character.isdigit() for character in text.title + text.body)
    assert len(text.title) + len(text.body) < 200
    assert text.ttl > 0
