"""Logging in: name and password, or a passkey."""

from __future__ import annotations

from starlette.requests import Request

from bartizan.control.pages.site import Page
from bartizan.control.requests import local_path

__all__ = ["PAGE"]


def _facts(request: Request) -> dict[str, str]:
    return {"next": local_path(request.query_params.get("next"))}


PAGE = Page("/login", "login.html", "login.js", _facts)
