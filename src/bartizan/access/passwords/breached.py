"""Asking a range service whether a password is known from a breach, without telling it which one (k-anonymity).

The service gets the first five digits of the password's SHA-1, and answers with the rest of all hashes that begin so
and how often each was seen: the range API of Have I Been Pwned, and of those that offer the same. With ``Add-Padding``
it adds made-up ones, seen 0 times, so that the length of the answer does not tell which range was asked for.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from urllib.parse import urlsplit

import httptools

from bartizan.access.passwords.hashing import normalised
from bartizan.config.model import BreachedPasswords as Settings
from bartizan.errors import PasswordRefused, RangeServiceError

__all__ = ["BreachedPasswords"]

MAX_ANSWER = 512 * 1024  # bytes, with its head; a padded range has about 40 KiB
_PIECE = 16 * 1024
_DIGITS = 5  # of 40
_UNKNOWN = "It cannot be checked now whether this password is known from a breach. Try again later."


class BreachedPasswords:
    """Asks the service of the configuration. One question is one connection; no redirect is followed.

    ``tls`` says whom to believe; by default certificate authorities that the system trusts.
    """

    def __init__(self, settings: Settings, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(settings.url)
        self._settings = settings
        self._host = parts.hostname or ""
        self._authority = parts.netloc.rpartition("@")[2]
        self._path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)

    async def check(self, password: str) -> bool:
        """Raise ``PasswordRefused`` for a password that is known.

        Where the service fails, refuse as well if ``on_error`` says so, or else return that the password is unchecked:
        False.
        """
        try:
            seen = await self.seen(password)
        except RangeServiceError:
            if self._settings.on_error == "deny":
                raise PasswordRefused((_UNKNOWN,)) from None
            return False
        if seen:
            times = "once" if seen == 1 else f"{seen} times"
            raise PasswordRefused((f"It is known from breaches, where it was seen {times}.",))
        return True

    async def seen(self, password: str) -> int:
        """Return how often a password was seen in breaches. Raises ``RangeServiceError``."""
        plain = (normalised(password) or "").encode("utf-8", "surrogatepass")
        digest = hashlib.sha1(plain, usedforsecurity=False).hexdigest().upper()
        try:
            async with asyncio.timeout(self._settings.timeout):
                body = await self._ask(digest[:_DIGITS])
        except TimeoutError:
            raise RangeServiceError("no answer in time") from None
        except (OSError, httptools.HttpParserError) as error:
            raise RangeServiceError(str(error) or type(error).__name__) from None
        return _count(body, digest[_DIGITS:])

    async def _ask(self, prefix: str) -> bytes:
        reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls, limit=_PIECE)
        try:
            writer.write(
                f"GET {self._path}{prefix} HTTP/1.1\r\nHost: {self._authority}\r\nAdd-Padding: true\r\n"
                "Accept-Encoding: identity\r\nUser-Agent: bartizan\r\nConnection: close\r\n\r\n".encode()
            )
            return await _answer(reader)
        finally:
            writer.transport.abort()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """Read an answer, whose status has to be 200, and return its body."""
    collected = _Collected()
    parser = httptools.HttpResponseParser(collected)
    taken = 0
    while not collected.complete:
        piece = await reader.read(_PIECE)
        taken += len(piece)
        if taken > MAX_ANSWER:
            raise RangeServiceError(f"the answer has more than {MAX_ANSWER} bytes")
        if piece:
            parser.feed_data(piece)
        if collected.headed and parser.get_status_code() != 200:
            raise RangeServiceError(f"the answer has status {parser.get_status_code()}")
        if not piece:
            break
    if not collected.headed or not (collected.complete or collected.until_closed):
        raise RangeServiceError("the answer is not complete")
    return bytes(collected.body)


class _Collected:
    """Takes what the parser finds."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.headed = self.complete = False
        self.until_closed = True
        """Without a length, the end of the connection is that of the body (RFC 9112 section 6.3)."""

    def on_header(self, name: bytes, value: bytes) -> None:  # noqa: ARG002 - httptools' signature
        if name.lower() in (b"content-length", b"transfer-encoding"):
            self.until_closed = False

    def on_headers_complete(self) -> None:
        self.headed = True

    def on_body(self, piece: bytes) -> None:
        self.body += piece

    def on_message_complete(self) -> None:
        self.complete = True


def _count(body: bytes, rest: str) -> int:
    """Return the number behind ``rest`` in lines of ``REST:COUNT``; 0 if it is not there."""
    wanted = rest.encode()
    for line in body.splitlines():
        known, _, count = line.strip().partition(b":")
        if known.upper() == wanted:
            if not count.isdigit() or len(count) > 18:
                raise RangeServiceError("the answer has a count that is no number")
            return int(count)
    return 0
