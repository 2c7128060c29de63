"""Time-based one-time passwords (RFC 6238, over HOTP of RFC 4226), as authenticator apps make them.

SHA-1, six digits and steps of 30 s: apps ignore anything else that a URI says, or refuse it. HMAC-SHA-1 is not weakened
by collisions of SHA-1 (RFC 6194 section 3.3).
"""

from __future__ import annotations

import hashlib
import hmac
import io
import secrets
from base64 import b32encode
from urllib.parse import quote, urlencode

import segno

__all__ = ["DIGITS", "PERIOD", "code_at", "match", "new_secret", "qr_svg", "secret_text", "step_at", "uri"]

DIGITS = 6
PERIOD = 30  # seconds
SECRET_BYTES = 20  # 160 bits, RFC 4226 section 4, R6
DRIFT = 1  # steps that a clock may be off, RFC 6238 section 5.2
MAX_NAME = 256  # characters of an account in a URI, so that the QR code stays one that cameras can read


def new_secret() -> bytes:
    """Return a random secret of 160 bits."""
    return secrets.token_bytes(SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """Return a secret as people type it into an app: base32 without padding."""
    return b32encode(secret).decode().rstrip("=")


def step_at(now: float) -> int:
    """Return the number of the step at ``now``, Unix seconds."""
    return int(now // PERIOD)


def code_at(secret: bytes, step: int) -> str:
    """Return the code of a step (RFC 4226 section 5.3: dynamic truncation)."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def match(secret: bytes, code: str, now: float, last_step: int | None, drift: int = DRIFT) -> int | None:
    """Return the step that ``code`` belongs to, or None if it is wrong or was used.

    Steps up to ``last_step`` have been used (RFC 6238 section 5.2: a code is good once). The caller raises it to the
    step returned in one atomic change, and refuses if that fails: of two requests with one code, one wins. Spaces in
    the code are ignored. The time does not depend on which step is right.
    """
    entered = code.replace(" ", "") if len(code) <= 4 * DIGITS else ""
    given = entered.encode("utf-8", "surrogatepass")
    present, used = step_at(now), -1 if last_step is None else last_step
    found = None
    for step in range(max(0, present - drift), present + drift + 1):
        right = hmac.compare_digest(code_at(secret, step).encode(), given)
        if right and step > used:
            found = step
    return found


def uri(secret: bytes, account: str, issuer: str) -> str:
    """Return the ``otpauth:`` URI that apps read from a QR code (Google Authenticator's key URI format).

    Neither account nor issuer may have a colon there, which is what comes between them.
    """
    name, service = account[:MAX_NAME].replace(":", " "), issuer.replace(":", " ")
    parameters = {
        "secret": secret_text(secret),
        "issuer": service,
        "algorithm": "SHA1",
        "digits": str(DIGITS),
        "period": str(PERIOD),
    }
    return f"otpauth://totp/{quote(service, safe='')}:{quote(name, safe='')}?{urlencode(parameters, quote_via=quote)}"


def qr_svg(text: str) -> str:
    """Return a QR code as an SVG document, black on white with its quiet zone, for a data URI or for a page.

    It has neither style nor script, so that the strictest Content-Security-Policy allows it.
    """
    buffer = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        buffer, kind="svg", xmldecl=False, svgclass=None, lineclass=None, omitsize=True, light="#fff", border=4
    )
    return buffer.getvalue().decode().strip()
