"""Real headless Chromium, as tests drive it: profiles, a virtual authenticator, what it complains of, screenshots."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    sync_playwright,
)

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE = ViewportSize(width=360, height=740)
DESKTOP = ViewportSize(width=1280, height=800)
SCREENSHOTS = Path(os.environ.get("BARTIZAN_SCREENSHOTS", "build/screenshots"))


@contextmanager
def chromium(certificate: Path | None = None, extra: Sequence[str] = ()) -> Iterator[Browser]:
    """Run Chromium; it trusts a server with this certificate (PEM) without knowing its authority, and no other.

    ``extra`` are further arguments.
    """
    arguments = [*ARGUMENTS, *extra]
    if certificate is not None:
        arguments.append(f"--ignore-certificate-errors-spki-list={_pin(certificate)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def _pin(certificate: Path) -> str:
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


class Profile:
    """A browser profile of its own, with its cookies and its device key, as a person at one device has it.

    ``complaints`` are what the console and the page reported as errors, ``foreign`` the requests to other origins:
    good pages have neither. ``expect`` are parts of complaints that a test causes on purpose.
    """

    def __init__(
        self, browser: Browser, origin: str, *, phone: bool = False, dark: bool = False, reduced_motion: bool = True
    ) -> None:
        self.origin = origin
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self.expect: list[str] = []
        self.context: BrowserContext = browser.new_context(
            base_url=origin,
            viewport=PHONE if phone else DESKTOP,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if reduced_motion else "no-preference",
            locale="en-GB",
            timezone_id="UTC",
        )
        self.context.set_default_timeout(30_000)
        self.context.on("console", self._heard)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.context.on("request", self._asked)
        self.page: Page = self.context.new_page()

    def open(self, path: str) -> Page:
        """Go to a path of the origin; returns the page when it has loaded."""
        self.page.goto(path)
        return self.page

    def close(self) -> None:
        """End it; all that it kept is gone."""
        self.context.close()

    def unexpected(self) -> list[str]:
        """Return the complaints that no test expects."""
        return [text for text in self.complaints if not any(part in text for part in self.expect)]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.text} {message.location.get('url', '')}".strip())

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.foreign.append(request.url)


class Authenticator:
    """A virtual authenticator in one page: a passkey holder that verifies its user, always or never.

    It is there for the page's lifetime, over navigations; ``credentials`` are what it holds.
    """

    def __init__(self, page: Page, *, verifies: bool = True, backed_up: bool = False) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
            "defaultBackupEligibility": backed_up,
            "defaultBackupState": backed_up,
        }
        self._id = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    @property
    def credentials(self) -> list[dict[str, object]]:
        """What it holds: each with ``credentialId``, ``rpId``, ``userHandle``, ``signCount``, ``privateKey``."""
        found: list[dict[str, object]] = self._call("WebAuthn.getCredentials")["credentials"]
        return found

    def add(self, credential: dict[str, object]) -> None:
        """Have it hold a credential of another authenticator, as a synced or a cloned one would."""
        self._call("WebAuthn.addCredential", credential=credential)

    def verify(self, *, user: bool) -> None:
        """Say whether it verifies its user from now on."""
        self._call("WebAuthn.setUserVerified", isUserVerified=user)

    def answer(self, *, present: bool) -> None:
        """Say whether its user touches it by themselves from now on."""
        self._call("WebAuthn.setAutomaticPresenceSimulation", enabled=present)

    def remove(self) -> None:
        """Take it away."""
        self._call("WebAuthn.removeVirtualAuthenticator")

    def _call(self, method: str, **parameters: object) -> dict[str, list[dict[str, object]]]:
        answer: dict[str, list[dict[str, object]]] = self._session.send(
            method, {"authenticatorId": self._id, **parameters}
        )
        return answer


def shoot(page: Page, name: str) -> Path:
    """Save what the page shows, all of it, as ``name``.png; returns where."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path


def accessibility(page: Page) -> list[str]:
    """Return what axe-core finds wrong with the page as it is, one line each."""
    report = Axe().run(page)
    return [
        f"{violation['id']}: {violation['help']}: {[node['target'] for node in violation['nodes']]}"
        for violation in report.response["violations"]
    ]
