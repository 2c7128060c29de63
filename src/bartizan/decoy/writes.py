"""What diverted actors have written, so that they read it back: in memory, per actor, bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

__all__ = ["GONE", "MAX_OBJECTS", "Gone", "Writes"]

MAX_OBJECTS = 256
"""Of one actor."""
MAX_BYTES = 256 * 1024
"""Of one actor, and of one object; what was written longest ago is forgotten."""


class Gone:
    """What was deleted."""


GONE: Final = Gone()


class _Written:
    """The objects of one actor by path, the one written last at the end."""

    def __init__(self) -> None:
        self.objects: OrderedDict[str, bytes | Gone] = OrderedDict()
        self.size = 0

    def put(self, path: str, document: bytes | Gone) -> None:
        """Keep it, and forget the oldest beyond the bounds."""
        self._forget(path)
        size = _size(path, document)
        if size > MAX_BYTES:
            return
        self.objects[path] = document
        self.size += size
        while self.size > MAX_BYTES or len(self.objects) > MAX_OBJECTS:
            self._forget(next(iter(self.objects)))

    def _forget(self, path: str) -> None:
        before = self.objects.pop(path, None)
        if before is not None:
            self.size -= _size(path, before)


class Writes:
    """The writes of at most ``actors`` actors; who was seen longest ago is forgotten."""

    def __init__(self, actors: int) -> None:
        self._actors = actors
        self._written: OrderedDict[str, _Written] = OrderedDict()

    def put(self, actor: str, path: str, document: bytes) -> None:
        """Keep the object at ``path`` as it is to be read back."""
        self._of(actor).put(path, document)

    def delete(self, actor: str, path: str) -> None:
        """Keep that the object at ``path`` is gone."""
        self._of(actor).put(path, GONE)

    def get(self, actor: str, path: str) -> bytes | Gone | None:
        """Return what was written at ``path``, ``GONE`` if it was deleted, None if nothing was done there."""
        written = self._written.get(actor)
        return None if written is None else written.objects.get(path)

    def below(self, actor: str, collection: str) -> Iterator[tuple[str, bytes | Gone]]:
        """Yield what was written or deleted directly below a path, the oldest first: last segment and object."""
        written = self._written.get(actor)
        if written is None:
            return
        prefix = collection.rstrip("/") + "/"
        for path, document in tuple(written.objects.items()):
            name = path.removeprefix(prefix)
            if name and len(name) < len(path) and "/" not in name:
                yield name, document

    def _of(self, actor: str) -> _Written:
        written = self._written.pop(actor, None) or _Written()
        self._written[actor] = written
        if len(self._written) > self._actors:
            self._written.popitem(last=False)
        return written


def _size(path: str, document: bytes | Gone) -> int:
    return len(path) + (0 if isinstance(document, Gone) else len(document))
