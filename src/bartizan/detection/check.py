"""What is wrong with ``deception`` that only this room can tell: it knows forms of keys, templates and audiences."""

from __future__ import annotations

from collections.abc import Iterator

from bartizan.config.document import FieldPath
from bartizan.config.model import CanaryField, CanaryItem, Honeytokens
from bartizan.config.semantics.finding import Finding
from bartizan.config.validation import Parts, shown
from bartizan.detection.canaries.templates import Template
from bartizan.detection.honeytokens.forms import KeyForm
from bartizan.evidence.journal.masking import is_secret

__all__ = ["deception_findings"]

_HONEYTOKENS: FieldPath = ("deception", "honeytokens")
_MIN_RANGE = 1000  # whole numbers: with fewer, one is soon met by chance


def deception_findings(parts: Parts) -> Iterator[Finding]:
    """Yield what is wrong with honeytokens and canaries."""
    deception = parts.deception
    if deception is None:
        return
    yield from _forms(deception.honeytokens)
    if deception.enabled:
        yield from _audience(deception.honeytokens.audience, parts)
        yield from _parameters(deception.honeytokens.parameters)
    for number, item in enumerate(deception.canaries):
        yield from _item(item, ("deception", "canaries", number))
    for number, field in enumerate(deception.fields):
        yield from _field(field, ("deception", "fields", number))


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
