"""People who enrol and log in, against a real control server: their browsers, authenticators and apps in software."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import msgspec

from bartizan.access.factors.totp import PERIOD, code_at, step_at
from bartizan.access.sessions.model import Found, split_token
from bartizan.access.sessions.model import digest_of as session_digest
from bartizan.pipeline import Signal
from bartizan.storage.records.entities import (
    AuditEvent,
    Device,
    Group,
    Invitation,
    Principal,
    new_id,
)
from bartizan.storage.records.store import Transaction
from tests.support.authenticator import Authenticator
from tests.support.control import ORIGIN, Control
from tests.support.device import SESSION, Answer, Browser
from tests.support.sessions import Clock

T = TypeVar("T")
PASSWORD = "orchid tram violet kettle"


@dataclass
class Someone:
    """A person who is enrolled. ``browser`` is on their first device, ``secret`` is the authenticator app's."""

    world: World
    id: str
    name: str
    password: str
    browser: Browser
    authenticator: Authenticator
    secret: bytes = b""
    codes: list[str] = field(default_factory=list)

    def code(self) -> str:
        """Return the app's code of now; moves the clock to a step that was not used yet."""
        self.world.clock.forward(PERIOD)
        return code_at(self.secret, step_at(self.world.clock()))

    def log_in(self, browser: Browser | None = None, *, next: str = "/") -> Answer:  # noqa: A002 - its name
        """Log in with password and app on a trusted device; returns the last answer."""
        browser = browser or self.browser
        answer = browser.post("login", {"name": self.name, "password": self.password, "next": next})
        assert (answer.status, answer.data) == (200, {"step": "factor"}), answer
        return browser.post("factors/totp", {"code": self.code()})

    def log_in_with_passkey(self, browser: Browser | None = None) -> Answer:
        """Log in with the passkey alone."""
        browser = browser or self.browser
        options = browser.post("login/passkey/options")["publicKey"]
        return browser.post("login/passkey", {"credential": self.authenticator.get(options)})

    def prove_anew(self, factor: str = "webauthn", browser: Browser | None = None) -> Answer:
        """Step up by passkey or app."""
        browser = browser or self.browser
        begun = browser.post("reauth/begin", {"next": "/", "factor": factor})
        assert begun.status == 200, begun
        if factor == "webauthn":
            options = browser.post("factors/webauthn/options")["publicKey"]
            return browser.post("factors/webauthn", {"credential": self.authenticator.get(options)})
        return browser.post("factors/totp", {"code": self.code()})

    def confirm(self, number: str, decision: str = "approve") -> Answer:
        """Answer the one request that waits for this person, on their first device; ``number`` is what the other shows.

        A new device is confirmed with a passkey.
        """
        (waiting,) = self.browser.post("approvals")["approvals"]
        body: dict[str, Any] = {"id": waiting["id"], "decision": decision}
        if decision == "approve":
            body["number"] = number
            if waiting["kind"] == "device":
                options = self.browser.post("approvals/options", {"id": waiting["id"]})["publicKey"]
                body["credential"] = self.authenticator.get(options)
        return self.browser.post("approvals/decide", body)


class World:
    """A control server with people, a clock that is moved, and the signals that were raised.

    ``client`` is how browsers reach it, by default as the edge does, without one in between.
    """

    def __init__(self, control: Control, clock: Clock, client: httpx.Client | None = None) -> None:
        self.origin = control.config.access.origin or ORIGIN
        self.control = control
        self.clock = clock
        self.signals: list[Signal] = []
        self._client = client or control.client()
        self._others: list[httpx.Client] = []
        self._take_signals()

    def close(self) -> None:
        """Give back the connections."""
        for client in (self._client, *self._others):
            client.close()

    @property
    def client(self) -> httpx.Client:
        """Speaks to the socket, as the edge does."""
        return self._client

    def browser(self, **values: Any) -> Browser:
        """Return a new browser profile: a device that nobody knows."""
        return Browser(self._client, self.origin, self.clock, **values)

    def copies(self, browser: Browser, count: int) -> list[Browser]:
        """Return the same browser several times, each on a connection of its own and with a nonce, to begin at once."""
        made = []
        for _ in range(count):
            client = self.control.client()
            self._others.append(client)
            copy = dataclasses.replace(browser, client=client, cookies=dict(browser.cookies), nonce=None)
            copy.post("factors")
            made.append(copy)
        return made

    def in_records(self, work: Callable[[Transaction], T]) -> T:
        """Do something in a transaction of the records."""
        with self.control.services.records.transaction() as tx:
            return work(tx)

    def person(self, name: str, *groups: str) -> Principal:
        """Add somebody who is invited, with their groups."""
        handle = secrets.token_bytes(32)
        person = Principal(id=new_id(), name=name, display_name=name.title(), created=self.clock(), user_handle=handle)

        def add(tx: Transaction) -> None:
            known = {group.name for group in tx.people.groups()}
            for group in groups:
                if group not in known:
                    tx.people.add_group(Group(id=new_id(), name=group, created=self.clock()))
            tx.people.add(person)
            tx.people.set_groups(person.id, groups)

        self.in_records(add)
        return person

    def invite(self, person: Principal, purpose: str = "enrol", lifetime: float = 3600.0) -> str:
        """Return the token of an invitation."""
        token = secrets.token_urlsafe(32)
        invitation = Invitation(
            id=new_id(),
            digest=hashlib.sha256(token.encode()).digest(),
            principal=person.id,
            created=self.clock(),
            expires=self.clock() + lifetime,
            created_by="cli:test",
            purpose=purpose,  # type: ignore[arg-type]
        )
        self.in_records(lambda tx: tx.invitations.add(invitation))
        return token

    def enrol(
        self,
        name: str = "alice",
        *groups: str,
        passkey: bool = True,
        app: bool = True,
        backed_up: bool = False,
        password: str = PASSWORD,
    ) -> Someone:
        """Have somebody enrol and be logged in on their first device."""
        person = self.person(name, *groups)
        browser = self.browser()
        someone = Someone(self, person.id, name, password, browser, Authenticator(self.origin, backed_up=backed_up))
        started = browser.post("enrol/start", {"token": self.invite(person)})
        assert started.status == 200, started
        assert browser.post("enrol/password", {"password": password}).status == 200
        if passkey:
            options = browser.post("enrol/webauthn/options")["publicKey"]
            made = someone.authenticator.create(options)
            assert browser.post("enrol/webauthn", {"credential": made, "label": "Key"}).status == 200
        if app:
            shown = browser.post("enrol/totp/begin").data
            someone.secret = secret_of(shown["secret"])
            assert browser.post("enrol/totp", {"code": someone.code()}).status == 200
        finished = browser.post("enrol/finish", {"device_label": "Laptop"})
        assert finished.status == 200, finished
        assert finished["step"] == "done", finished
        someone.codes = finished["recovery_codes"]
        return someone

    def add_device(self, someone: Someone) -> Browser:
        """Have somebody log in on another device, which they confirm from their first; returns the second."""
        browser = self.browser()
        answer = browser.post("login", {"name": someone.name, "password": someone.password})
        assert answer.data == {"step": "device"}, answer
        number = browser.post("device")["number"]
        self.settle()
        assert someone.confirm(number).status == 200
        approved = browser.post("device/status")
        assert approved["step"] == "factor", approved
        assert browser.post("factors/totp", {"code": someone.code()})["step"] == "done"
        return browser

    def disable(self, someone: Someone) -> None:
        """Have somebody's account be used no more; nothing else follows from it here."""
        self.change(someone, active=False)

    def change(self, someone: Someone, **changes: Any) -> None:
        """Change the record of a person."""

        def write(tx: Transaction) -> None:
            person = tx.people.get(someone.id)
            assert person is not None
            tx.people.update(msgspec.structs.replace(person, **changes))

        self.in_records(write)

    def session(self, browser: Browser) -> Found | None:
        """Return the session of a browser's cookie as the state has it."""
        halves = split_token(browser.token or browser.cookies.get(SESSION, ""))
        if halves is None:
            return None
        digest = session_digest(halves[0])
        return self.control.run(self.control.services.sessions.by_digest(digest))

    def device(self, browser: Browser) -> Device | None:
        """Return what the records have of a browser's key."""
        return self.in_records(lambda tx: tx.devices.by_thumbprint(browser.device.thumbprint))

    def audited(self, action: str) -> list[AuditEvent]:
        """Return what the audit trail has of an action."""
        return [event for event in self.in_records(lambda tx: tx.audit.list(limit=10_000)) if event.action == action]

    def raised(self, name: str) -> list[Signal]:
        """Return the signals of a name."""
        self.settle()
        return [signal for signal in self.signals if signal.name == name]

    def settle(self) -> None:
        """Wait until everything that is done after answers is done."""
        later = self.control.server._later
        for _ in range(2000):
            if not later._tasks:
                self.control.run(asyncio.sleep(0))  # signals are on their way through the loop
                return
            time.sleep(0.002)
        raise TimeoutError("what is done after answers does not end")

    def _take_signals(self) -> None:
        def take(signal: Signal, exchange: str, at: float) -> None:
            self.signals.append(signal)

        self.control.services.signals._take = take  # type: ignore[method-assign]


def secret_of(text: str) -> bytes:
    """Return the bytes of base32 without padding."""
    return base64.b32decode(text + "=" * (-len(text) % 8))
