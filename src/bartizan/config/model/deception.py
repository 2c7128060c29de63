"""``deception``: decoys, honeytokens, canaries, and where actors of high risk are sent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bartizan.config.model.base import MEDIA_TYPE_PATTERN, Cidr, Duration, Model, Name, Path, Size

__all__ = [
    "CanaryField",
    "CanaryItem",
    "Deception",
    "DecoyPath",
    "DecoySettings",
    "DivertSettings",
    "Honeytokens",
    "KnownClient",
    "Tarpit",
]


class DecoyPath(Model):
    """A path that no honest client asks for, and what it answers."""

    path: Annotated[Path, Field(description="exact: /internal/payroll")]
    kind: Annotated[
        Literal["file", "json", "login", "token", "not_found", "forbidden"],
        Field(
            description="`file`: what `file` has; `json`: fakes in the shape of `like`; `login`, `token`: take "
            "credentials and refuse them; `not_found`, `forbidden`: the upstream's own error"
        ),
    ] = "json"
    file: Annotated[str | None, Field(description="what `file` answers; {token:NAME} is a honeytoken")] = None
    media_type: Annotated[
        str | None, Field(pattern=MEDIA_TYPE_PATTERN, description="of `file`; by its name when absent")
    ] = None
    like: Annotated[Path | None, Field(description="a real path whose shape `json` takes: /orders/{id}")] = None
    status: Annotated[int | None, Field(ge=200, le=599, description="instead of the kind's own")] = None


class DecoySettings(Model):
    """Decoys in the namespace of the real API."""

    builtin: Annotated[
        list[Name] | Literal["all", "none"],
        Field(description="which of those that come with Bartizan (docs/deception.md): names, `all` or `none`"),
    ] = "all"
    paths: Annotated[list[DecoyPath], Field(max_length=1000, description="decoys of your own")] = []
    robots: Annotated[bool, Field(description="name decoys in robots.txt, as paths that are not to be visited")] = True
    openapi: Annotated[
        list[Path], Field(max_length=16, description="paths of OpenAPI documents into which decoys are written")
    ] = []


class Honeytokens(Model):
    """Credentials that nobody was given."""

    api_keys: Annotated[
        dict[Name, str],
        Field(description="forms of API keys by name: sk_live_{base62:24}, ghp_{base62:30}{crc32}"),
    ] = {}
    headers: Annotated[
        list[str], Field(max_length=16, description="header fields in which API keys come, besides Authorization")
    ] = ["X-API-Key"]
    parameters: Annotated[
        list[str], Field(max_length=16, description="query parameters in which tokens and keys come")
    ] = ["access_token", "api_key"]
    audience: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            description="of JWTs that are honeytokens: one that looks real and that no service accepts",
        ),
    ] = "internal-services"


class CanaryItem(Model):
    """A planted object in a list: whoever asks for it by its id has enumerated."""

    path: Annotated[Path, Field(description="of the list: /orders, /shops/{shop}/orders")]
    items: Annotated[str, Field(description="where the list is in the JSON: `$` or names, as in data.items")] = "$"
    id: Annotated[str, Field(description="the field with the id")] = "id"
    detail: Annotated[Path, Field(description="where an object is asked for by its id: /orders/{id}")]
    range: Annotated[
        tuple[int, int] | None,
        Field(description="of ids that are whole numbers and that no real object will have; else of one digit more"),
    ] = None


class CanaryField(Model):
    """A planted field in an object, with a link that nobody has a reason to follow."""

    path: Annotated[Path, Field(description="of the response: /orders/{id}")]
    name: Annotated[str, Field(min_length=1, max_length=64, description="of the field: debug_url")] = "debug_url"
    value: Annotated[str, Field(description="a path with {token}: /internal/debug/{token}")] = "/internal/debug/{token}"


class Tarpit(Model):
    """Answers to the worst come drop by drop; what is over the budget is answered at normal pace."""

    at: Annotated[int | None, Field(ge=1, le=100, description="risk from which on; absent: never")] = None
    sockets: Annotated[int, Field(ge=1, le=10_000, description="that may be held at once")] = 32
    bytes: Annotated[Size, Field(ge=1, description="that one answer may take, and a second for all")] = "64KiB"  # type: ignore[assignment]
    duration: Annotated[Duration, Field(gt=0, le=3600, description="of one answer at the most")] = "60s"  # type: ignore[assignment]


class DivertSettings(Model):
    """The decoy upstream: a process of its own that answers whoever is diverted, and writes down what they do."""

    enabled: Annotated[bool, Field(description="run the process; without it nobody is diverted")] = False
    openapi: Annotated[
        dict[Name, str], Field(description="OpenAPI documents (files) by upstream; else it goes by what it has seen")
    ] = {}
    actors: Annotated[int, Field(ge=1, le=100_000, description="whose writes and transcripts are kept")] = 1000
    transcript_bytes: Annotated[Size, Field(ge=2**16, description="of one actor")] = "16MiB"  # type: ignore[assignment]
    transcripts_bytes: Annotated[Size, Field(ge=2**20, description="of all; the oldest go")] = "1GiB"  # type: ignore[assignment]
    body_bytes: Annotated[Size, Field(ge=0, le=2**24, description="of one body in a transcript")] = "64KiB"  # type: ignore[assignment]
    tarpit: Annotated[Tarpit, Field(description="for the worst")] = Tarpit()


class KnownClient(Model):
    """A client that may touch decoys: a link previewer, a scanner of your own."""

    name: Annotated[Name, Field(description="for the journal")]
    networks: Annotated[list[Cidr], Field(description="where it comes from: then it is no signal")] = []
    user_agent: Annotated[
        str | None, Field(min_length=3, max_length=256, description="part of User-Agent; alone it is hardly a signal")
    ] = None


class Deception(Model):
    """Things that no honest client touches, in the real API."""

    enabled: Annotated[bool, Field(description="decoys, honeytokens and canaries are in force")] = False
    decoys: Annotated[DecoySettings, Field(description="paths")] = DecoySettings()
    honeytokens: Annotated[Honeytokens, Field(description="credentials")] = Honeytokens()
    canaries: Annotated[list[CanaryItem], Field(max_length=100, description="objects planted in lists")] = []
    fields: Annotated[list[CanaryField], Field(max_length=100, description="fields planted in objects")] = []
    divert: Annotated[DivertSettings, Field(description="where actors of high risk are sent")] = DivertSettings()
    allow: Annotated[
        list[KnownClient], Field(max_length=100, description="known clients, besides well-known link previewers")
    ] = []
