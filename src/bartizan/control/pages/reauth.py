"""Step-up: somebody who is logged in proves anew who they are."""

from __future__ import annotations

import re

from starlette.requests import Request

from bartizan.control.pages.site import Page
from bartizan.control.requests import local_path

__all__ = ["PAGE"]

_FACTOR = re.compile(r"[a-z]{1,16}")
_MAX_AGE = re.compile(r"[0-9]{1,8}")  # seconds


def _facts(request: Request) -> dict[str, str]:
    query = request.query_params
    return {
        "next": local_path(query.get("next")),
        "held": "1" if query.get("held") == "1" else "",
        "factor": _matching(_FACTOR, query.get("factor", "")),
        "max_age": _matching(_MAX_AGE, query.get("max_age", "")),
    }


def _matching(form: re.Pattern[str], text: str) -> str:
    return text if form.fullmatch(text) else ""


PAGE = Page("/reauth", "reauth.html", "reauth.js", _facts)
