"""Whole lives of approvals: whatever people do in whatever order, the promises hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from tests.support.records import make_person
from tests.support.sessions import Clock

from bartizan.access.approvals import Approvals, Asked, Decider, Verdict
from bartizan.access.approvals.machine import MAX_ATTEMPTS
from bartizan.config.model import Access, Records
from bartizan.errors import AccessError
from bartizan.storage.records.approvals import USE_GRACE
from bartizan.storage.records.open import open_records
from bartizan.storage.records.store import RecordStore

DEVICES = ("phone", "laptop")
CONTEXT = {"address": "192.0.2.7"}


@dataclass
class Life:
    """What was asked, and all that happened since: event and time."""

    kind: str
    asked: Asked
    asker: str
    requested_by: str = ""
    happened: list[tuple[str, float]] = field(default_factory=list)

    def times(self, event: str) -> int:
        return sum(name == event for name, _ in self.happened)


class Lives(RuleBasedStateMachine):
    """One person with two devices, two administrators, a stranger, and a clock."""

    lives = Bundle("lives")

    def __init__(self, store: RecordStore) -> None:
        super().__init__()
        self.store = store
        self.clock = Clock()
        self.askers = 0
        self.logins: list[float] = []

    @initialize()
    def begin(self) -> None:
        people = [make_person(f"person {make_person().id}") for _ in range(3)]
        with self.store.transaction() as tx:
            for person in people:
                tx.people.add(person)
        self.person, *self.administrators = (person.id for person in people)
        self.approvals = Approvals(Access.model_validate({"push": {"per_hour": 3}}), self.clock)

    @rule(target=lives, kind=st.sampled_from(["device", "login", "recovery", "reset"]), who=st.integers(0, 1))
    def ask(self, kind: str, who: int) -> Life | None:
        self.askers += 1
        asker = f"asker {self.askers}"
        requested_by = ""
        with self.store.transaction() as tx:
            if kind == "device":
                asked = self.approvals.ask_device(tx, self.person, asker, context=CONTEXT, data={})
            elif kind == "login":
                asked = self.approvals.ask_login(tx, self.person, asker, context=CONTEXT, device="laptop")
            elif kind == "recovery":
                asked = self.approvals.ask_recovery(tx, self.person, asker, context=CONTEXT, data={})
            else:
                asker = requested_by = self.administrators[who]
                asked = self.approvals.ask_reset(tx, self.person, requested_by, context=CONTEXT)
        if not isinstance(asked, Asked):
            return None
        if kind == "login":
            self.logins.append(self.clock())
            assert sum(time > self.clock() - 3600 for time in self.logins) <= 3
        return Life(kind, asked, asker, requested_by)

    @rule(
        life=lives,
        verdict=st.sampled_from(["approve", "approve", "approve", "deny", "not_me", "cancel"]),
        who=st.sampled_from(["phone", "phone", "laptop", "first", "second", "self as administrator", "stranger"]),
        right=st.booleans(),
        gesture=st.booleans(),
    )
    def answer(self, life: Life | None, verdict: Verdict, who: str, right: bool, gesture: bool) -> None:
        if life is None:
            return
        decider = self.decider(who, gesture)
        number = life.asked.number if right else "99" if life.asked.number != "99" else "98"
        try:
            with self.store.transaction() as tx:
                decision = self.approvals.answer(tx, life.asked.id, verdict, decider, number)
        except AccessError:
            return
        if decision.event == "gone":
            return
        now = self.clock()
        assert now < life.asked.expires or (decision.event == "cancel" and life.times("approve"))
        assert not life.times("used")
        if decision.event != "cancel":
            assert all(name == "miss" for name, _ in life.happened), "decided twice"
        assert life.times("miss") + (decision.event in ("miss", "last_miss")) <= MAX_ATTEMPTS
        if decision.approved:
            self.check_approval(life, decider, who, right=right)
        assert decision.password_change == (decision.event == "not_me")
        life.happened.append((decision.event, now))

    def check_approval(self, life: Life, decider: Decider, who: str, *, right: bool) -> None:
        if life.kind in ("device", "login"):
            assert right
            assert decider.principal == self.person
            assert life.kind != "login" or decider.device != "laptop"
            assert life.kind != "device" or decider.gesture
        else:
            assert decider.administrator
            assert decider.principal != self.person
            assert life.kind != "reset" or decider.principal != life.requested_by

    @rule(life=lives, mine=st.booleans())
    def use(self, life: Life | None, mine: bool) -> None:
        if life is None:
            return
        try:
            with self.store.transaction() as tx:
                self.approvals.use(tx, life.asked.id, life.asker if mine else "another")
        except AccessError:
            return
        assert mine
        assert life.times("approve") == 1
        assert not life.times("used")
        assert not life.times("cancel")
        assert life.asked.not_before <= self.clock() < life.asked.expires + USE_GRACE
        life.happened.append(("used", self.clock()))

    @rule(life=lives)
    def look(self, life: Life | None) -> None:
        if life is None:
            return
        with self.store.transaction(read_only=True) as tx:
            status = self.approvals.status(tx, life.asked.id, life.asker)
        happened = [name for name, _ in life.happened if name != "miss"]
        last = happened[-1] if happened else ""
        expected = {"": {"pending", "expired"}, "approve": {"approved", "expired"}, "used": {"used"}}
        assert status in expected.get(last, {"denied"})

    @rule(seconds=st.sampled_from([1.0, 25.0, 59.0, 61.0, 1000.0, 86_400.0]))
    def wait(self, seconds: float) -> None:
        self.clock.forward(seconds)

    def decider(self, who: str, gesture: bool) -> Decider:
        if who in DEVICES:
            return Decider(principal=self.person, device=who, gesture=gesture)
        if who == "stranger":
            return Decider(principal="stranger", device="phone", gesture=gesture)
        names = {"first": self.administrators[0], "second": self.administrators[1]}
        return Decider(principal=names.get(who, self.person), device="desktop", administrator=True, gesture=gesture)


def test_no_life_breaks_a_promise(tmp_path: Path) -> None:
    store = open_records(Records(), tmp_path)
    try:
        run_state_machine_as_test(lambda: Lives(store), settings=settings(max_examples=60, stateful_step_count=30))
    finally:
        store.close()
