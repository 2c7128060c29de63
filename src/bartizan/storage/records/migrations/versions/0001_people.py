"""People, credentials, devices, sessions, approvals, invitations, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0001"
down_revision = None

TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
TIME: sa.Double[float] = sa.Double()
BYTES = sa.LargeBinary()
DOCUMENT = sa.JSON(none_as_null=True)
WORDS = sa.JSON()
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _people()
    _proofs()
    _events()


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("display_name", TEXT, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("email", TEXT, nullable=True),
        sa.Column("external_id", TEXT, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("user_handle", BYTES, nullable=True),
        sa.Column("password_change", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("name", name="uq_people_name"),
        sa.UniqueConstraint("user_handle", name="uq_people_user_handle"),
    )
    op.create_index("ix_people_email", "people", ["email"])
    op.create_index("ix_people_external_id", "people", ["external_id"])
    op.create_table(
        "groups",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("display_name", TEXT, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_groups"),
        sa.UniqueConstraint("name", name="uq_groups_name"),
    )
    op.create_table(
        "memberships",
        sa.Column("principal", TEXT, nullable=False),
        sa.Column("group", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["group"], ["groups.id"], name="fk_memberships_group", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["principal"], ["people.id"], name="fk_memberships_principal", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("principal", "group", name="pk_memberships"),
    )
    op.create_index("ix_memberships_group", "memberships", ["group"])


def _proofs() -> None:
    op.create_table(
        "credentials",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("principal", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("secret", BYTES, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("handle", TEXT, nullable=True),
        sa.Column("data", DOCUMENT, nullable=False),
        sa.Column("counter", NUMBER, nullable=False),
        sa.Column("last_used", TIME, nullable=True),
        sa.Column("revoked", TIME, nullable=True),
        sa.ForeignKeyConstraint(["principal"], ["people.id"], name="fk_credentials_principal", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_credentials"),
        sa.UniqueConstraint("handle", name="uq_credentials_handle"),
    )
    op.create_index("ix_credentials_principal_kind", "credentials", ["principal", "kind"])
    op.create_table(
        "devices",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("principal", TEXT, nullable=False),
        sa.Column("thumbprint", TEXT, nullable=False),
        sa.Column("jwk", DOCUMENT, nullable=False),
        sa.Column("label", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("enrolled", TIME, nullable=False),
        sa.Column("enrolled_by", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("platform", TEXT, nullable=False),
        sa.Column("browser", TEXT, nullable=False),
        sa.Column("browser_version", TEXT, nullable=False),
        sa.Column("last_seen", TIME, nullable=True),
        sa.Column("last_address", TEXT, nullable=False),
        sa.Column("risk", sa.Integer(), nullable=False),
        sa.Column("push", DOCUMENT, nullable=True),
        sa.ForeignKeyConstraint(["principal"], ["people.id"], name="fk_devices_principal", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_devices"),
        sa.UniqueConstraint("thumbprint", name="uq_devices_thumbprint"),
    )
    op.create_index("ix_devices_principal", "devices", ["principal"])
    op.create_table(
        "invitations",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("digest", BYTES, nullable=False),
        sa.Column("principal", TEXT, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("purpose", TEXT, nullable=False),
        sa.Column("used", TIME, nullable=True),
        sa.ForeignKeyConstraint(["principal"], ["people.id"], name="fk_invitations_principal", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_invitations"),
        sa.UniqueConstraint("digest", name="uq_invitations_digest"),
    )
    op.create_index("ix_invitations_principal", "invitations", ["principal"])


def _events() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("digest", BYTES, nullable=False),
        sa.Column("principal", TEXT, nullable=False),
        sa.Column("device", TEXT, nullable=False),
        sa.Column("started", TIME, nullable=False),
        sa.Column("aal", sa.Integer(), nullable=False),
        sa.Column("factors", WORDS, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("user_agent", TEXT, nullable=False),
        sa.Column("ended", TIME, nullable=True),
        sa.Column("end_reason", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["device"], ["devices.id"], name="fk_sessions_device", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["principal"], ["people.id"], name="fk_sessions_principal", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.UniqueConstraint("digest", name="uq_sessions_digest"),
    )
    op.create_index("ix_sessions_device", "sessions", ["device"])
    op.create_index("ix_sessions_ended", "sessions", ["ended"])
    op.create_index("ix_sessions_principal_started", "sessions", ["principal", "started"])
    op.create_table(
        "approvals",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("principal", TEXT, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("not_before", TIME, nullable=False),
        sa.Column("secret", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("context", DOCUMENT, nullable=False),
        sa.Column("data", DOCUMENT, nullable=False),
        sa.Column("requested_by", TEXT, nullable=False),
        sa.Column("decided_by", TEXT, nullable=False),
        sa.Column("decided", TIME, nullable=True),
        sa.ForeignKeyConstraint(["principal"], ["people.id"], name="fk_approvals_principal", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
    )
    op.create_index("ix_approvals_principal_kind_created", "approvals", ["principal", "kind", "created"])
    op.create_index("ix_approvals_status_expires", "approvals", ["status", "expires"])
    op.create_table(
        "audit",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("time", TIME, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("target", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("details", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_actor_number", "audit", ["actor", "number"])
    op.create_index("ix_audit_target_number", "audit", ["target", "number"])
