"""What the repositories say to the database: SQLAlchemy statements in, entities out, errors of Bartizan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Connection, Executable, RowMapping, Select, insert, select
from sqlalchemy.orm import InstrumentedAttribute

from bartizan.errors import RecordsError
from bartizan.storage.records.failures import translated
from bartizan.storage.records.tables import Base

__all__ = ["Shape", "Statements"]

E = TypeVar("E", bound=msgspec.Struct)


class Shape(Generic[E]):
    """How an entity stands in its table: fields and columns have the same names, but for ``apart``."""

    def __init__(self, entity: type[E], row: type[Base], apart: Iterable[str] = ()) -> None:
        self.entity = entity
        self.row = row
        self.fields = tuple(
            field.name for field in msgspec.structs.fields(entity) if field.name not in frozenset(apart)
        )

    def select(self, *more: InstrumentedAttribute[Any]) -> Select[Any]:
        """Return a query for the fields, and for ``more`` columns."""
        return select(*(getattr(self.row, name) for name in self.fields), *more)

    def values(self, entity: E) -> dict[str, Any]:
        """Return what is stored of an entity."""
        return {name: getattr(entity, name) for name in self.fields}

    def read(self, row: RowMapping, **more: Any) -> E:
        """Return the entity of a row of ``select``."""
        return self.entity(**{name: row[name] for name in self.fields}, **more)


class Statements:
    """One transaction's connection. All methods raise ``RecordsError`` when the database fails."""

    def __init__(self, connection: Connection, where: str, *, read_only: bool) -> None:
        self._connection = connection
        self._where = where
        self.read_only = read_only

    def rows(self, statement: Executable) -> list[RowMapping]:
        """Return all rows."""
        with translated(self._where):
            return list(self._connection.execute(statement).mappings())

    def first(self, statement: Executable) -> RowMapping | None:
        """Return the first row, or None."""
        with translated(self._where):
            return self._connection.execute(statement).mappings().first()

    def count(self, statement: Executable) -> int:
        """Return the number that a query for one number returns; 0 for no row."""
        with translated(self._where):
            return int(self._connection.execute(statement).scalar() or 0)

    def changed(self, statement: Executable) -> int:
        """Carry out an UPDATE or DELETE that no constraint is in the way of; returns how many rows it changed."""
        self._writing()
        with translated(self._where):
            return self._connection.execute(statement).rowcount

    def rewritten(self, statement: Executable) -> int:
        """Carry out an UPDATE that may raise ``RecordConflict``, after which the transaction goes on."""
        self._writing()
        with self.step():
            return self._connection.execute(statement).rowcount

    def counted(self, statement: Executable) -> int:
        """Carry out an UPDATE that returns a number of its row; 0 for no row."""
        self._writing()
        return self.count(statement)

    def add(self, row: type[Base], values: dict[str, Any]) -> None:
        """Insert one row. Raises ``RecordConflict`` and ``RecordNotFound``, after which the transaction goes on."""
        self._writing()
        with self.step():
            self._connection.execute(insert(row).values(values))

    @contextmanager
    def step(self) -> Iterator[None]:
        """Undo what is done in the block if it raises; the transaction goes on."""
        with translated(self._where), self._connection.begin_nested():
            yield

    def _writing(self) -> None:
        if self.read_only:
            raise RecordsError("a transaction that was opened for reading cannot write")
