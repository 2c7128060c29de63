"""``routes``: which exchange goes where, and through which guards."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bartizan.config.model.base import Duration, Method, Model, Name, Path, Size
from bartizan.config.model.guards import GuardOverrides

__all__ = ["HeaderEdits", "Rewrite", "Route", "Split"]


class HeaderEdits(Model):
    """Changes to a set of headers: first ``remove``, then ``set``, then ``add``."""

    set: dict[str, str] = {}
    add: dict[str, str] = {}
    remove: list[str] = []


class Rewrite(Model):
    """What the upstream sees instead of what the client sent."""

    prefix: Annotated[
        Path | None,
        Field(description="replaces the part of the path that the route's prefix matched"),
    ] = None
    path: Annotated[Path | None, Field(description="replaces the whole path; {name} takes a path parameter")] = None
    host: str | None = None
    request_headers: HeaderEdits = HeaderEdits()
    response_headers: HeaderEdits = HeaderEdits()


class Split(Model):
    """One share of a route's traffic. ``headers`` that match send an exchange here whatever the weights (canary)."""

    upstream: Name
    weight: Annotated[int, Field(ge=0, le=10000)] = 1
    headers: dict[str, str] = {}


class Route(Model):
    """One rule of the router.

    Paths: ``/exact``, ``/prefix/*`` (the prefix and everything below it), ``/users/{id}`` (one segment). Hosts:
    ``api.example.org`` or ``*.example.org``. Higher ``priority`` wins; then the more specific host, then exact over
    parameter over prefix, then the longer path, then more conditions, then the order in the file.
    """

    name: Name
    hosts: list[str] = []
    paths: Annotated[list[str], Field(min_length=1, max_length=1000)] = ["/*"]
    methods: list[Method] = []
    headers: Annotated[dict[str, str], Field(description="exact value, or `*` for present")] = {}
    priority: Annotated[int, Field(ge=-1000000, le=1000000)] = 0
    upstream: Name | None = None
    split: list[Split] = []
    rewrite: Rewrite = Rewrite()
    upgrade: Annotated[bool, Field(description="pass WebSocket and other Upgrade requests through as a tunnel")] = False
    body_bytes: Annotated[Size | None, Field(description="request body limit of this route; 0 means no limit")] = None
    timeout: Annotated[Duration | None, Field(gt=0, description="for the response head, instead of the upstream's")] = (
        None
    )
    guards: GuardOverrides = GuardOverrides()
