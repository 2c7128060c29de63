"""What whoever decides is shown of the place that asks."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["PlaceOf", "asked_from", "no_place"]

PlaceOf = Callable[[str], str]
"""From an address to a place in words ("Vienna, Austria"), or "" where it is not known."""

MAX_TEXT = 120  # characters


def asked_from(address: str, client: str, place_of: PlaceOf) -> dict[str, str]:
    """Return ``address``, ``place`` and ``client`` as they are shown; what is not known is left out.

    ``client`` is the browser and platform in words. All of it may come from an attacker, so it is one short line, and
    characters that are not seen or change the direction of others are gone.
    """
    shown = {"address": address, "place": place_of(address), "client": client}
    return {name: text for name, value in shown.items() if (text := _line(value))}


def no_place(address: str) -> str:  # noqa: ARG001
    """Know no places: there is no database."""
    return ""


def _line(text: str) -> str:
    return "".join(character for character in text[: 4 * MAX_TEXT] if character.isprintable())[:MAX_TEXT].strip()
