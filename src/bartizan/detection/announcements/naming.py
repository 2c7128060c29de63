"""What an operation for a path is called, in the manner of another operation of the same document."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["operation_id", "summary", "topic", "words"]

_WORD = re.compile(r"[A-Za-z][a-z]*|[0-9]+")


def words(path: str) -> list[str]:
    """Return what a GET of a path does, in words: ``list``, ``internal``, ``users``."""
    said = [segment for segment in path.strip("/").split("/") if segment not in ("", "api")]
    return ["list" if said and said[-1].endswith("s") else "get", *said]


def topic(path: str) -> str:
    """Return what a path is about, so that any text about it has this in it: ``order`` for ``/v1/orders``."""
    last = path.rstrip("/").rpartition("/")[2].lower()
    return last[:-3] if last.endswith("ies") else last.removesuffix("s")


def summary(said: Sequence[str], like: str) -> str:
    """Return a summary of these words, with capitals and a full stop as another summary has them."""
    known = like.split()
    if len(known) > 1 and all(word[:1].isupper() for word in known):
        text = " ".join(word.capitalize() for word in said)
    else:
        text = " ".join(said)
        text = text if like[:1].islower() else text[:1].upper() + text[1:]
    return text + ("." if like.rstrip().endswith(".") else "")


def operation_id(said: Sequence[str], path: str, like: str, like_path: str) -> str:
    """Return an operationId of these words, for a path, in the form that another one has for its own path."""
    if like.endswith(_generated(like_path)):  # FastAPI: function, path and method
        return "_".join(said) + _generated(path)
    for separator in ("_", "-", "."):
        if separator in like:
            return separator.join(said)
    parts = [part for word in said for part in _WORD.findall(word)]
    text = "".join(part[:1].upper() + part[1:] for part in parts)
    return text if like[:1].isupper() else text[:1].lower() + text[1:]


def _generated(path: str) -> str:
    return re.sub(r"\W", "_", path) + "_get"
