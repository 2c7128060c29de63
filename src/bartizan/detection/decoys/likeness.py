"""Decoys in the shape of real paths; ``/orders/{id}`` stands for any path of that kind which was seen.

A long list takes longer to make than a fast upstream takes to answer, so such contents are made beforehand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bartizan.detection.decoys.model import Content, Decoy
from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.schema import fake_value
from bartizan.detection.profile.profile import Profile

__all__ = ["Likenesses", "concrete"]

_IDS = ("id", "_id", "uuid", "uid", "guid", "number")


class _Kept(NamedTuple):
    """A content, and what it was made from; the profile is held so that no other one can have its number."""

    profile: Profile
    like: str
    basis: object
    content: Content | None


class Likenesses:
    """The contents of decoys that are like real paths, a function of ``key`` and profile alone."""

    def __init__(self, key: bytes, decoys: Iterable[Decoy]) -> None:
        self._key = key
        self._decoys = [decoy for decoy in decoys if decoy.like is not None]
        self._kept: dict[tuple[str, int], _Kept] = {}
        self._prepared: frozenset[int] = frozenset()

    def content(self, decoy: Decoy, profile: Profile) -> Content | None:
        """Return what a decoy answers in the shape that a profile has; None where nothing is known of that."""
        kept = self._kept.get((decoy.path, id(profile)))
        return self._make(decoy, profile).content if kept is None else kept.content

    def like(self, decoy: Decoy, profile: Profile) -> str:
        """Return the real path that a decoy is like, "" if it is like none or was not made yet."""
        kept = self._kept.get((decoy.path, id(profile)))
        return "" if kept is None else kept.like

    async def prepare(self, profiles: Sequence[Profile]) -> None:
        """Make all contents for profiles, and forget those for others; other work goes on in between."""
        known = [profile for profile in profiles if profile.shapes]
        numbers = frozenset(map(id, known))
        if numbers == self._prepared or not self._decoys:
            return
        before: dict[str, list[_Kept]] = {}
        for (path, _), each in self._kept.items():
            before.setdefault(path, []).append(each)
        kept: dict[tuple[str, int], _Kept] = {}
        for profile in known:
            for decoy in self._decoys:
                kept[decoy.path, id(profile)] = self._make(decoy, profile, before.get(decoy.path, ()))
                await asyncio.sleep(0)
        self._kept, self._prepared = kept, numbers

    def _make(self, decoy: Decoy, profile: Profile, known: Sequence[_Kept] = ()) -> _Kept:
        """Make a content, or take it over from one that was made from the same."""
        keyed = Keyed(self._key, "decoys", decoy.path)
        like = concrete(decoy.like or "", profile, keyed.sub("like"))
        shape = profile.shape("GET", like)
        if shape is None:
            return _Kept(profile, like, None, None)
        basis: object = (like, shape.status, shape.media_type, shape.style, profile.basis("GET", like))
        for each in known:
            if each.basis == basis:
                return each._replace(profile=profile)
        made = profile.fake("GET", like, keyed)
        content = Content(decoy.status or shape.status, shape.media_type, shape.encode(made))
        return _Kept(profile, like, basis, content)


def concrete(like: str, profile: Profile, keyed: Keyed) -> str:
    """Return a path of the kind of ``like``, with made-up ids for what is in braces; as it is if none was seen."""
    if "{" not in like:
        return like
    wanted = like.split("/")
    for template in profile.templates():
        segments = template.split("/")
        if len(segments) == len(wanted) and all(map(_same, wanted, segments)):
            filled = [_made(each, keyed.sub(number)) for number, each in enumerate(segments)]
            known = _id_of(profile, template, keyed) if segments[-1].startswith("{") else None
            return "/".join([*filled[:-1], filled[-1] if known is None else known])
    return like


def _same(one: str, other: str) -> bool:
    return one == other or (one.startswith("{") and other.startswith("{"))


def _made(segment: str, keyed: Keyed) -> str:
    """Return something for a segment of a template."""
    if segment == "{uuid}":
        return str(fake_value({"type": "string", "format": "uuid"}, keyed))
    if segment == "{date}":
        return str(fake_value({"type": "string", "format": "date"}, keyed))
    if segment == "{int}":
        return str(keyed.between(1, 999))
    return keyed.hex(12) if segment.startswith("{") else segment


def _id_of(profile: Profile, template: str, keyed: Keyed) -> str | None:
    """Return an id as the objects of a template have them, None where they show none in a path's letters."""
    shape = profile.shapes.get(f"GET {template}")
    made = None if shape is None else fake_value(shape.schema(), keyed)
    if not isinstance(made, dict):
        return None
    for name in _IDS:
        value = made.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(max(value, 1))
        if isinstance(value, str) and value.replace("-", "").isalnum():
            return value
    return None
