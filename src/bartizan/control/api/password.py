"""Changing the password: because a login asks for it, or because its person wants to."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bartizan.access.flows.parts import Parts
from bartizan.access.flows.passwords import change_in_login, change_in_session, why_change
from bartizan.control.api.endpoint import Call, Empty, Endpoint, Form
from bartizan.control.api.login import Password
from bartizan.errors import AccessError, FactorError

__all__ = ["ENDPOINTS", "policy_of"]


class Change(Form, frozen=True):
    """``current`` is asked for in a session; in a login it was proven, or a passkey was."""

    new: Password
    current: Password | None = None


async def policy(call: Call, _: Empty) -> dict[str, Any]:
    """What is asked of a new password, and why there has to be one."""
    in_login = not call.has_session
    if in_login and call.login.value.phase != "password":
        raise AccessError("wrong_step", "This is not what comes next. Begin anew.")
    principal = call.login.value.principal if in_login else call.session.session.principal
    person, why = await why_change(call.parts, principal)
    return {"policy": policy_of(call.parts, person.groups), "current": not in_login, "why": why}


async def change(call: Call, body: Change) -> dict[str, Any]:
    """Change it."""
    if not call.has_session:
        await change_in_login(call.parts, call.visitor, call.login, body.new)
        return await call.conclude(call.login)
    if body.current is None:
        raise FactorError("factor_refused", "Enter the current password.")
    await change_in_session(call.parts, call.visitor, call.session, body.current, body.new)
    return {}


def policy_of(parts: Parts, groups: Collection[str]) -> dict[str, Any]:
    """Return what a page shows of the policy for a member of ``groups``."""
    policy = parts.policy(groups)
    said: dict[str, Any] = {"minimum": policy.minimum, "rules": policy.rules()}
    if policy.classes:
        said["classes"] = policy.classes
    return said


ENDPOINTS = (
    Endpoint("password/policy", policy, Empty, "login_or_session"),
    Endpoint("password", change, Change, "login_or_session"),
)
