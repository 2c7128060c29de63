"""Real paths that decoys are like: ``/orders/{id}`` stands for any path of that kind which was seen."""

from __future__ import annotations

from bartizan.detection.fakes.keyed import Keyed
from bartizan.detection.fakes.schema import fake_value
from bartizan.detection.profile.profile import Profile

__all__ = ["concrete"]

_IDS = ("id", "_id", "uuid", "uid", "guid", "number")


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
