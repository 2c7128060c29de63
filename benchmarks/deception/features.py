"""What an experienced intruder would measure of answers: numbers, by family of features."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from benchmarks.deception.visits import Seen

__all__ = ["features"]

_DIGITS, _LETTERS = re.compile(r"\d+"), re.compile(r"[A-Za-z]+")


def features(seen: Seen) -> dict[str, dict[str, float]]:
    """Return features by family; what is a name or a form is a number of its own.

    ``time``, ``head`` and ``body`` (its shape) are what the goal is about. ``values`` are what members of JSON say.
    """
    return {
        "time": {"head": seen.head * 1e3, "rest": seen.rest * 1e3},
        "head": _head(seen),
        "body": _body(seen.case.path, seen.body),
        "values": _values(seen.body),
    }


def _name(text: str) -> float:
    """Return a number for a text, the same for the same text."""
    return float(zlib.crc32(text.encode("utf-8", "replace")) % 100_003)


def _form(text: str) -> str:
    return _LETTERS.sub("a", _DIGITS.sub("9", text))


def _head(seen: Seen) -> dict[str, float]:
    fields = {name.lower(): value for name, value in seen.fields}
    out = {
        "status": float(seen.status),
        "count": float(len(seen.fields)),
        "names": _name(",".join([name for name, _ in seen.fields])),
        "bytes": float(
            sum([len(name) + len(value) for name, value in seen.fields if name.lower() != "content-length"])
        ),
        "length agrees": float(fields.get("content-length") == str(len(seen.body))),
    }
    for name, value in fields.items():
        if name in ("content-length", "date"):
            continue
        out[f"{name} form"] = _name(_form(value))
        out[f"{name} length"] = float(len(value))
        if name not in ("etag", "last-modified"):
            out[f"{name} value"] = _name(value)
    modified, tag = _moment(fields.get("last-modified")), fields.get("etag", "").removeprefix("W/").strip('"')
    date = _moment(fields.get("date"))
    if modified is not None and date is not None:
        out["age in days"] = (date - modified) / 86400
    if tag:  # nginx: time of change and size
        out["etag has size"] = float(tag.endswith(f"-{len(seen.body):x}"))
        out["etag has time"] = float(modified is not None and tag.startswith(f"{int(modified):x}-"))
    return out


def _moment(text: str | None) -> float | None:
    try:
        return None if text is None else parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None


def _body(path: str, body: bytes) -> dict[str, float]:
    plain = path.partition("?")[0]
    text = body.decode("utf-8", "replace").replace(plain, "PATH")
    size, counts = max(len(text), 1), Counter(text)
    out = {
        "length": float(len(text)),
        "entropy": -sum([count / size * math.log2(count / size) for count in counts.values()]),
        "digits": sum([count for letter, count in counts.items() if letter.isdigit()]) / size,
        "capitals": sum([count for letter, count in counts.items() if letter.isupper()]) / size,
        "spaces": counts[" "] / size,
        "lines": float(counts["\n"]),
        "packed": len(zlib.compress(text.encode())) / size,
        "beyond ASCII": float(not text.isascii()),
        "has its path": float("PATH" in text),
    }
    if size < 400 and "{" not in text:
        out["text"] = _name(text)
    try:
        document = json.loads(body)
    except ValueError:
        return out
    leaves = list(_leaves("", document))
    out["keys"] = _name(",".join([re.sub(r"\d+", "", place) for place, _ in leaves][:40]))
    out["types"] = _name(",".join([type(value).__name__ for _, value in leaves][:40]))
    out["leaves"] = float(len(leaves))
    out["depth"] = float(max([place.count(".") for place, _ in leaves], default=0))
    return out


def _values(body: bytes) -> dict[str, float]:
    out: dict[str, float] = {}
    try:
        document = json.loads(body)
    except ValueError:
        return out
    for place, value in _leaves("", document):
        plain_place = re.sub(r"\.\d+", "", place)
        if isinstance(value, str):
            out[f"{plain_place} length"] = float(len(value))
            out[f"{plain_place} form"] = _name(_form(value))
            out[f"{plain_place} words"] = float(len(value.split()))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            out[f"{plain_place} value"] = float(value)
            out[f"{plain_place} last"] = float(int(abs(value) * 100) % 10)
    return out


def _leaves(place: str, document: object) -> Iterator[tuple[str, object]]:
    if isinstance(document, dict):
        for name, value in document.items():
            yield from _leaves(f"{place}.{name}", value)
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from _leaves(f"{place}.{number}", value)
    else:
        yield place, document
