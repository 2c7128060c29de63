"""``bartizan.yaml`` as a whole."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from bartizan.config.model.access import Access
from bartizan.config.model.base import Cidr, Duration, Model, Size
from bartizan.config.model.deception import Deception
from bartizan.config.model.guards import Guards
from bartizan.config.model.listeners import Listener
from bartizan.config.model.routes import Route
from bartizan.config.model.sentry import Sentry
from bartizan.config.model.upstreams import Upstream

__all__ = ["Admin", "Config", "Journal", "Logging", "Records", "State", "Storage"]


class State(Model):
    """Where bans, rate counters and other small, expiring, shared values live."""

    engine: Annotated[
        Literal["lmdb", "valkey"],
        Field(
            description="`lmdb`: a file that all processes of a machine share; `valkey`: a server that machines share"
        ),
    ] = "lmdb"
    map_size: Annotated[Size, Field(ge=2**20, description="upper bound of the LMDB file")] = "1GiB"  # type: ignore[assignment]
    url: Annotated[
        SecretStr | None, Field(description="valkey://, redis://, rediss:// or unix:// address of the server")
    ] = None
    timeout: Annotated[Duration, Field(gt=0, description="for one operation of a remote engine")] = "250ms"  # type: ignore[assignment]
    key_prefix: Annotated[str, Field(description="of every key in a remote engine")] = "bartizan"


class Journal(Model):
    """The append-only files in which each worker writes what happened."""

    enabled: Annotated[bool, Field(description="write the journal")] = True
    format: Annotated[Literal["msgpack", "json"], Field(description="of the records in the segments")] = "msgpack"
    segment_bytes: Annotated[
        Size, Field(ge=4096, description="a segment is closed and the next one begun at this size")
    ] = "64MiB"  # type: ignore[assignment]
    max_bytes: Annotated[
        Size, Field(description="per worker, over all segments; the oldest closed ones go; 0: keep all")
    ] = "10GiB"  # type: ignore[assignment]
    flush_interval: Annotated[
        Duration, Field(gt=0, description="records are handed to the operating system this often")
    ] = "100ms"  # type: ignore[assignment]
    fsync: Annotated[
        Literal["never", "interval", "always"],
        Field(description="`interval`: once per fsync_interval; `always`: at every flush"),
    ] = "interval"
    fsync_interval: Annotated[
        Duration, Field(gt=0, description="how often the disk has to have them, with fsync `interval`")
    ] = "5s"  # type: ignore[assignment]
    min_free_bytes: Annotated[Size, Field(description="below this the disk counts as full")] = "64MiB"  # type: ignore[assignment]
    on_full: Annotated[
        Literal["continue", "refuse"], Field(description="traffic goes on without a journal, or is refused with 503")
    ] = "continue"


class Records(Model):
    """Where people, credentials, devices and the audit trail live."""

    engine: Annotated[
        Literal["sqlite", "postgresql"],
        Field(description="`sqlite`: a file in storage.directory; `postgresql`: a server that machines share"),
    ] = "sqlite"
    url: Annotated[SecretStr | None, Field(description="postgresql://user:password@host/database")] = None
    pool: Annotated[int, Field(ge=1, le=100, description="connections of one process")] = 5
    timeout: Annotated[Duration, Field(gt=0, description="for one statement, and for a lock that others hold")] = "10s"  # type: ignore[assignment]


class Storage(Model):
    """Where Bartizan keeps what it must remember."""

    directory: Annotated[str, Field(description="relative paths count from the configuration file")] = "bartizan-data"
    state: Annotated[State, Field(description="bans, rate counters and other values that expire")] = State()
    records: Annotated[Records, Field(description="people, credentials, devices, audit")] = Records()
    journal: Annotated[Journal, Field(description="what happened, exchange by exchange")] = Journal()


class Logging(Model):
    """The structured log on standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description="the least important events that are logged")
    ] = "info"
    format: Annotated[
        Literal["json", "console"], Field(description="one JSON object a line, or aligned text for people")
    ] = "json"


class Admin(Model):
    """The listener for operators: /metrics, /healthz, /readyz. No TLS, so keep it on loopback or a Unix socket."""

    address: Annotated[str | None, Field(description="host:port, [v6]:port or unix:/path; null turns it off")] = (
        "127.0.0.1:9901"
    )


class Config(Model):
    """The whole of ``bartizan.yaml``."""

    workers: Annotated[
        Annotated[int, Field(ge=1, le=512)] | Literal["auto"],
        Field(description="edge processes; `auto` is one per core"),
    ] = "auto"
    grace_period: Annotated[Duration, Field(gt=0, description="for exchanges in flight when a worker drains")] = "30s"  # type: ignore[assignment]
    listeners: Annotated[list[Listener], Field(min_length=1, max_length=100, description="where clients connect")]
    upstreams: Annotated[list[Upstream], Field(max_length=10000, description="the servers behind the gateway")] = []
    routes: Annotated[list[Route], Field(max_length=100000, description="which exchange goes where")] = []
    guards: Annotated[Guards, Field(description="what every exchange passes, in this order")] = Guards()
    access: Annotated[Access, Field(description="people, their factors, devices and sessions")] = Access()
    sentry: Annotated[Sentry, Field(description="one risk score per actor")] = Sentry()
    deception: Annotated[Deception, Field(description="decoys, honeytokens, canaries, and the decoy upstream")] = (
        Deception()
    )
    storage: Annotated[Storage, Field(description="where Bartizan keeps what it must remember")] = Storage()
    trusted_proxies: Annotated[
        list[Cidr], Field(description="peers whose X-Forwarded-For, Forwarded and PROXY protocol headers are believed")
    ] = []
    logging: Annotated[Logging, Field(description="the log on standard error")] = Logging()
    admin: Annotated[Admin, Field(description="the listener for operators")] = Admin()
