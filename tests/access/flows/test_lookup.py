"""Names that nobody has are asked for as often as others."""

from collections.abc import Callable

import pytest
from sqlalchemy import event
from tests.support.people import World

from bartizan.access.flows.lookup import StandIn, look_up


def statements(world: World, work: Callable[[], object]) -> list[str]:
    """Return the SQL that is sent meanwhile."""
    sent: list[str] = []
    engine = world.control.services.records._engine

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return sent


def test_as_many_questions_whoever_it_is(world: World) -> None:
    world.enrol()
    stand_in = StandIn()

    def ask(name: str) -> list[str]:
        return statements(world, lambda: world.in_records(lambda tx: look_up(tx, name, "thumbprint", stand_in)))

    known = ask("alice")

    assert sorted(known) == sorted(ask("mallory")) == sorted(ask(""))


def test_nobody_is_found_where_there_is_nobody(world: World) -> None:
    alice = world.enrol()
    stand_in = StandIn()

    nobody = world.in_records(lambda tx: look_up(tx, "mallory", alice.browser.device.thumbprint, stand_in))

    assert (nobody.person, nobody.password, nobody.codes) == (None, None, [])
    assert nobody.device is not None
    assert nobody.trusted is None


@pytest.mark.parametrize("name", ["nobody", "", "alice"])
def test_without_anybody_there_is_no_stand_in_and_no_error(world: World, name: str) -> None:
    known = world.in_records(lambda tx: look_up(tx, name, "thumbprint", StandIn()))

    assert known == (None, None, [], None)


def test_device_is_trusted_by_the_one_who_enrolled_it_while_it_is(world: World) -> None:
    alice, bob = world.enrol("alice"), world.enrol("bob")
    thumbprint = alice.browser.device.thumbprint

    def known(name: str) -> tuple[bool, bool]:
        found = world.in_records(lambda tx: look_up(tx, name, thumbprint, StandIn()))
        return found.is_theirs, found.trusted is not None

    assert (known("alice"), known(bob.name)) == ((True, True), (False, False))
    device = world.device(alice.browser)
    assert device is not None
    world.in_records(lambda tx: tx.devices.set_status(device.id, "quarantined"))
    assert known("alice") == (True, False)
