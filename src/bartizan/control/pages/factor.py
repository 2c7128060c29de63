"""The second factor of a login."""

from __future__ import annotations

from bartizan.control.pages.site import Page

__all__ = ["PAGE"]

PAGE = Page("/factor", "factor.html", "factor.js")
