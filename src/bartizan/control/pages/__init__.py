"""The pages, one module each: where it is, its template, its script, and what it reads from the URL.

A page is the same for everybody. What is about somebody is fetched by its script from the API, with a proof of the
device's key; so a page shows nothing to whoever has no more than a cookie.
"""

from bartizan.control.pages.site import Page, Site
from bartizan.control.pages.table import PAGES, routes

__all__ = ["PAGES", "Page", "Site", "routes"]
