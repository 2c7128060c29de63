"""Asks for approvals and answers them, for tests."""

from __future__ import annotations

from bartizan.access.approvals import Approvals, Asked, Decider, Decision, TooMany, Verdict
from bartizan.storage.records.entities import Approval, Principal
from bartizan.storage.records.store import RecordStore

CONTEXT = {"address": "192.0.2.7", "place": "Vienna", "client": "Firefox on Linux"}
KEY = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y"}


class Desk:
    """Asks and answers, each in a transaction of its own, as requests do."""

    def __init__(self, store: RecordStore, approvals: Approvals, alice: Principal) -> None:
        self.store = store
        self.approvals = approvals
        self.alice = alice

    def ask_login(self, asker: str = "login", device: str = "laptop") -> Asked | TooMany:
        with self.store.transaction() as tx:
            return self.approvals.ask_login(tx, self.alice.id, asker, context=CONTEXT, device=device)

    def ask_device(self, asker: str = "new") -> Asked | TooMany:
        with self.store.transaction() as tx:
            return self.approvals.ask_device(tx, self.alice.id, asker, context=CONTEXT, data={"jwk": KEY})

    def ask_recovery(self, asker: str = "lost") -> Asked:
        with self.store.transaction() as tx:
            return self.approvals.ask_recovery(tx, self.alice.id, asker, context=CONTEXT, data={"jwk": KEY})

    def ask_reset(self, requested_by: str) -> Asked:
        with self.store.transaction() as tx:
            return self.approvals.ask_reset(tx, self.alice.id, requested_by, context=CONTEXT)

    def answer(self, asked: Asked | TooMany, verdict: Verdict, decider: Decider, number: str = "") -> Decision:
        assert isinstance(asked, Asked)
        with self.store.transaction() as tx:
            return self.approvals.answer(tx, asked.id, verdict, decider, number)

    def agree(self, asked: Asked | TooMany, decider: Decider) -> Decision:
        assert isinstance(asked, Asked)
        return self.answer(asked, "approve", decider, asked.number)

    def status(self, asked: Asked | TooMany, asker: str = "login") -> str:
        assert isinstance(asked, Asked)
        with self.store.transaction(read_only=True) as tx:
            return self.approvals.status(tx, asked.id, asker)

    def use(self, asked: Asked | TooMany, asker: str = "login") -> Approval:
        assert isinstance(asked, Asked)
        with self.store.transaction() as tx:
            return self.approvals.use(tx, asked.id, asker)

    def inbox(self, decider: Decider) -> list[str]:
        with self.store.transaction(read_only=True) as tx:
            return [shown.kind for shown in self.approvals.inbox(tx, decider)]


def wrong(asked: Asked | TooMany) -> str:
    """Return a number that is not the one shown."""
    assert isinstance(asked, Asked)
    return "10" if asked.number != "10" else "11"
