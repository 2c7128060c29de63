"""``routes``: which exchange goes where, and through which guards."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bartizan.config.model.base import Duration, Method, Model, Name, Path, Size
from bartizan.config.model.guards import GuardOverrides

__all__ = ["HeaderEdits", "Rewrite", "Route", "Split"]


class HeaderEdits(Model):
    """Changes to a set of headers: first ``remove``, then ``set``, then ``add``."""

    set: Annotated[dict[str, str], Field(description="replaces the header, or adds it")] = {}
    add: Annotated[dict[str, str], Field(description="beside those of the same name")] = {}
    remove: Annotated[list[str], Field(description="names of headers")] = []


class Rewrite(Model):
    """What the upstream sees instead of what the client sent."""

    prefix: Annotated[
        Path | None,
        Field(description="replaces the part of the path that the route's prefix matched"),
    ] = None
    path: Annotated[Path | None, Field(description="replaces the whole path; {name} takes a path parameter")] = None
    host: Annotated[
        str | None, Field(description="Host that the upstream sees, instead of what its `host_header` says")
    ] = None
    request_headers: Annotated[HeaderEdits, Field(description="changes to what the upstream gets")] = HeaderEdits()
    response_headers: Annotated[HeaderEdits, Field(description="changes to what the client gets")] = HeaderEdits()


class Split(Model):
    """One share of a route's traffic. ``headers`` that match send an exchange here whatever the weights (canary)."""

    upstream: Annotated[Name, Field(description="name of an upstream")]
    weight: Annotated[int, Field(ge=0, le=10000, description="its part of the sum of all weights")] = 1
    headers: Annotated[dict[str, str], Field(description="name: value, or `*` for present; all have to match")] = {}


class Route(Model):
    """One rule of the router.

    Paths: ``/exact``, ``/prefix/*`` (the prefix and everything below it), ``/users/{id}`` (one segment). Hosts:
    ``api.example.org`` or ``*.example.org``. Higher ``priority`` wins; then the more specific host, then exact over
    parameter over prefix, then the longer path, then more conditions, then the order in the file.
    """

    name: Annotated[Name, Field(description="for logs, metrics and the journal")]
    hosts: Annotated[list[str], Field(description="api.example.org or *.example.org; any when empty")] = []
    paths: Annotated[
        list[str], Field(min_length=1, max_length=1000, description="/exact, /prefix/* or /users/{id}")
    ] = ["/*"]
    methods: Annotated[list[Method], Field(description="any when empty; GET includes HEAD")] = []
    headers: Annotated[dict[str, str], Field(description="exact value, or `*` for present")] = {}
    priority: Annotated[int, Field(ge=-1000000, le=1000000, description="higher wins, whatever is more specific")] = 0
    upstream: Annotated[Name | None, Field(description="name of the upstream that gets the exchanges")] = None
    split: Annotated[list[Split], Field(description="several upstreams that share them")] = []
    rewrite: Annotated[Rewrite, Field(description="what the upstream and the client see instead")] = Rewrite()
    upgrade: Annotated[bool, Field(description="pass WebSocket and other Upgrade requests through as a tunnel")] = False
    body_bytes: Annotated[Size | None, Field(description="request body limit of this route; 0 means no limit")] = None
    timeout: Annotated[Duration | None, Field(gt=0, description="for the response head, instead of the upstream's")] = (
        None
    )
    guards: Annotated[GuardOverrides, Field(description="changes to the guards for this route")] = GuardOverrides()
