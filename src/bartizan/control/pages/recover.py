"""The way back for somebody who has lost all trusted devices."""

from __future__ import annotations

from bartizan.control.pages.site import Page

__all__ = ["PAGE"]

PAGE = Page("/recover", "recover.html", "recover.js")
