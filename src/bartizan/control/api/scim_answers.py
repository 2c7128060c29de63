"""What SCIM requests ask for besides a resource, and what is answered: RFC 7644 sections 3.4, 3.9, 3.12 and 3.14."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from bartizan.access.scim.names import ERROR
from bartizan.control.api.problems import answer_problem
from bartizan.errors import BartizanError, RecordConflict, RequestError, ScimError

__all__ = ["MAX_PAGE", "Paging", "answer", "answer_error", "check_unchanged", "paging", "tag_of", "wanted_attributes"]

MAX_PAGE = 200  # resources in one answer
_PAGE = 100
_NUMBER = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_ALWAYS = frozenset(("schemas", "id"))  # returned: "always" (RFC 7643 sections 3 and 3.1)
_MAX_ATTRIBUTES = 64


class Paging(NamedTuple):
    """A page: how many resources from which on; ``first`` counts from 1."""

    first: int
    size: int


def paging(query: Mapping[str, str]) -> Paging:
    """Return which page is asked for (RFC 7644 section 3.4.2.4). Raises ``ScimError``."""
    start, count = _number(query, "startIndex", 1), _number(query, "count", _PAGE)
    return Paging(max(start, 1), min(max(count, 0), MAX_PAGE))


def wanted_attributes(resource: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """Return a resource with the attributes that are asked for (RFC 7644 section 3.9); whole ones alone.

    A part, such as ``name.familyName``, stands for its whole attribute. Raises ``ScimError``.
    """
    only, without = _names(query, "attributes"), _names(query, "excludedAttributes")
    if only and without:
        raise ScimError("invalidValue", "attributes", "cannot stand with excludedAttributes")
    return {
        name: value
        for name, value in resource.items()
        if name in _ALWAYS or ((not only or name.lower() in only) and name.lower() not in without)
    }


def tag_of(resource: Mapping[str, Any]) -> str:
    """Return the version of a resource (RFC 7643 section 3.1): the same as long as nothing of it changes."""
    digest = hashlib.sha256(msgspec.json.encode(resource, order="deterministic")).hexdigest()
    return f'W/"{digest[:32]}"'


def check_unchanged(request: Request, resource: Mapping[str, Any]) -> None:
    """Return if a resource is what the client knows (If-Match); raises ``RequestError`` (412) otherwise."""
    known = request.headers.get("if-match")
    if known is not None and not _names_tag(known, tag_of(resource)):
        raise RequestError(412, "changed", "The resource has changed meanwhile: read it again.")


def answer(
    request: Request, resource: Mapping[str, Any] | None, status: int = 200, *, versioned: bool = True
) -> Response:
    """Return the answer with a resource, or without one (204).

    ``versioned``: it is one with an ETag, of which some attributes may be asked for, and a client that knows it already
    is told so (304).
    """
    if resource is None:
        return Response(status_code=204)
    headers = {}
    shown = dict(resource)
    if versioned:
        shown = wanted_attributes(resource, request.query_params)
        headers["etag"] = tag = tag_of(resource)
        if request.method in ("GET", "HEAD") and _names_tag(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        if "meta" in shown:
            shown["meta"] = shown["meta"] | {"version": tag}
    if status == 201:
        headers["location"] = resource["meta"]["location"]
    return Response(msgspec.json.encode(shown), status, headers, "application/scim+json")


def answer_error(error: BartizanError, exchange: str) -> Response:
    """Return the answer to an error (RFC 7644 section 3.12), with the header fields that the API gives it."""
    document: dict[str, Any] = {"schemas": [ERROR]}
    headers: dict[str, str] = {}
    if isinstance(error, ScimError):
        status, detail = 409 if error.kind == "uniqueness" else 400, str(error)
        document["scimType"] = error.kind
    elif isinstance(error, RecordConflict):
        status, detail = 409, str(error)
        document["scimType"] = "uniqueness"
    else:
        problem = answer_problem(error, exchange)
        status = problem.status_code
        told = msgspec.json.decode(problem.body)
        detail = told.get("detail") or told["title"]
        headers = {
            name: problem.headers[name] for name in ("www-authenticate", "retry-after") if name in problem.headers
        }
    document |= {"status": str(status), "detail": detail}
    return Response(msgspec.json.encode(document), status, headers, "application/scim+json")


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not _NUMBER.fullmatch(text):
        raise ScimError("invalidValue", name, "has to be a number")
    return int(text)


def _names(query: Mapping[str, str], parameter: str) -> Sequence[str]:
    text = query.get(parameter, "")
    names = [name.strip().lower() for name in text.split(",", _MAX_ATTRIBUTES) if name.strip()]
    return [name.rpartition(":")[2].partition(".")[0] for name in names]


def _names_tag(field: str, tag: str) -> bool:
    """Tell whether a field with tags names this one; versions are compared weakly (RFC 9110 section 8.8.3.2)."""
    known = {each.strip().removeprefix("W/") for each in field.split(",")}
    return "*" in known or tag.removeprefix("W/") in known
