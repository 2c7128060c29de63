"""A bounce that proves the device's key for a session, then goes on to where somebody was going."""

from __future__ import annotations

from starlette.requests import Request

from bartizan.control.pages.site import Page
from bartizan.control.requests import local_path

__all__ = ["PAGE"]


def _facts(request: Request) -> dict[str, str]:
    query = request.query_params
    return {"next": local_path(query.get("next")), "held": "1" if query.get("held") == "1" else ""}


PAGE = Page("/prove", "prove.html", "prove.js", _facts)
