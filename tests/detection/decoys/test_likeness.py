from __future__ import annotations

import random
import uuid

import pytest
from tests.detection.profile.traffic import see, shop
from tests.support.decoys import KEY, NOW, decoy_set

from bartizan.config.model import DecoyPath, DecoySettings
from bartizan.detection.decoys.likeness import Likenesses, concrete
from bartizan.detection.decoys.table import chosen
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.profile.learner import Learner
from bartizan.detection.profile.profile import Profile

KEYED = Keyed(KEY, "like")


@pytest.fixture(scope="module")
def profile() -> Profile:
    return shop().take()


def test_ids_in_braces_become_some_that_could_be(profile: Profile) -> None:
    made = concrete("/orders/{id}", profile, KEYED)
    assert made == concrete("/orders/{number}", profile, KEYED)
    assert 1000 <= int(made.removeprefix("/orders/")) <= 1100


def test_what_was_not_seen_and_what_has_no_braces_stays_as_it_is(profile: Profile) -> None:
    assert concrete("/payments/{id}", profile, KEYED) == "/payments/{id}"
    assert concrete("/orders/17", profile, KEYED) == "/orders/17"


def test_each_part_in_braces_is_of_its_kind() -> None:
    learner, draw = Learner(), random.Random(1)
    for number in range(8):
        path = f"/shops/{number + 1}/tokens/{uuid.UUID(int=draw.getrandbits(128), version=4)}"
        see(learner, "GET", path, 200, {"name": "x"}, draw)
    _, shops, number, tokens, last = concrete("/shops/{shop}/tokens/{token}", learner.take(), KEYED).split("/")
    assert (shops, tokens) == ("shops", "tokens")
    assert int(number) > 0
    assert str(uuid.UUID(last)) == last


def test_a_decoy_answers_like_what_it_is_said_to_be_like(profile: Profile) -> None:
    own = [DecoyPath(path="/payroll", kind="json", like="/orders/{id}")]
    decoys = decoy_set(DecoySettings(builtin="none", paths=own))
    response = decoys.answers.response(decoys.by_path["/payroll"], profile, "visit", NOW, method="GET")
    assert response.status == 200
    assert b'"status": ' in response.body.peek()


async def test_what_was_made_beforehand_is_what_would_be_made(profile: Profile) -> None:
    own = [DecoyPath(path="/payroll", kind="json", like="/orders/{id}"), DecoyPath(path="/all", like="/orders")]
    decoys = chosen(DecoySettings(builtin="none", paths=own))
    one, other = Likenesses(KEY, decoys), Likenesses(KEY, decoys)
    await one.prepare([profile, Profile()])
    for decoy in decoys:
        made = one.content(decoy, profile)
        assert made == other.content(decoy, profile)
        assert made is one.content(decoy, profile)
    await one.prepare([Profile.decode(profile.encode())])
    assert one.content(decoys[0], Profile()) is None
