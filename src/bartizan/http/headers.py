"""Header fields as both wire protocols see them: lower-case names, in order, repeated where repeated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

__all__ = ["Headers"]


class Headers:
    """An ordered multi-map of header fields.

    Names are lower-case bytes (RFC 9110 section 5.1: names are case-insensitive; RFC 9113 section 8.2.1: lower-case on
    the wire); values are bytes without surrounding white space. ``items`` may be read directly on the hot path.
    """

    __slots__ = ("items",)

    def __init__(self, items: list[tuple[bytes, bytes]] | None = None) -> None:
        self.items: list[tuple[bytes, bytes]] = [] if items is None else items

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Headers:
        """Build from text pairs; names are lower-cased, values encoded as Latin-1."""
        return cls([(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs])

    def get(self, name: bytes) -> bytes | None:
        """Return the first value of ``name`` (lower-case), or None."""
        for key, value in self.items:
            if key == name:
                return value
        return None

    def get_all(self, name: bytes) -> list[bytes]:
        """Return all values of ``name`` (lower-case) in order."""
        return [value for key, value in self.items if key == name]

    def add(self, name: bytes, value: bytes) -> None:
        """Append a field, keeping others of the same name."""
        self.items.append((name, value))

    def set(self, name: bytes, value: bytes) -> None:
        """Replace all fields of ``name`` by one."""
        self.remove(name)
        self.items.append((name, value))

    def remove(self, name: bytes) -> None:
        """Remove all fields of ``name``; it is no error if there are none."""
        if name in self:
            self.items = [item for item in self.items if item[0] != name]

    def copy(self) -> Headers:
        """Return a copy that can be changed without changing this one."""
        return Headers(self.items.copy())

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self.items)

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self.items == other.items

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Headers({[name.decode('latin-1') for name, _ in self.items]})"
