"""A diverted request and its answer, whatever carries them."""

from __future__ import annotations

from dataclasses import dataclass

from bartizan.decoy.contract import DecoyContext

__all__ = ["Answer", "Asked"]

Fields = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Asked:
    """``path`` and ``query`` as the client sent them, percent-encoded; names of fields in lower case.

    ``body`` may be cut; ``size`` is how many bytes there were.
    """

    context: DecoyContext
    method: str
    path: str
    query: str
    fields: Fields
    body: bytes = b""
    size: int = 0

    def field(self, name: bytes) -> str:
        """Return the first value of a header field, empty if there is none."""
        return next((value.decode("latin-1") for each, value in self.fields if each == name), "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent no sooner than ``wait`` seconds after the edge had sent the request."""

    status: int
    fields: Fields
    body: bytes
    wait: float
