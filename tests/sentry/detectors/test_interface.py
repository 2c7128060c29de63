from __future__ import annotations

import msgspec
import pytest

from bartizan.sentry.detectors import DETECTORS
from bartizan.sentry.detectors.interface import Shelf


def test_what_changed_is_told_once_and_comes_back() -> None:
    shelf = Shelf(int)
    shelf.put("a", 1)
    shelf.put("b", 2)
    again = Shelf(int)
    for key, data in shelf.changes().items():
        again.load(key, data)
    assert (again.get("a"), again.get("b"), again.get("c")) == (1, 2, None)
    assert shelf.changes() == {}


def test_what_was_put_first_goes_when_there_is_too_much() -> None:
    shelf = Shelf(int, maximum=2)
    for number, key in enumerate("abac"):
        shelf.put(key, number)
    assert (len(shelf), shelf.get("b"), shelf.get("a")) == (2, None, 2)
    assert {key for key, data in shelf.changes().items() if not data} == {"b"}


def test_what_is_no_item_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected"):
        Shelf(int).load("a", msgspec.msgpack.encode("text"))


def test_every_detector_has_a_name_of_its_own() -> None:
    assert len({each.name for each in DETECTORS}) == len(DETECTORS)
