"""Logging out."""

from __future__ import annotations

from bartizan.control.pages.site import Page

__all__ = ["PAGE"]

PAGE = Page("/logout", "logout.html", "logout.js")
