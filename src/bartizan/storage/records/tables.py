"""The tables of the records. A column is named like the field of the entity it keeps (``entities.py``)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Double, ForeignKey, Index, Integer, LargeBinary, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bartizan.storage.records.columns import Document, Handle, Number, Text, UniqueBytes, Words

__all__ = [
    "ApprovalRow",
    "AuditRow",
    "Base",
    "CredentialRow",
    "DeviceRow",
    "GroupRow",
    "InvitationRow",
    "MembershipRow",
    "PersonRow",
    "SessionRow",
]


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can name it too."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's
        str: Text,
        float: Double,
        bytes: LargeBinary,
        bool: Boolean,
        int: Integer,
        dict[str, Any]: Document,
        tuple[str, ...]: Words,
    }


def _person() -> Mapped[str]:
    """Return a column that names a person; what is theirs goes with them."""
    return mapped_column(ForeignKey("people.id", ondelete="CASCADE"))


class PersonRow(Base):
    """Keeps ``Principal`` but for its groups."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    created: Mapped[float]
    email: Mapped[str | None] = mapped_column(index=True)
    external_id: Mapped[str | None] = mapped_column(index=True)
    active: Mapped[bool]
    user_handle: Mapped[bytes | None] = mapped_column(UniqueBytes, unique=True)
    password_change: Mapped[str]


class GroupRow(Base):
    """Keeps ``Group``."""

    __tablename__ = "groups"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    created: Mapped[float]


class MembershipRow(Base):
    """Who is in which group."""

    __tablename__ = "memberships"

    principal: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    group: Mapped[str] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True, index=True)


class CredentialRow(Base):
    """Keeps ``Credential``. ``counter``: of its ``data``, TOTP's ``last_step`` or WebAuthn's ``sign_count``."""

    __tablename__ = "credentials"

    id: Mapped[str] = mapped_column(primary_key=True)
    principal: Mapped[str] = _person()
    kind: Mapped[str]
    secret: Mapped[bytes]
    created: Mapped[float]
    label: Mapped[str]
    handle: Mapped[str | None] = mapped_column(Handle, unique=True)
    data: Mapped[dict[str, Any]]
    counter: Mapped[int] = mapped_column(Number)
    last_used: Mapped[float | None]
    revoked: Mapped[float | None]

    __table_args__ = (Index(None, "principal", "kind"),)


class DeviceRow(Base):
    """Keeps ``Device``."""

    __tablename__ = "devices"

    id: Mapped[str] = mapped_column(primary_key=True)
    principal: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    thumbprint: Mapped[str] = mapped_column(unique=True)
    jwk: Mapped[dict[str, Any]]
    label: Mapped[str]
    kind: Mapped[str]
    enrolled: Mapped[float]
    enrolled_by: Mapped[str]
    status: Mapped[str]
    platform: Mapped[str]
    browser: Mapped[str]
    browser_version: Mapped[str]
    last_seen: Mapped[float | None]
    last_address: Mapped[str]
    risk: Mapped[int]
    push: Mapped[dict[str, Any] | None]


class SessionRow(Base):
    """Keeps ``SessionRecord``."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(unique=True)
    principal: Mapped[str] = _person()
    device: Mapped[str] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), index=True)
    started: Mapped[float]
    aal: Mapped[int]
    factors: Mapped[tuple[str, ...]]
    address: Mapped[str]
    user_agent: Mapped[str]
    ended: Mapped[float | None] = mapped_column(index=True)
    end_reason: Mapped[str]

    __table_args__ = (Index(None, "principal", "started"),)


class ApprovalRow(Base):
    """Keeps ``Approval``."""

    __tablename__ = "approvals"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    principal: Mapped[str] = _person()
    created: Mapped[float]
    expires: Mapped[float]
    status: Mapped[str]
    not_before: Mapped[float]
    secret: Mapped[str]
    attempts: Mapped[int]
    context: Mapped[dict[str, Any]]
    data: Mapped[dict[str, Any]]
    requested_by: Mapped[str]
    decided_by: Mapped[str]
    decided: Mapped[float | None]

    __table_args__ = (Index(None, "principal", "kind", "created"), Index(None, "status", "expires"))


class InvitationRow(Base):
    """Keeps ``Invitation``."""

    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(unique=True)
    principal: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    created: Mapped[float]
    expires: Mapped[float]
    created_by: Mapped[str]
    purpose: Mapped[str]
    used: Mapped[float | None]


class AuditRow(Base):
    """Keeps ``AuditEvent``. It refers to nobody by key: what somebody did stays when they go."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(Number, primary_key=True, autoincrement=True)
    time: Mapped[float]
    actor: Mapped[str]
    action: Mapped[str]
    target: Mapped[str]
    address: Mapped[str]
    outcome: Mapped[str]
    details: Mapped[dict[str, Any]]

    __table_args__ = (
        Index(None, "actor", "number"),
        Index(None, "target", "number"),
        {"sqlite_autoincrement": True},
    )
