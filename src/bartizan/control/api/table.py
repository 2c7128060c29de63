"""All endpoints of the API."""

from __future__ import annotations

from typing import Any

from bartizan.control.api import account, admin, approvals, enrol, factors, login, password, sessions
from bartizan.control.api.endpoint import Endpoint

__all__ = ["API", "BASE"]

BASE = "/.bartizan/api/"

API: tuple[Endpoint[Any], ...] = (
    *login.ENDPOINTS,
    *factors.ENDPOINTS,
    *enrol.ENDPOINTS,
    *password.ENDPOINTS,
    *sessions.ENDPOINTS,
    *approvals.ENDPOINTS,
    *account.ENDPOINTS,
    *admin.ENDPOINTS,
)
