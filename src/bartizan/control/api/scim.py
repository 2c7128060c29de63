"""SCIM 2.0 (RFC 7643, RFC 7644) for whatever provisions people and groups: another directory, a script.

A request comes with what the API of administrators asks for: a session of an administrator, as a cookie or as an access
token, and a proof of its device's key for method and URL. Changes need a passkey: within 5 minutes for a cookie; at any
time in the session for an access token, which is bound to the client's key and ends with the session. Changes of the
group of administrators need it within 5 minutes always, and nobody can shut themselves out.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bartizan.access.administration import Administration
from bartizan.access.changes import Changes
from bartizan.access.forms import normalised_group
from bartizan.access.scim.directory import Directory
from bartizan.access.scim.filters import people_filter, read_comparisons
from bartizan.access.scim.patches import patched
from bartizan.access.scim.reading import GroupInput, UserInput, decode, read_group, read_user
from bartizan.access.scim.resources import list_response
from bartizan.control.api.admin import actor_of
from bartizan.control.api.endpoint import Call
from bartizan.control.api.proof import proven_visitor
from bartizan.control.api.scim_answers import answer, answer_error, check_unchanged, paging, wanted_attributes
from bartizan.control.api.scim_discovery import resource_types, schemas, service_provider
from bartizan.control.api.session import check_passkey
from bartizan.control.requests import client_of
from bartizan.control.services import Services
from bartizan.errors import AccessError, BartizanError, RecordNotFound, RequestError, ScimError
from bartizan.storage.records.people import PeopleFilter

__all__ = ["BASE", "routes"]

BASE = "/.bartizan/scim/v2"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_READS = ("GET", "HEAD")
_METHODS = (*_READS, "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Those that come to a table, which says what of it there is: so a refusal is SCIM's too."""

Handler = Callable[["_Scim"], Awaitable[Response]]


def routes(services: Services) -> list[BaseRoute]:
    """Return the routes of SCIM; all methods and paths are answered as RFC 7644 says."""
    made: list[BaseRoute] = [Route(f"{BASE}/ServiceProviderConfig", _public(services), methods=("GET",))]
    tables: Mapping[str, Mapping[str, Handler]] = {
        "/ResourceTypes": {"GET": _resource_types},
        "/ResourceTypes/{id}": {"GET": _resource_types},
        "/Schemas": {"GET": _schemas},
        "/Schemas/{id}": {"GET": _schemas},
        "/Users": {"GET": _list_users, "POST": _create_user},
        "/Users/{id}": {"GET": _get_user, "PUT": _change_user, "PATCH": _change_user, "DELETE": _remove_user},
        "/Groups": {"GET": _list_groups, "POST": _create_group},
        "/Groups/{id}": {"GET": _get_group, "PUT": _change_group, "PATCH": _change_group, "DELETE": _remove_group},
        "/{rest:path}": {},
    }
    made += [Route(BASE + path, _dispatch(services, table), methods=_METHODS) for path, table in tables.items()]
    return made


class _Scim:
    """One request, whose sender is known to be an administrator."""

    def __init__(self, call: Call) -> None:
        parts = call.parts
        self.call = call
        self.request = call.request
        self.base = call.services.origin + BASE
        self.actor = actor_of(call)
        self.administrators = parts.access.administrators
        changes = Changes(parts.records, parts.sessions, parts.access, parts.clock)
        self.directory = Directory(changes, parts.clock, self.base)
        self.administration = Administration(parts.records, parts.sessions, parts.access, parts.clock)

    @property
    def id(self) -> str:
        """The id in the path. Raises ``RecordNotFound`` for what is none."""
        text = str(self.request.path_params["id"])
        if not _ID.fullmatch(text):
            raise RecordNotFound("there is no such resource")
        return text

    async def body(self) -> object:
        """Return the JSON of the body. Raises ``ScimError``."""
        return decode(await self.request.body())

    def check_group(self, *names: object) -> None:
        """Raise ``Challenge`` if one of the names is that of the administrators and no passkey was used just now."""
        if self.administrators in [normalised_group(name) for name in names if isinstance(name, str)]:
            check_passkey(self.call.session.session, self.call.parts.clock())

    def check_another(self, principal: str) -> None:
        """Raise ``AccessError`` for the own account: so there is always an administrator left."""
        if principal == self.actor.id:
            raise AccessError("own_account", "Another administrator has to do this to your own account.")


def _dispatch(services: Services, handlers: Mapping[str, Handler]) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        try:
            handler = _handler(handlers, request.method)
            call = Call(services, request, await proven_visitor(request, services))
            await call.look_up("administrator" if request.method in _READS else "provision")
            response = await handler(_Scim(call))
        except RecordNotFound as error:
            response = answer_error(RequestError(404, "not_found", str(error)), client_of(request).exchange)
        except BartizanError as error:
            response = answer_error(error, client_of(request).exchange)
        if response.status_code == 405:
            response.headers["allow"] = ", ".join(handlers)
        response.headers["dpop-nonce"] = services.nonces.issue()
        return response

    return respond


def _handler(handlers: Mapping[str, Handler], method: str) -> Handler:
    if not handlers:
        raise RequestError(404, "not_found", "There is no such endpoint.")
    handler = handlers.get("GET" if method in _READS else method)
    if handler is None:
        raise RequestError(405, "method_not_allowed", "This endpoint does not know the method.")
    return handler


def _public(services: Services) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        """Tell how to authenticate, before that can be done (RFC 7643 section 5)."""
        return answer(request, service_provider(services.origin + BASE), versioned=False)

    return respond


async def _resource_types(scim: _Scim) -> Response:
    return _discovered(scim, resource_types(scim.base))


async def _schemas(scim: _Scim) -> Response:
    return _discovered(scim, schemas(scim.base))


def _discovered(scim: _Scim, resources: list[dict[str, Any]]) -> Response:
    if "filter" in scim.request.query_params:
        raise RequestError(403, "no_filter", "This endpoint takes no filter.")  # RFC 7644 section 4
    wanted = scim.request.path_params.get("id")
    if wanted is None:
        return answer(scim.request, list_response(resources, len(resources)), versioned=False)
    for resource in resources:
        if resource["id"] == wanted:
            return answer(scim.request, resource, versioned=False)
    raise RecordNotFound("there is no such resource")


async def _list_users(scim: _Scim) -> Response:
    query = scim.request.query_params
    start, count = paging(query)
    wanted = people_filter(query["filter"]) if "filter" in query else PeopleFilter()
    found, total = await scim.directory.users(wanted, start - 1, count)
    return _page(scim, found, total, start)


async def _get_user(scim: _Scim) -> Response:
    return answer(scim.request, await scim.directory.user(scim.id))


async def _create_user(scim: _Scim) -> Response:
    made = await scim.directory.create_user(scim.actor, read_user(await scim.body()))
    return answer(scim.request, await scim.directory.user(made), 201)


async def _change_user(scim: _Scim) -> Response:
    principal, change = scim.id, _change(scim, await scim.body())

    def changed(resource: dict[str, Any]) -> UserInput:
        user = read_user(change(resource))
        if not user.active:
            scim.check_another(principal)
        return user

    await scim.directory.change_user(scim.actor, principal, changed)
    return answer(scim.request, await scim.directory.user(principal))


async def _remove_user(scim: _Scim) -> Response:
    resource = await scim.directory.user(scim.id)
    check_unchanged(scim.request, resource)
    scim.check_another(scim.id)
    scim.check_group(*(group["display"] for group in resource["groups"]))
    await scim.administration.remove(scim.actor, scim.id)
    return answer(scim.request, None)


async def _list_groups(scim: _Scim) -> Response:
    query = scim.request.query_params
    start, count = paging(query)
    name = _group_name(query["filter"]) if "filter" in query else None
    found, total = await scim.directory.groups(start - 1, count, name)
    return _page(scim, found, total, start)


async def _get_group(scim: _Scim) -> Response:
    return answer(scim.request, await scim.directory.group(scim.id))


async def _create_group(scim: _Scim) -> Response:
    group = read_group(await scim.body())
    scim.check_group(group.name)
    made = await _members_known(scim.directory.create_group(scim.actor, group))
    return answer(scim.request, await scim.directory.group(made), 201)


async def _change_group(scim: _Scim) -> Response:
    identifier, change = scim.id, _change(scim, await scim.body())
    await scim.directory.group(identifier)

    def changed(resource: dict[str, Any]) -> GroupInput:
        group = read_group(change(resource))
        scim.check_group(resource["displayName"], group.name)
        if resource["displayName"] == scim.administrators:
            _check_administrators(scim, group)
        return group

    await _members_known(scim.directory.change_group(scim.actor, identifier, changed))
    return answer(scim.request, await scim.directory.group(identifier))


async def _remove_group(scim: _Scim) -> Response:
    resource = await scim.directory.group(scim.id)
    check_unchanged(scim.request, resource)
    if resource["displayName"] == scim.administrators:
        raise AccessError("administrators", "The group of administrators stays.")
    await scim.directory.remove_group(scim.actor, scim.id)
    return answer(scim.request, None)


def _change(scim: _Scim, body: object) -> Callable[[dict[str, Any]], object]:
    """Return what a PUT or PATCH makes of a resource; it raises if that is not what the client knows."""

    def change(resource: dict[str, Any]) -> object:
        check_unchanged(scim.request, resource)
        return body if scim.request.method == "PUT" else patched(resource, body)

    return change


def _check_administrators(scim: _Scim, group: GroupInput) -> None:
    if group.name != scim.administrators:
        raise AccessError("administrators", "The group of administrators keeps its name.")
    if group.members is not None and scim.actor.id not in group.members:
        scim.check_another(scim.actor.id)


async def _members_known(work: Awaitable[Any]) -> Any:
    """Do something with a Group; what is not found is a member."""
    try:
        return await work
    except RecordNotFound as error:
        raise ScimError("invalidValue", "members", str(error)) from None


def _group_name(text: str) -> str:
    comparisons = read_comparisons(text)
    if len(comparisons) != 1 or comparisons[0].attribute != "displayname" or not isinstance(comparisons[0].value, str):
        raise ScimError("invalidFilter", "filter", 'write: displayName eq "staff"')
    return normalised_group(comparisons[0].value)


def _page(scim: _Scim, found: list[dict[str, Any]], total: int, start: int) -> Response:
    query = scim.request.query_params
    shown = [wanted_attributes(resource, query) for resource in found]
    return answer(scim.request, list_response(shown, total, start), versioned=False)
