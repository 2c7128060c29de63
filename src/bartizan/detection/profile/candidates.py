"""Which texts may be kept as they are: those that many objects have, and that tell nothing about anybody.

Until then a text is known by a number that is of use in this process only; what was seen too seldom is never written
anywhere.
"""

from __future__ import annotations

from collections import OrderedDict

from bartizan.detection.fakes.named import words_of

__all__ = ["CLOSED", "KEPT", "UNKNOWN", "Candidates", "is_enumerable"]

UNKNOWN, KEPT, CLOSED = range(3)
"""What is known of a text: too little, that it may be kept, that its place has too many of them."""
MANY = 5  # distinct objects
MAX_VALUES = 12
MAX_PLACES = 8192
MAX_LENGTH = 32  # bytes
_PERSONAL = frozenset(
    [
        "name",
        "first",
        "last",
        "family",
        "given",
        "surname",
        "username",
        "user",
        "login",
        "email",
        "mail",
        "phone",
        "mobile",
        "tel",
        "address",
        "street",
        "city",
        "town",
        "zip",
        "postcode",
        "postal",
        "birth",
        "birthday",
        "author",
        "owner",
        "customer",
        "client",
        "member",
        "assignee",
        "recipient",
        "sender",
        "by",
        "from",
        "to",
        "contact",
        "account",
        "holder",
        "title",
        "subject",
        "note",
        "notes",
        "comment",
        "message",
        "text",
        "description",
        "body",
        "token",
        "secret",
        "password",
        "key",
        "id",
        "uid",
        "sid",
        "session",
        "hash",
        "signature",
        "nonce",
        "code",
        "number",
        "no",
        "ref",
        "reference",
        "iban",
        "bic",
        "card",
        "ssn",
        "passport",
        "license",
        "url",
        "uri",
        "link",
        "ip",
        "host",
        "query",
        "value",
    ]
)
_KINDS = frozenset(
    [
        "status",
        "state",
        "type",
        "kind",
        "category",
        "role",
        "level",
        "severity",
        "priority",
        "currency",
        "country",
        "method",
        "mode",
        "unit",
        "plan",
        "tier",
        "result",
        "action",
        "event",
        "source",
        "channel",
        "language",
        "locale",
        "class",
        "format",
        "scope",
        "phase",
        "stage",
        "gender",
        "color",
        "colour",
        "size",
    ]
)
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-.")
_DIGITS = frozenset("0123456789")


def is_enumerable(name: str, text: str) -> bool:
    """Tell whether a text of a member may be one of a few words of the API, rather than what people wrote.

    A word of letters, underscores and hyphens, at most 2 digits, at most 32 bytes, whose member's name does not speak
    of people, texts or secrets; a word as names are written (``Miller``) only where the name says that it is a kind.
    """
    if not 0 < len(text) <= MAX_LENGTH or not text.isascii():
        return False
    digits = 0
    for letter in text:
        if letter in _DIGITS:
            digits += 1
        elif letter not in _LETTERS:
            return False
    if digits > 2 or digits == len(text):
        return False
    words = words_of(name)
    if words and words[-1] in _KINDS:
        return True
    return not _PERSONAL.intersection(words) and (text.islower() or text.isupper())


class Candidates:
    """Counts in how many distinct objects texts were seen, by place; what is used least is forgotten."""

    def __init__(self) -> None:
        self._places: OrderedDict[str, dict[int, set[int]] | None] = OrderedDict()

    def see(self, place: str, text: str, identity: int, many: int = MANY) -> int:
        """Take note that the object ``identity`` has a text at a place; returns what is known of the text now."""
        places = self._places
        if place in places:
            places.move_to_end(place)
        else:
            if len(places) >= MAX_PLACES:
                places.popitem(last=False)
            places[place] = {}
        known = places[place]
        if known is None:
            return CLOSED
        number = hash(text)  # salted by the interpreter: it says nothing elsewhere
        seen = known.get(number)
        if seen is None:
            if len(known) >= MAX_VALUES:
                places[place] = None
                return CLOSED
            seen = known[number] = set()
        if len(seen) < many:
            seen.add(identity)
        return KEPT if len(seen) >= many else UNKNOWN

    def close(self, place: str) -> None:
        """Take note that a place has texts that are not to be kept."""
        if place in self._places or len(self._places) < MAX_PLACES:
            self._places[place] = None
