"""Forms of texts: what is kept of a value in its place, and how another is made of it.

A form is a short text itself. Those of one kind: ``uuid``, ``int:8`` (digits), ``hex:32``, ``HEX:32``, ``base64:44``,
``datetime:T3Z`` (separator, digits of the fraction, how the zone is written), ``date``, ``time``, ``http-date``,
``email``, ``uri:https``, ``path``, ``ipv4``, ``ipv6``, ``jwt:3``, ``phone``, ``slug``, ``word``, ``text``. What
consists of parts is ``parts:`` and the parts: ``W/"{hex:4}-{base64:27}"`` keeps its punctuation and nothing else.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bartizan.detection.fakes.keyed import Keyed

__all__ = ["UNTIL", "form_of", "is_variable", "make", "moment", "moment_of"]

UNTIL = 1_756_684_800.0
"""The moment before which times are, in Unix seconds, where nothing is known of those that the real API has."""
SPAN = 2 * 365 * 86400.0  # seconds
MAX_LENGTH = 512  # bytes of a text that is looked at
MAX_PARTS = 16
MAX_FORM = 48  # parts and signs between them
_HEX = frozenset("0123456789abcdef")
_HEX_UPPER = frozenset("0123456789ABCDEF")
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
_WORD = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_BASE64_TEXT = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_UNITS = frozenset(("ms", "s", "us", "ns", "m", "h", "d", "kb", "mb", "px", "g", "kg", "cm", "mm"))
_SHORT = 16  # letters and digits from which on a run of both is taken for random
_VARIABLE = frozenset(
    ("uuid", "int", "hex", "HEX", "base64", "datetime", "date", "time", "email", "ipv4", "ipv6", "jwt")
)


def form_of(text: str) -> str:
    """Return the form of a text. Nothing of the text is in it but punctuation, lengths, and the scheme of a URI."""
    if len(text) > MAX_LENGTH:
        return "text"
    size = len(text)
    if not size:
        return "empty"
    if not text.isascii():
        return "text"
    if text.isdigit():
        return f"int:{size}"
    for test in _TESTS:
        found = test(text)
        if found:
            return found
    if " " in text.strip():
        return "text"
    return _parts(text)


def is_variable(text: str) -> bool:
    """Tell whether a segment of a path, or a word, is one of many of its kind: a number, a UUID, a date, a hash …."""
    form = form_of(text)
    kind, _, rest = form.partition(":")
    return kind in _VARIABLE or (kind == "parts" and ("{hex" in rest or "{base64" in rest or "{HEX" in rest))


def make(form: str, keyed: Keyed, *, shortest: int = 1, longest: int = 64, until: float = UNTIL) -> str:
    """Return a text of a form. ``shortest`` and ``longest`` count where the form leaves the length open (characters).

    Times are before ``until`` (Unix seconds).
    """
    kind, _, rest = form.partition(":")
    if kind == "parts":
        return _made_of_parts(rest, keyed)
    maker = _MAKERS.get(kind)
    if maker is not None:
        return maker(rest, keyed, until)
    length = keyed.between(shortest, max(shortest, min(longest, 64)))
    return keyed.text(_LETTERS, length)


def moment(form: str, at: float) -> str:
    """Return a time (Unix seconds) as a form has it: ``datetime:…``, ``date``, ``time``, ``http-date``."""
    kind, _, rest = form.partition(":")
    when = datetime.fromtimestamp(at, UTC)
    if kind == "date":
        return f"{when:%Y-%m-%d}"
    if kind == "time":
        return f"{when:%H:%M:%S}"
    if kind == "http-date":
        return f"{_DAYS[when.weekday()]}, {when.day:02} {_MONTHS[when.month - 1]} {when:%Y %H:%M:%S} GMT"
    separator, digits, zone = (rest[0], rest[1], rest[2:]) if len(rest) >= 2 else ("T", "0", "Z")
    fraction = "." + f"{int(at % 1 * 10**9):09}"[: int(digits)] if digits != "0" else ""
    return f"{when:%Y-%m-%d}{separator}{when:%H:%M:%S}{fraction}{zone}"


def moment_of(text: str) -> float | None:
    """Return the time that a date-time, a date or an HTTP date is, in Unix seconds, or None if it is none."""
    try:
        when = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _uuid(text: str) -> str:
    if len(text) != 36 or text[8] != "-" or text.count("-") != 4:
        return ""
    digits = text.replace("-", "")
    if len(digits) != 32:
        return ""
    return "uuid" if _HEX.issuperset(digits) else "UUID" if _HEX_UPPER.issuperset(digits) else ""


def _time(text: str) -> str:
    if len(text) >= 8 and text[2] == text[5] == ":" and text[:2].isdigit() and text[6:8].isdigit() and len(text) < 10:
        return "time" if text[3:5].isdigit() and len(text) == 8 else ""
    if len(text) < 10 or text[4] != "-" or text[7] != "-" or not text[:4].isdigit():
        return "http-date" if text.endswith(" GMT") and moment_of(text) is not None else ""
    if moment_of(text) is None:
        return ""
    if len(text) == 10:
        return "date"
    if len(text) < 19 or text[10] not in "T ":
        return ""
    rest = text[19:]
    digits = 0
    if rest.startswith("."):
        digits = len(rest) - 1 - len(rest[1:].lstrip(_DIGITS))
        rest = rest[1 + digits :]
    zone = rest if rest in ("", "Z", "+00:00", "+0000") else "+00:00"
    return f"datetime:{text[10]}{min(digits, 9)}{zone}"


def _email(text: str) -> str:
    name, at, domain = text.partition("@")
    return "email" if at and name and "." in domain[1:] and " " not in text and "@" not in domain else ""


def _uri(text: str) -> str:
    scheme, found, _ = text.partition("://")
    if found and scheme in ("http", "https", "ws", "wss", "ftp", "s3"):
        return f"uri:{scheme}"
    return "path" if text[0] == "/" and len(text) > 1 and " " not in text else ""


def _address(text: str) -> str:
    if "." in text and text.count(".") == 3 and text.replace(".", "").isdigit():
        kind = "ipv4"
    elif text.count(":") >= 2 and _HEX.issuperset(text.lower().replace(":", "").replace(".", "")):
        kind = "ipv6"
    else:
        return ""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return ""
    return kind


def _random(text: str) -> str:
    """Hexadecimal digits, base64, JWTs: long runs of letters and digits in which digits stand among letters."""
    size = len(text)
    if text.startswith("eyJ") and text.count(".") == 2 and _BASE64.issuperset(text.replace(".", "")):
        return "jwt:3"
    bare = text.rstrip("=")
    if not _BASE64.issuperset(bare):
        return ""
    digits = sum(letter in _DIGITS for letter in text)
    if size >= 8 and digits:
        if _HEX.issuperset(text):
            return f"hex:{size}"
        if _HEX_UPPER.issuperset(text):
            return f"HEX:{size}"
    mixed = digits >= 2 and any(letter.isupper() for letter in text) and any(letter.islower() for letter in text)
    if size >= _SHORT and (mixed or len(bare) < size):
        return f"base64:{size}" if "-" not in text or mixed else ""
    return ""


def _phone(text: str) -> str:
    bare = text.replace(" ", "").replace("-", "").replace("(", "").replace(")", "")
    return "phone" if text[0] == "+" and 8 <= len(bare) <= 16 and bare[1:].isdigit() else ""


def _slug(text: str) -> str:
    if not _WORD.issuperset(text.replace("-", "").replace("_", "")) or any(letter in _DIGITS for letter in text):
        return ""
    return "slug" if "-" in text else "word"


_TESTS: tuple[Callable[[str], str], ...] = (_uuid, _time, _email, _uri, _address, _phone, _random, _slug)


def _parts(text: str) -> str:
    """Return punctuation as it is, and what stands between as forms."""
    out: list[str] = []
    run = ""
    count = 0
    for letter in text + "\0":
        if letter in _WORD:
            run += letter
            continue
        if run:
            count += 1
            out.append(_run(run))
            run = ""
        if letter != "\0":
            out.append({"{": "(", "}": ")"}.get(letter, letter))
    return "text" if count > MAX_PARTS or len(out) > MAX_FORM else "parts:" + "".join(out)


def _run(run: str) -> str:
    size = len(run)
    if run.isdigit():
        return f"{{int:{size}}}"
    if run == "W" and size == 1:
        return "W"  # of a weak ETag (RFC 9110 section 8.8.3)
    digits = sum(letter in _DIGITS for letter in run)
    if digits and _HEX.issuperset(run):
        return f"{{hex:{size}}}"
    bare = run.rstrip("abcdefghijklmnopqrstuvwxyz")
    if bare.isdigit() and run[len(bare) :] in _UNITS:
        return f"{{int:{len(bare)}}}{run[len(bare) :]}"
    if digits and size >= 6:
        return f"{{base64:{size}}}"
    return f"{{{'A' if run.isupper() else 'Aa' if run[0].isupper() else 'a'}:{size}}}"


def _made_of_parts(form: str, keyed: Keyed) -> str:
    out: list[str] = []
    rest = form
    while rest:
        before, opened, rest = rest.partition("{")
        out.append(before)
        if opened:
            part, _, rest = rest.partition("}")
            out.append(make(part, keyed))
    return "".join(out)


def _length(rest: str) -> int:
    return min(int(rest), MAX_LENGTH) if rest.isdigit() else 8


def _made_uuid(rest: str, keyed: Keyed, until: float) -> str:  # noqa: ARG001 - one signature for all
    """Return a random UUID (RFC 9562 section 5.4)."""
    digits = keyed.hex(32)
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{'89ab'[int(digits[16], 16) & 3]}{digits[17:20]}-{digits[20:]}"
    )


def _made_base64(rest: str, keyed: Keyed, until: float) -> str:  # noqa: ARG001
    return keyed.text(_BASE64_TEXT[:-2], _length(rest))


def _made_moment(form: str) -> Callable[[str, Keyed, float], str]:
    return lambda rest, keyed, until: moment(f"{form}:{rest}", until - SPAN * keyed.uniform())


def _made_letters(kind: str) -> Callable[[str, Keyed, float], str]:
    def made(rest: str, keyed: Keyed, until: float) -> str:  # noqa: ARG001
        letters = keyed.text(_LETTERS, _length(rest))
        return letters.upper() if kind == "A" else letters.capitalize() if kind == "Aa" else letters

    return made


def _made_jwt(rest: str, keyed: Keyed, until: float) -> str:  # noqa: ARG001
    head = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9"
    return f"{head}.eyJ{keyed.text(_BASE64_TEXT, 96)}.{keyed.text(_BASE64_TEXT, 86)}"


_MAKERS: dict[str, Callable[[str, Keyed, float], str]] = {
    "empty": lambda _rest, _keyed, _until: "",
    "uuid": _made_uuid,
    "UUID": lambda rest, keyed, until: _made_uuid(rest, keyed, until).upper(),
    "int": lambda rest, keyed, _until: keyed.digits(_length(rest)),
    "hex": lambda rest, keyed, _until: keyed.hex(_length(rest)),
    "HEX": lambda rest, keyed, _until: keyed.hex(_length(rest)).upper(),
    "base64": _made_base64,
    "datetime": _made_moment("datetime"),
    "date": _made_moment("date"),
    "time": _made_moment("time"),
    "http-date": _made_moment("http-date"),
    "ipv4": lambda _rest, keyed, _until: f"10.{keyed.below(256)}.{keyed.below(256)}.{keyed.between(1, 254)}",
    "ipv6": lambda _rest, keyed, _until: f"2001:db8:{keyed.hex(4)}::{keyed.hex(3)}",
    "jwt": _made_jwt,
    "a": _made_letters("a"),
    "A": _made_letters("A"),
    "Aa": _made_letters("Aa"),
}
