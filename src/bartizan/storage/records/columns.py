"""Types of columns that are the same for SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Dialect, Integer, LargeBinary, String
from sqlalchemy.types import TypeDecorator

__all__ = ["Document", "Handle", "Number", "Secret", "Text", "UniqueBytes", "Words"]

_SORTED = String().with_variant(String(collation="C"), "postgresql")  # as SQLite sorts: by code points

Number = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up in INTEGER columns only
Secret = LargeBinary
Document = JSON(none_as_null=True)


class Text(TypeDecorator[str]):
    """Text. What PostgreSQL cannot hold (NUL, lone surrogates) becomes a replacement character, with SQLite too."""

    impl = _SORTED
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the text as it is stored."""
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


class Handle(Text):
    """Text that is unique unless it is empty: the empty one is NULL."""

    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the text as it is stored."""
        return super().process_bind_param(value, dialect) or None

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the text as the entity has it."""
        return value or ""


class UniqueBytes(TypeDecorator[bytes]):
    """Bytes that are unique unless they are empty: empty ones are NULL."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the bytes as they are stored."""
        return value or None

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 - SQLAlchemy's
        """Return the bytes as the entity has them."""
        return value or b""


class Words(TypeDecorator[tuple[str, ...]]):
    """A few words in their order, as a JSON list."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 - SQLAlchemy's
        """Return the list that is stored."""
        return list(value or ())

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...]:  # noqa: ARG002 - SQLAlchemy's
        """Return the words as the entity has them."""
        return tuple(value or ())
