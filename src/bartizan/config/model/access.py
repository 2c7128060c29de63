"""``access``: who may pass. People, their factors, devices and sessions; and the guard that asks for them on routes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bartizan.config.model.base import (
    CONTACT_PATTERN,
    ORIGIN_PATTERN,
    URL_PATTERN,
    Duration,
    Method,
    Model,
    Name,
    Size,
)

__all__ = [
    "Access",
    "AccessGuard",
    "AccessGuardOverride",
    "Assertion",
    "BreachedPasswords",
    "DeviceRules",
    "GroupRules",
    "LoginLimits",
    "Push",
    "Reauth",
    "SessionOverride",
    "SessionRules",
]

FactorName = Literal["any", "password", "totp", "webauthn", "push"]
PasswordPreset = Literal["nist-800-63b-4", "strict-rotation"]
Policy = Annotated[str, Field(min_length=1, max_length=4096)]


class SessionOverride(Model):
    """What a route or group changes of sessions; the shorter of what applies is in force."""

    idle: Annotated[Duration | None, Field(gt=0, description="without a request, then the session ends")] = None
    lifetime: Annotated[Duration | None, Field(gt=0, description="in all, then people log in again")] = None


class SessionRules(Model):
    """How long a login lasts, and how often its device proves that it is still the one."""

    preset: Annotated[
        Literal["default", "aal2", "aal3"],
        Field(description="idle and lifetime: 15m and 2h, or what SP 800-63B-4 allows: 1h and 24h, 15m and 12h"),
    ] = "default"
    idle: Annotated[Duration | None, Field(gt=0, description="without a request; absent: the preset's")] = None
    lifetime: Annotated[Duration | None, Field(gt=0, description="in all; absent: the preset's")] = None
    proof_interval: Annotated[
        Duration, Field(ge=10, le=3600, description="how old the proof of the device's key may be")
    ] = "5m"  # type: ignore[assignment]
    concurrent: Annotated[int, Field(ge=1, le=1000, description="sessions of one person; the oldest ends")] = 5


class GroupRules(Model):
    """What holds for the members of a group. Of several groups the strictest counts."""

    name: Annotated[Name, Field(description="name of the group")]
    password_policy: Annotated[PasswordPreset | None, Field(description="instead of access.password_policy")] = None
    additional_factors: Annotated[
        int, Field(ge=1, le=2, description="how many factors besides the password a login takes")
    ] = 1
    factors: Annotated[
        list[Literal["totp", "webauthn", "push"]], Field(description="those that count; all when empty")
    ] = []
    session: Annotated[SessionOverride, Field(description="shorter sessions")] = SessionOverride()


class BreachedPasswords(Model):
    """A service that is asked for the first 5 digits of a password's SHA-1 (k-anonymity), besides the bundled list."""

    url: Annotated[str, Field(pattern=URL_PATTERN, description="https://…/range/; the digits are appended")]
    timeout: Annotated[Duration, Field(gt=0, description="for one question")] = "2s"  # type: ignore[assignment]
    on_error: Annotated[
        Literal["allow", "deny"], Field(description="what happens to a new password when it does not answer")
    ] = "allow"


class LoginLimits(Model):
    """How many attempts to log in there may be. Trusted devices have a share of their own, so nobody locks them out."""

    per_account: Annotated[
        int, Field(ge=1, description="in 15 minutes, from devices that the account does not trust")
    ] = 10
    per_device: Annotated[int, Field(ge=1, description="in 15 minutes, from one device")] = 20
    per_address: Annotated[int, Field(ge=1, description="in 15 minutes")] = 60
    per_network: Annotated[int, Field(ge=1, description="in 15 minutes, of a /24 or /48")] = 600
    factor_attempts: Annotated[int, Field(ge=1, le=20, description="wrong codes, then the login begins anew")] = 5


class DeviceRules(Model):
    """How devices come to be trusted."""

    approval_lifetime: Annotated[
        Duration, Field(ge=30, le=600, description="a new device has to be confirmed in this time")
    ] = "2m"  # type: ignore[assignment]
    recovery_wait: Annotated[
        Duration, Field(ge=0, description="between asking for recovery of a lost device and getting it")
    ] = "24h"  # type: ignore[assignment]
    invitation_lifetime: Annotated[Duration, Field(gt=0, description="of a link to enrol")] = "72h"  # type: ignore[assignment]
    per_person: Annotated[int, Field(ge=1, le=100, description="trusted devices of one person")] = 10


class Push(Model):
    """Approval of logins on a trusted device."""

    lifetime: Annotated[Duration, Field(ge=10, le=300, description="a request is answered in this time")] = "60s"  # type: ignore[assignment]
    per_hour: Annotated[int, Field(ge=1, le=100, description="requests that one person gets")] = 5
    subject: Annotated[
        str | None,
        Field(pattern=CONTACT_PATTERN, description="whom a push service may reach (VAPID); absent: the origin"),
    ] = None
    services: Annotated[
        list[str], Field(description="hosts of push services that are spoken to; *.example.org for all below")
    ] = [
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        "*.notify.windows.com",
        "*.push.apple.com",
    ]


class Assertion(Model):
    """The signed statement that upstreams get in Bartizan-Assertion."""

    algorithm: Annotated[Literal["EdDSA", "ES256"], Field(description="of the signature")] = "EdDSA"
    lifetime: Annotated[Duration, Field(ge=10, le=600, description="until `exp`")] = "60s"  # type: ignore[assignment]
    audience: Annotated[str | None, Field(description="`aud`; absent: the name of the route's upstream")] = None


class Access(Model):
    """Zero trust for people. Once it is enabled, a route refuses everybody unless its guard `access` says otherwise."""

    enabled: Annotated[bool, Field(description="whether there are pages, and routes ask who somebody is")] = False
    origin: Annotated[
        str | None,
        Field(
            pattern=ORIGIN_PATTERN,
            description="where browsers reach the gateway: https://api.example.org; required when enabled",
        ),
    ] = None
    title: Annotated[str, Field(min_length=1, max_length=64, description="shown on pages and by authenticators")] = (
        "Bartizan"
    )
    administrators: Annotated[Name, Field(description="the group whose members administer")] = "administrators"
    password_policy: Annotated[PasswordPreset, Field(description="for whom no group has another")] = "nist-800-63b-4"  # noqa: S105 - the name of a preset
    blocklist: Annotated[
        list[str], Field(description="words that no password may consist of, such as your company's name")
    ] = []
    breached_passwords: Annotated[
        BreachedPasswords | None, Field(description="an additional service; none when absent")
    ] = None
    groups: Annotated[list[GroupRules], Field(max_length=1000, description="what holds for members of a group")] = []
    session: Annotated[SessionRules, Field(description="how long a login lasts")] = SessionRules()
    login: Annotated[LoginLimits, Field(description="attempts to log in")] = LoginLimits()
    devices: Annotated[DeviceRules, Field(description="how devices come to be trusted")] = DeviceRules()
    push: Annotated[Push, Field(description="approval of logins on a trusted device")] = Push()
    geo_database: Annotated[
        str | None, Field(description="MaxMind DB file of cities or countries, for the place that approvals show")
    ] = None
    assertion: Annotated[Assertion, Field(description="what upstreams are told")] = Assertion()


class Reauth(Model):
    """When somebody has to prove anew who they are, although they are logged in."""

    max_age: Annotated[Duration, Field(gt=0, description="how long ago it may have been proven")]
    factor: Annotated[FactorName, Field(description="by what")] = "any"
    methods: Annotated[list[Method], Field(description="for these; all when empty")] = []
    when: Annotated[
        Policy | None,
        Field(description="CEL that also knows `request.body`, of JSON or a form: number(request.body.amount) > 1000"),
    ] = None


class AccessGuard(Model):
    """Who may pass. Without a policy nobody may, unless the route is public. In force where `access` is enabled."""

    timeout: Annotated[Duration, Field(gt=0, description="for one exchange; then it is refused")] = "1s"  # type: ignore[assignment]
    public: Annotated[bool, Field(description="everybody may pass, without being asked who they are")] = False
    policy: Annotated[
        Policy | None, Field(description='CEL: "finance" in principal.groups && session.aal >= 2 && risk < 40')
    ] = None
    reauth: Annotated[list[Reauth], Field(max_length=16, description="when somebody proves anew who they are")] = []
    session: Annotated[SessionOverride, Field(description="shorter sessions on this route")] = SessionOverride()
    body_bytes: Annotated[
        Size, Field(ge=1, le=2**24, description="of a request body that `when` looks at, or that waits for a step-up")
    ] = "64KiB"  # type: ignore[assignment]


class AccessGuardOverride(Model):
    """What a route changes; fields left out keep the default's value."""

    timeout: Annotated[Duration | None, Field(gt=0)] = None
    public: bool | None = None
    policy: Policy | None = None
    reauth: Annotated[list[Reauth] | None, Field(max_length=16)] = None
    session: SessionOverride | None = None
    body_bytes: Annotated[Size | None, Field(ge=1, le=2**24)] = None
