"""Path templates: paths with what differs from object to object replaced by its kind."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote

from bartizan.detection.fakes.forms import form_of

__all__ = ["path_template"]

MAX_SEGMENTS = 16
MAX_WORD = 32  # characters of a segment that may be a name of the API's own
_KINDS = {
    "int": "{int}",
    "uuid": "{uuid}",
    "UUID": "{uuid}",
    "hex": "{hex}",
    "HEX": "{hex}",
    "date": "{date}",
    "datetime": "{date}",
    "email": "{email}",
    "base64": "{token}",
    "jwt": "{token}",
    "ipv4": "{address}",
    "ipv6": "{address}",
    "phone": "{phone}",
}
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~:@$")


@lru_cache(maxsize=1024)
def path_template(path: str) -> str | None:
    """Return the template of a path (percent-encoded, without query): ``/orders/{int}``; None for what is too deep.

    Numbers, UUIDs, hashes, dates, addresses and whatever is long or not plain are replaced: no id and no person is in
    a template.
    """
    segments = path.split("/")
    if len(segments) > MAX_SEGMENTS or len(path) > 1024:
        return None
    return "/".join([_segment(segment) for segment in segments])


def _segment(segment: str) -> str:
    if not segment:
        return ""
    text = unquote(segment)
    form = form_of(text)
    kind, _, parts = form.partition(":")
    known = _KINDS.get(kind)
    if known is not None:
        return known
    if len(text) > MAX_WORD or not _PLAIN.issuperset(text) or "@" in text:
        return "{text}"
    digits = sum(letter.isdigit() for letter in text)
    if kind == "parts" and (digits > 3 or "{base64" in parts) and not _is_version(text):
        return "{token}" if "." not in text else "{text}"
    return text


def _is_version(text: str) -> bool:
    return text[:1] in "vV" and text[1:].replace(".", "").replace("-", "").isdigit()
