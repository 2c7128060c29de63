"""The inbox of what waits for somebody's decision."""

from __future__ import annotations

from bartizan.control.pages.site import Page

__all__ = ["PAGE"]

PAGE = Page("/approvals", "approvals.html", "approvals.js")
