"""From the configuration to the records."""

from __future__ import annotations

from pathlib import Path

from bartizan.config.model import Records
from bartizan.errors import RecordsError
from bartizan.storage.records.engine import postgresql_engine, sqlite_engine
from bartizan.storage.records.failures import translated
from bartizan.storage.records.migrate import migrate_postgresql, migrate_sqlite
from bartizan.storage.records.store import RecordStore

__all__ = ["open_records"]


def open_records(settings: Records, directory: Path) -> RecordStore:
    """Return the records, with their tables as this version needs them; ``directory`` is ``storage.directory``.

    Several processes may do so at once. Raises ``RecordsError``, also for records that a newer version has migrated.
    """
    if settings.engine == "sqlite":
        file = directory / "records" / "records.sqlite"
        engine, where = sqlite_engine(file, pool=settings.pool, timeout=settings.timeout), str(file)
    elif settings.url is None:
        raise RecordsError("storage.records: the engine postgresql needs a url")
    else:
        address = settings.url.get_secret_value()
        engine, where = postgresql_engine(address, pool=settings.pool, timeout=settings.timeout)
    try:
        with translated(where):
            if settings.engine == "sqlite":
                migrate_sqlite(engine, file)
            else:
                migrate_postgresql(engine)
    except BaseException:
        engine.dispose()
        raise
    return RecordStore(engine, where)
