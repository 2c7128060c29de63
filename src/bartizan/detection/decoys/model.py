"""What a decoy is. Pure data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bartizan.detection.fakes.keyed import Keyed

__all__ = ["Content", "Decoy", "Kind", "Maker", "Writer"]

Kind = Literal["file", "json", "login", "token", "not_found", "forbidden"]


@dataclass(frozen=True, slots=True)
class Content:
    """What a decoy answers: ``body`` as it is sent, without content coding."""

    status: int
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Maker:
    """What contents are made from: ``keyed`` is the decoy's own row of choices, ``secret`` makes honeytokens.

    ``secret`` is asked by the name of a form, and knows where the token is planted.
    """

    keyed: Keyed
    secret: Callable[[str], str]


Writer = Callable[[Maker], Content]


@dataclass(frozen=True, slots=True)
class Decoy:
    """A path and what it answers.

    ``write`` makes what is answered by itself; without it the answer is in the shape of ``like``, or an error as the
    upstream has them. A ``yielding`` decoy could be real: it stands back where the upstream knows the path. ``refusal``
    answers credentials that are sent to it. ``announced`` ones may be named in robots.txt, ``documented`` ones in
    OpenAPI documents.
    """

    name: str
    path: str
    kind: Kind
    write: Writer | None = None
    like: str | None = None
    status: int | None = None
    yielding: bool = False
    refusal: Writer | None = None
    announced: bool = False
    documented: bool = False
