"""What is there after logging out."""

from __future__ import annotations

from bartizan.control.pages.site import Page

__all__ = ["PAGE"]

PAGE = Page("/logged-out", "logged_out.html")
