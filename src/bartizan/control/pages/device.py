"""A new device waits for one that is trusted to confirm it."""

from __future__ import annotations

from starlette.requests import Request

from bartizan.control.pages.site import Page

__all__ = ["PAGE"]


def _facts(request: Request) -> dict[str, str]:
    return {"host": request.headers.get("host", "")}


PAGE = Page("/device", "device.html", "waiting.js", _facts)
