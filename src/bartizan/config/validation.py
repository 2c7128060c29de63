"""From plain data to the model: every value that does not have its form becomes a problem that people understand."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bartizan.config.document import Document, FieldPath
from bartizan.config.model import Access, Admin, Config, Deception, Guards, Listener, Route, Sentry, Storage, Upstream
from bartizan.config.model.base import FROM_FILE, PATTERN_REMEDIES, Malformed
from bartizan.config.secrets import Resolved
from bartizan.errors import Problem

__all__ = ["Parts", "parts_of", "shown", "usable_parts", "validate"]

M = TypeVar("M", bound=BaseModel)

_FORMS: dict[str, tuple[str, str]] = {
    "int_parsing": ("is not a whole number", "write a number without a unit"),
    "int_type": ("is not a whole number", "write a number without a unit"),
    "int_from_float": ("is not a whole number", "write it without a fraction"),
    "int_parsing_size": ("is too large", "write a smaller number"),
    "float_parsing": ("is not a number", "write one: 0.5"),
    "float_type": ("is not a number", "write one: 0.5"),
    "finite_number": ("is not a finite number", "write one: 0.5"),
    "bool_parsing": ("is neither true nor false", "write true or false"),
    "bool_type": ("is neither true nor false", "write true or false"),
    "string_type": ("is not text", "put it in quotes"),
    "list_type": ("is not a list", "write [item, item], or items on lines that begin with `- `"),
    "dict_type": ("does not have fields", "write them below it, indented: `name: value`"),
    "model_type": ("does not have fields", "write them below it, indented: `name: value`"),
    "too_short": ("has too few items", "give at least {min_length}"),
    "too_long": ("has too many items", "give at most {max_length}"),
    "greater_than": ("is too small", "it has to be more than {gt}"),
    "greater_than_equal": ("is too small", "it has to be at least {ge}"),
    "less_than": ("is too large", "it has to be less than {lt}"),
    "less_than_equal": ("is too large", "it has to be at most {le}"),
    "literal_error": ("is not one of the values that are known here", "use {expected}"),
}
_MOVED: dict[FieldPath, str] = {
    ("access", "risk"): "use `step_up`, `revoke_session` and `quarantine_device` of guards.obstacles: {at: 60}"
}
"""Fields of releases before this one, each with where to write now what they said."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What of a configuration could be validated, by its place in the file; all of it unless there were problems.

    ``upstream_names`` has those of upstreams that are not valid too.
    """

    listeners: Mapping[int, Listener]
    upstreams: Mapping[int, Upstream]
    routes: Mapping[int, Route]
    guards: Guards | None
    access: Access | None
    sentry: Sentry | None
    deception: Deception | None
    storage: Storage | None
    admin: Admin | None
    upstream_names: frozenset[str]
    trusts_proxies: bool


def parts_of(config: Config) -> Parts:
    """Return all parts of a configuration."""
    return Parts(
        dict(enumerate(config.listeners)),
        dict(enumerate(config.upstreams)),
        dict(enumerate(config.routes)),
        config.guards,
        config.access,
        config.sentry,
        config.deception,
        config.storage,
        config.admin,
        frozenset(upstream.name for upstream in config.upstreams),
        bool(config.trusted_proxies),
    )


def usable_parts(data: Any) -> Parts:
    """Return what can be validated on its own of a configuration that cannot be as a whole."""
    fields: Mapping[str, Any] = data if isinstance(data, dict) else {}
    upstreams = fields.get("upstreams")
    named = upstreams if isinstance(upstreams, list) else []
    return Parts(
        _valid_items(Listener, fields.get("listeners")),
        _valid_items(Upstream, upstreams),
        _valid_items(Route, fields.get("routes")),
        _valid(Guards, fields.get("guards", {})),
        _valid(Access, fields.get("access", {})),
        _valid(Sentry, fields.get("sentry", {})),
        _valid(Deception, fields.get("deception", {})),
        _valid(Storage, fields.get("storage", {})),
        _valid(Admin, fields.get("admin", {})),
        frozenset(str(upstream.get("name")) for upstream in named if isinstance(upstream, dict)),
        bool(fields.get("trusted_proxies")),
    )


def _valid_items(model: type[M], data: Any) -> dict[int, M]:
    found = {number: _valid(model, item) for number, item in enumerate(data if isinstance(data, list) else [])}
    return {number: item for number, item in found.items() if item is not None}


def _valid(model: type[M], data: Any) -> M | None:
    try:
        return model.model_validate(data, context=FROM_FILE)
    except ValidationError:
        return None


def validate(document: Document, resolved: Resolved) -> tuple[Config | None, list[Problem]]:
    """Return the configuration, or None and the problems; those of references that failed are told elsewhere."""
    try:
        return Config.model_validate(resolved.data, context=FROM_FILE), []
    except ValidationError as error:
        details: dict[FieldPath, list[ErrorDetails]] = {}
        for detail in error.errors(include_url=False):
            details.setdefault(_path_in(resolved.data, detail), []).append(detail)
        translator = _Translator(document, resolved)
        return None, [translator.problem(path, found) for path, found in details.items() if path not in resolved.failed]


def _path_in(data: Any, detail: ErrorDetails) -> FieldPath:
    """Return where in the data an error is, without what pydantic adds for the members of a union."""
    path: list[int | str] = []
    named = detail["type"] in ("missing", "extra_forbidden")
    location = detail["loc"]
    for number, part in enumerate(location):
        if isinstance(data, dict) and (part in data or (named and number == len(location) - 1)):
            path.append(part)
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            path.append(part)
            data = data[part]
    return tuple(path)


class _Translator:
    """Turns what pydantic says into problems. A value that came from a reference is never shown, only the reference."""

    def __init__(self, document: Document, resolved: Resolved) -> None:
        self._document = document
        self._resolved = resolved

    def problem(self, path: FieldPath, details: Sequence[ErrorDetails]) -> Problem:
        kind = details[0]["type"]
        if kind == "missing":
            return self._document.problem(path, "is required", remedy="add it")
        if kind == "extra_forbidden":
            return self._unknown(path)
        value = _value_at(self._resolved.data, path)
        reference = self._resolved.references.get(path)
        if value is None:
            return self._document.problem(path, "is empty", remedy="give it a value, or remove it", name=True)
        if reference is not None:
            message = "does not have the right form once its reference is resolved"
            remedy = _join(_general_remedy(detail) for detail in details)
            return self._document.problem(path, message, value=repr(reference), remedy=remedy)
        message, remedy = _told(details[0], value)
        if len(details) > 1:
            message, remedy = "has none of the forms that it can have", _join(_told(one, value)[1] for one in details)
        return self._document.problem(path, message, value=shown(value), remedy=remedy)

    def _unknown(self, path: FieldPath) -> Problem:
        if path in _MOVED:
            return self._document.problem(path, "is written elsewhere now", remedy=_MOVED[path], name=True)
        name, known = str(path[-1]), _fields_at(path[:-1])
        near = difflib.get_close_matches(name[:80].lower(), known, 1)
        listed = ", ".join(known) if len(known) <= 16 else "see `bartizan schema`"
        remedy = f"did you mean `{near[0]}`?" if near else f"remove it; known are: {listed}"
        return self._document.problem(path, "is not a field that is known here", remedy=remedy, name=True)


def _told(detail: ErrorDetails, value: Any) -> tuple[str, str]:
    """Return message and remedy."""
    kind, context = detail["type"], detail.get("ctx", {})
    if isinstance(context.get("error"), Malformed):
        malformed = context["error"]
        return malformed.message, malformed.remedy
    if kind == "string_pattern_mismatch":
        return "does not have the right form", PATTERN_REMEDIES.get(context["pattern"], "see `bartizan schema`")
    if kind == "string_type" and isinstance(value, dict | list):
        return "is not text", "write one value"
    if kind == "literal_error" and isinstance(value, str):
        allowed = [word.strip("'") for word in context["expected"].replace(" or ", ", ").split(", ")]
        near = difflib.get_close_matches(value[:80].lower(), allowed, 1)
        remedy = _FORMS[kind][1].format(**context)
        return _FORMS[kind][0], f"did you mean `{near[0]}`? {remedy}" if near and len(allowed) > 1 else remedy
    if kind in _FORMS:
        message, remedy = _FORMS[kind]
        return message, remedy.format(**context)
    return "is not valid", detail["msg"]


def _general_remedy(detail: ErrorDetails) -> str:
    """Return a remedy that cannot hold any of the value."""
    context = detail.get("ctx", {})
    if isinstance(context.get("error"), Malformed):
        return "its value has to have the form that docs/configuration.md describes"
    kind = detail["type"]
    if kind == "string_pattern_mismatch":
        return PATTERN_REMEDIES.get(context["pattern"], "see `bartizan schema`")
    return _FORMS[kind][1].format(**context) if kind in _FORMS else "see `bartizan schema`"


def _join(remedies: Any) -> str:
    return ", or ".join(dict.fromkeys(remedies))


def shown(value: Any) -> str:
    """Return a value as a message shows it: one line, not too long, and of lists and mappings only what they are."""
    if isinstance(value, dict):
        return "fields"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 80 else text[:76] + "...'"


def _value_at(data: Any, path: FieldPath) -> Any:
    for part in path:
        data = data[part]
    return data


def _fields_at(path: FieldPath) -> list[str]:
    """Return the fields that the model has at a path."""
    model: Any = Config
    for part in path:
        if isinstance(part, str) and model is not None:
            model = _model_in(model.model_fields[part].annotation) if part in model.model_fields else None
    return list(model.model_fields) if model is not None else []


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(
        (found for inner in getattr(annotation, "__args__", ()) if (found := _model_in(inner)) is not None), None
    )
