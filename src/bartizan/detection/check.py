"""What is wrong with ``deception`` that only this room can tell: it knows forms of keys, templates and audiences."""

from __future__ import annotations

from collections.abc import Iterator

from bartizan.config.document import FieldPath
from bartizan.config.model import CanaryField, CanaryItem, Deception, DecoyPath, Honeytokens
from bartizan.config.semantics.files import readable_fault
from bartizan.config.semantics.finding import Finding, nearest
from bartizan.config.validation import Parts, shown
from bartizan.detection.canaries.templates import Template
from bartizan.detection.decoys.table import NAMES, tokens_in
from bartizan.detection.honeytokens.forms import FORMS, KeyForm
from bartizan.http.masking import is_secret

__all__ = ["deception_findings"]

_HONEYTOKENS: FieldPath = ("deception", "honeytokens")
_MIN_RANGE = 1000  # whole numbers: with fewer, one is soon met by chance


def deception_findings(parts: Parts) -> Iterator[Finding]:
    """Yield what is wrong with decoys, honeytokens and canaries."""
    deception = parts.deception
    if deception is None:
        return
    yield from _decoys(deception, parts)
    yield from _forms(deception.honeytokens)
    if deception.enabled:
        yield from _audience(deception.honeytokens.audience, parts)
        yield from _parameters(deception.honeytokens.parameters)
    for number, item in enumerate(deception.canaries):
        yield from _item(item, ("deception", "canaries", number))
    for number, field in enumerate(deception.fields):
        yield from _field(field, ("deception", "fields", number))


def _decoys(deception: Deception, parts: Parts) -> Iterator[Finding]:
    settings, path = deception.decoys, ("deception", "decoys")
    if isinstance(settings.builtin, list):
        for number, name in enumerate(settings.builtin):
            if name not in NAMES:
                remedy = nearest(name, NAMES) or f"known are: {', '.join(NAMES)}"
                yield Finding((*path, "builtin", number), "is no decoy that comes with Bartizan", shown(name), remedy)
    real = {each: route.name for route in parts.routes.values() for each in route.paths}
    seen: set[str] = set()
    for number, decoy in enumerate(settings.paths):
        place: FieldPath = (*path, "paths", number)
        if decoy.path in real:
            remedy = "take the decoy away: no honest client may ever ask for one"
            yield Finding((*place, "path"), f"is a path of the route {real[decoy.path]}", shown(decoy.path), remedy)
        if decoy.path in seen:
            yield Finding((*place, "path"), "is a decoy already", shown(decoy.path), "take one of them away")
        seen.add(decoy.path)
        yield from _decoy(decoy, place, deception.honeytokens)


def _decoy(decoy: DecoyPath, path: FieldPath, honeytokens: Honeytokens) -> Iterator[Finding]:
    if (decoy.kind == "file") is (decoy.file is None):
        told = "is missing" if decoy.file is None else f"has no effect on the kind {decoy.kind}"
        yield Finding((*path, "file"), told, shown(decoy.file or ""), "name the file that the kind `file` answers")
    elif decoy.file is not None and (fault := readable_fault(decoy.file)) is not None:
        yield Finding((*path, "file"), fault[0], repr(decoy.file), fault[1])
    elif decoy.file is not None:
        known = {"cookie", "jwt", *FORMS, *honeytokens.api_keys}
        for name in sorted(tokens_in(decoy.file) - known):
            remedy = f"known are: {', '.join(sorted(known))}"
            yield Finding(
                (*path, "file"), f"asks for {{token:{name}}}, which there is none of", repr(decoy.file), remedy
            )


def _forms(honeytokens: Honeytokens) -> Iterator[Finding]:
    for name, form in honeytokens.api_keys.items():
        try:
            KeyForm.parse(form)
        except ValueError as error:
            remedy = "write literals and {ALPHABET:LENGTH}: sk_live_{base62:24}"
            yield Finding((*_HONEYTOKENS, "api_keys", name), str(error), shown(form), remedy, quoting=True)


def _audience(audience: str, parts: Parts) -> Iterator[Finding]:
    assertion = None if parts.access is None else parts.access.assertion.audience
    routes = {route.name for route in parts.routes.values()}
    if audience == assertion or audience in parts.upstream_names or audience in routes:
        remedy = "name an audience that no service has: a honeytoken must open nothing"
        yield Finding((*_HONEYTOKENS, "audience"), "is the audience of real assertions", shown(audience), remedy)


def _parameters(parameters: list[str]) -> Iterator[Finding]:
    """Yield names of parameters whose values the journal would show."""
    for number, name in enumerate(parameters):
        if not is_secret(name):
            remedy = "name one that says so, as access_token, api_key, key or sid do"
            path = (*_HONEYTOKENS, "parameters", number)
            yield Finding(path, "is not a name of secrets, and the journal would show them", shown(name), remedy)


def _item(item: CanaryItem, path: FieldPath) -> Iterator[Finding]:
    if Template(item.detail).last is None:
        yield Finding((*path, "detail"), "has no parameter for the id", shown(item.detail), "write /orders/{id}")
    if item.range is not None and item.range[1] - item.range[0] < _MIN_RANGE:
        remedy = f"give it {_MIN_RANGE} numbers or more, the smallest first"
        yield Finding((*path, "range"), "is too small", shown(str(list(item.range))), remedy)


def _field(field: CanaryField, path: FieldPath) -> Iterator[Finding]:
    if not field.value.startswith("/") or Template(field.value).last != "token":
        remedy = "write /internal/debug/{token}"
        yield Finding((*path, "value"), "is no path that ends with {token}", shown(field.value), remedy)
