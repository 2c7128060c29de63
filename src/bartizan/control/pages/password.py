"""Changing a password: because somebody wants to, or because a login asks for it."""

from __future__ import annotations

from bartizan.control.pages.site import Page

__all__ = ["PAGE"]

PAGE = Page("/password", "password.html", "password.js")
