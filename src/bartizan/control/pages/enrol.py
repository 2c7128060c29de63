"""Enrolment with an invitation. Its token is in the URL's fragment, which browsers do not send."""

from __future__ import annotations

from bartizan.control.pages.site import Page

__all__ = ["PAGE"]

PAGE = Page("/enrol", "enrol.html", "enrol.js")
