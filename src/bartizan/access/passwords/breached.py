"""Asking a range service whether a password is known from a breach, without telling it which one (k-anonymity).

The service gets the first five digits of the password's SHA-1 and answers with the rest of all hashes that begin so, and
how often each was seen: the range API of Have I Been Pwned, and of those that offer the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import urllib.request
from http.client import HTTPException, HTTPMessage
from typing import IO

from bartizan.access.passwords.hashing import normalised
from bartizan.config.model import BreachedPasswords as Settings
from bartizan.errors import PasswordRefused

__all__ = ["BreachedPasswords"]

MAX_ANSWER = 512 * 1024  # bytes; a padded range has about 40 KiB
_DIGITS = 5


class BreachedPasswords:
    """Asks the service of the configuration."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.url
        self._timeout = settings.timeout
        self._refuse_on_error = settings.on_error == "deny"
        self._opener = urllib.request.build_opener(_NoRedirects)

    async def check(self, password: str) -> None:
        """Raise ``PasswordRefused`` for a password that is known, or where nobody can say and that is to be refused."""
        digest = hashlib.sha1((normalised(password) or "").encode(), usedforsecurity=False).hexdigest().upper()
        try:
            async with asyncio.timeout(self._timeout * 2):
                seen = await asyncio.to_thread(self._seen, digest)
        except (OSError, TimeoutError, HTTPException, ValueError):
            if self._refuse_on_error:
                raise PasswordRefused(
                    ("It cannot be checked now whether this password is known. Try later.",)
                ) from None
            return
        if seen:
            raise PasswordRefused((f"This password is known from breaches, where it was seen {seen} times.",))

    def _seen(self, digest: str) -> int:
        request = urllib.request.Request(  # noqa: S310 - the configuration takes http and https only
            self._url + digest[:_DIGITS], headers={"Add-Padding": "true", "User-Agent": "bartizan"}
        )
        with self._opener.open(request, timeout=self._timeout) as answer:
            if answer.status != 200:
                raise ValueError(f"status {answer.status}")
            text = answer.read(MAX_ANSWER + 1)
        if len(text) > MAX_ANSWER:
            raise ValueError("too long")
        for line in text.decode("ascii", "replace").splitlines():
            rest, _, count = line.partition(":")
            if rest.strip().upper() == digest[_DIGITS:]:
                return int(count)
        return 0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow none: what is asked goes to the service of the configuration and nowhere else."""
