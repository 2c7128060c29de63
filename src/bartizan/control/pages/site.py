"""What all pages have in common: the templates, a nonce for the first proof, the URLs of their files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bartizan.control.assets import Assets
from bartizan.control.pages.explanations import explanation

__all__ = ["BASE", "Page", "Site"]

BASE = "/.bartizan"
"""Where pages are, and all else that is control's."""
_TEMPLATES = Path(__file__).parent.parent / "templates"


def _nothing(_: Request) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Page:
    """A page at ``path`` below ``BASE``; ``facts`` reads from the request what the template is given besides."""

    path: str
    template: str
    script: str = ""
    """The ES module that it runs; empty for a page that only says something."""
    facts: Callable[[Request], Mapping[str, str]] = _nothing


class Site:
    """Renders pages. ``title`` is ``access.title``, ``nonce`` issues one for a device's proof."""

    def __init__(self, title: str, nonce: Callable[[], str], assets: Assets) -> None:
        self._nonce = nonce
        self._assets = assets
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {"title": title, "static": assets.url}

    def view(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint of a page. A page without a script needs no nonce and gets none."""

        async def endpoint(request: Request) -> Response:
            nonce = self._nonce() if page.script else ""
            facts = {**page.facts(request), "nonce": nonce, "script": page.script, "current": page.path}
            return self._render(page.template, 200, facts)

        return endpoint

    def error(self, status: int, detail: str = "", *, reference: str = "") -> Response:
        """Return the page for an error: what happened and why, what to do, and a ``reference`` to ask about.

        ``detail`` is a sentence that the client may read; empty, the page says what there is to say about ``status``.
        """
        words = explanation(status)
        facts = {"heading": words.heading, "detail": detail or words.detail, "advice": words.advice}
        return self._render("error.html", status, {**facts, "reference": reference, "nonce": "", "script": ""})

    async def session_module(self, _: Request) -> Response:
        """Answer for the module that applications include: its URL stays the same over updates."""
        text = f'import "{self._assets.url("session.js")}";\n'
        return Response(text, 200, {"cache-control": "no-cache"}, "text/javascript; charset=utf-8")

    def _render(self, template: str, status: int, facts: Mapping[str, str]) -> Response:
        text = self._templates.get_template(template).render(facts, status=status)
        return HTMLResponse(text, status, {"cache-control": "no-store"})
