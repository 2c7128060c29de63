"""My devices, sessions and ways to log in."""

from __future__ import annotations

from bartizan.control.pages.site import Page

__all__ = ["PAGE"]

PAGE = Page("/account", "account.html", "account.js")
