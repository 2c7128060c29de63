"""``bartizan.yaml`` as a whole."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from bartizan.config.model.base import Cidr, Duration, Model, Size
from bartizan.config.model.guards import Guards
from bartizan.config.model.listeners import Listener
from bartizan.config.model.routes import Route
from bartizan.config.model.upstreams import Upstream

__all__ = ["Admin", "Config", "Journal", "Logging", "State", "Storage"]


class State(Model):
    """Where bans, rate counters and other small, expiring, shared values live."""

    engine: Literal["lmdb", "valkey"] = "lmdb"
    map_size: Annotated[Size, Field(ge=2**20, description="upper bound of the LMDB file")] = "1GiB"  # type: ignore[assignment]
    url: Annotated[
        SecretStr | None, Field(description="valkey://, redis://, rediss:// or unix:// address of the server")
    ] = None
    timeout: Annotated[Duration, Field(gt=0, description="for one operation of a remote engine")] = "250ms"  # type: ignore[assignment]
    key_prefix: str = "bartizan"


class Journal(Model):
    """The append-only files in which each worker writes what happened."""

    enabled: bool = True
    format: Literal["msgpack", "json"] = "msgpack"
    segment_bytes: Annotated[Size, Field(ge=4096)] = "64MiB"  # type: ignore[assignment]
    max_bytes: Annotated[
        Size, Field(description="per worker, over all segments; the oldest closed ones go; 0: keep all")
    ] = "10GiB"  # type: ignore[assignment]
    flush_interval: Annotated[Duration, Field(gt=0)] = "100ms"  # type: ignore[assignment]
    fsync: Annotated[
        Literal["never", "interval", "always"],
        Field(description="`interval`: once per fsync_interval; `always`: at every flush"),
    ] = "interval"
    fsync_interval: Annotated[Duration, Field(gt=0)] = "1s"  # type: ignore[assignment]
    min_free_bytes: Annotated[Size, Field(description="below this the disk counts as full")] = "64MiB"  # type: ignore[assignment]
    on_full: Annotated[
        Literal["continue", "refuse"], Field(description="traffic goes on without a journal, or is refused with 503")
    ] = "continue"


class Storage(Model):
    """Where Bartizan keeps what it must remember."""

    directory: Annotated[str, Field(description="relative paths count from the configuration file")] = "bartizan-data"
    state: State = State()
    journal: Journal = Journal()


class Logging(Model):
    """The structured log on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Admin(Model):
    """The listener for operators: /metrics, /healthz, /readyz. No TLS, so keep it on loopback or a Unix socket."""

    address: str | None = "127.0.0.1:9901"


class Config(Model):
    """The whole of ``bartizan.yaml``."""

    workers: Annotated[
        Annotated[int, Field(ge=1, le=512)] | Literal["auto"],
        Field(description="edge processes; `auto` is one per core"),
    ] = "auto"
    grace_period: Annotated[Duration, Field(gt=0, description="for exchanges in flight when a worker drains")] = "30s"  # type: ignore[assignment]
    listeners: Annotated[list[Listener], Field(min_length=1, max_length=100)]
    upstreams: Annotated[list[Upstream], Field(max_length=10000)] = []
    routes: Annotated[list[Route], Field(max_length=100000)] = []
    guards: Guards = Guards()
    storage: Storage = Storage()
    trusted_proxies: list[Cidr] = []
    logging: Logging = Logging()
    admin: Admin = Admin()
