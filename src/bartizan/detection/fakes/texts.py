"""Fake texts: by format, pattern, name, example, and within the lengths that a schema allows."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

from bartizan.detection.fakes import forms
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.named import text_for, words_of
from bartizan.detection.fakes.patterns import matching
from bartizan.detection.fakes.persona import Persona
from bartizan.detection.fakes.plain import number_of
from bartizan.detection.fakes.wording import fits, folded, styled
from bartizan.detection.fakes.words import NOTES, TOPICS

__all__ = ["fake_text"]

MAX_TEXT = 4096  # characters
_AT = frozenset(("at", "on", "date", "time", "since", "until", "timestamp", "modified", "created", "updated"))
_IDS = frozenset(("id", "uuid", "guid", "uid", "token", "key", "secret"))
_TRIES = 12


def fake_text(schema: Mapping[str, object], keyed: Keyed, name: str, about: str, persona: Persona) -> str:
    """Return a text for a schema: its member is called ``name``, and is part of ``about`` (a list or an object)."""
    low = max(0, int(number_of(schema.get("minLength")) or 0))
    limit = number_of(schema.get("maxLength"))
    high = MAX_TEXT if limit is None else max(0, min(int(limit), MAX_TEXT))
    low = min(low, MAX_TEXT)
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        for _ in range(_TRIES):
            made = matching(pattern, keyed)
            if made is None:
                break
            if low <= len(made) <= high:
                return made
    form = schema.get("x-form")
    kind = schema.get("format")
    if isinstance(form, str) and form != "text":
        made = of_form(form, keyed, name, persona)
    elif isinstance(kind, str) and kind in _FORMATS:
        made = _FORMATS[kind](words_of(name), persona, keyed)
    else:
        made = _free(schema, keyed, name, about, persona)
    lengths = schema.get("x-lengths")
    if isinstance(lengths, list) and len(lengths) == 2:
        made = _as_long(made, (lengths[0], lengths[1]), schema, keyed, name, about, persona)
    if "x-form" in schema:
        made = _as_written(made, schema, keyed)
    return made if low <= len(made) <= high else fitted(made, low, high, keyed)


def _as_written(made: str, schema: Mapping[str, object], keyed: Keyed) -> str:
    """Return a text with the letters, and in the way, that those that were seen had."""
    if schema.get("x-ascii") is True:
        made = folded(made)
    patterns = schema.get("x-patterns")
    return styled(made, patterns, keyed) if isinstance(patterns, list) else made


def _as_long(
    made: str,
    lengths: tuple[int, int],
    schema: Mapping[str, object],
    keyed: Keyed,
    name: str,
    about: str,
    persona: Persona,
) -> str:
    """Return a text that is as long as those that were seen, or nearly: another one, if need be.

    What belongs to a person stays as it is, since other members of the object say the same.
    """
    more = len(_as_written(made, schema, keyed)) - len(made)  # a comma
    low, high = lengths[0] - more, lengths[1] - more
    patterns = schema.get("x-patterns")

    def strange(text: str) -> int:
        much = max(low - len(text), len(text) - high, 0)
        return much + 100 * (isinstance(patterns, list) and not fits(text, patterns))

    best = made
    for number in range(_TRIES):
        if not strange(best):
            break
        again = keyed.sub("again", number)
        thing = made == persona.product
        other = Persona(again, 0.0).product if thing else _free(schema, again, name, about, persona)
        best = min(best, other, key=strange)
    return best


def of_form(form: str, keyed: Keyed, name: str, persona: Persona) -> str:
    """Return a text of a form that was seen (``x-form``), as fits its name."""
    kind = form.partition(":")[0]
    words = words_of(name)
    if kind in ("datetime", "date", "http-date"):
        return forms.moment(form, persona.when(words))
    if kind == "email":
        return f"{persona.user}@{persona.domain}"
    if kind == "phone":
        return persona.phone
    if kind == "uri":
        return _uri(words, persona, keyed)
    if kind == "path":
        return f"/{keyed.choice(TOPICS)}/{keyed.digits(5)}"
    if kind in ("word", "slug"):
        named = text_for(words, persona, keyed)
        if named is not None and named.isascii() and named.replace("_", "").replace("-", "").isalpha():
            return named
        return keyed.choice(TOPICS) + (f"-{keyed.choice(TOPICS)}" if kind == "slug" else "")
    if kind == "parts" and ("{a:" in form or "{Aa:" in form or "{base64:" in form):  # what people write
        named = text_for(words, persona, keyed)
        if named is not None:
            return named
    return forms.make(form, keyed)


def _free(schema: Mapping[str, object], keyed: Keyed, name: str, about: str, persona: Persona) -> str:
    """Return a text where nothing is said of its form: by its name, else like the example."""
    words = words_of(name)
    if words and _AT.intersection(words[-1:]) and schema.get("maxLength") != 0:
        return forms.moment("datetime:T0Z", persona.when(words))
    named = text_for(words, persona, keyed, about)
    if named is not None:
        return named
    example = _example(schema)
    if example:
        form = forms.form_of(example)
        if form not in ("text", "word", "slug"):
            return of_form(form, keyed, name, persona)
        return example
    if words and _IDS.intersection(words[-1:]):
        return keyed.hex(24)
    if number_of(schema.get("maxLength")) is not None or not words:
        return keyed.choice(TOPICS)
    return keyed.choice(NOTES) if keyed.chance(0.3) else f"{keyed.choice(TOPICS)} {keyed.choice(TOPICS)}"


def _example(schema: Mapping[str, object]) -> str:
    for value in (schema.get("example"), schema.get("examples"), schema.get("default")):
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, str):
            return first[:MAX_TEXT]
    return ""


def fitted(text: str, low: int, high: int, keyed: Keyed) -> str:
    """Return a text cut or continued so that it is between ``low`` and ``high`` characters long."""
    if len(text) > high:
        cut = text[:high].rstrip(" ,.-") if high > 8 else text[:high]
        text = cut if len(cut) >= low else text[:high]
    while len(text) < low:
        more = (" " if text and low - len(text) > 8 else "") + keyed.choice(TOPICS)
        text += more[: low - len(text)]
    return text


def _uri(words: tuple[str, ...], persona: Persona, keyed: Keyed) -> str:
    named = text_for(words, persona, keyed)
    return (
        named
        if named is not None and named.startswith("https://")
        else (f"https://www.{persona.domain}/{keyed.choice(TOPICS)}/{keyed.digits(5)}")
    )


Maker = Callable[[tuple[str, ...], Persona, Keyed], str]


def _form(form: str) -> Maker:
    return lambda _words, _persona, keyed: forms.make(form, keyed)


def _bytes(words: tuple[str, ...], persona: Persona, keyed: Keyed) -> str:  # noqa: ARG001
    return base64.b64encode(keyed.draw(24)).decode("ascii")


def _date(words: tuple[str, ...], persona: Persona, keyed: Keyed) -> str:
    if "birth" in words or "born" in words or "dob" in words or "birthday" in words:
        return forms.moment("date", forms.UNTIL - 86400 * keyed.between(20 * 365, 70 * 365))
    return forms.moment("date", persona.when(words))


_FORMATS: Mapping[str, Maker] = {
    "date-time": lambda words, persona, _keyed: forms.moment("datetime:T0Z", persona.when(words)),
    "date": _date,
    "time": lambda words, persona, _keyed: forms.moment("time", persona.when(words)) + "Z",
    "duration": lambda _words, _persona, keyed: f"PT{keyed.between(2, 55)}M",
    "uuid": _form("uuid"),
    "email": lambda _words, persona, _keyed: f"{persona.user}@{persona.domain}",
    "idn-email": lambda _words, persona, _keyed: f"{persona.user}@{persona.domain}",
    "uri": _uri,
    "url": _uri,
    "iri": _uri,
    "uri-reference": lambda _words, _persona, keyed: f"/{keyed.choice(TOPICS)}/{keyed.digits(5)}",
    "hostname": lambda _words, persona, keyed: f"{keyed.choice(TOPICS)}.{persona.domain}",
    "idn-hostname": lambda _words, persona, keyed: f"{keyed.choice(TOPICS)}.{persona.domain}",
    "ipv4": _form("ipv4"),
    "ipv6": _form("ipv6"),
    "byte": _bytes,
    "binary": _bytes,
    "password": lambda _words, _persona, keyed: keyed.text("abcdefghjkmnpqrstuvwxyz23456789", 14),
    "phone": lambda _words, persona, _keyed: persona.phone,
    "json-pointer": lambda _words, _persona, keyed: f"/{keyed.choice(TOPICS)}/{keyed.below(9)}",
    "regex": lambda _words, _persona, _keyed: "^[a-z0-9-]+$",
}
