"""``up``: serve."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
import structlog

from bartizan import __version__
from bartizan.cli.options import config_option, load_config
from bartizan.config.load import LoadedConfig
from bartizan.config.log_setup import configure_logging
from bartizan.config.model import Certificate, Config, Listener, ListenerTls
from bartizan.edge.tls.devca import DevCertificate, ensure_dev_certificate
from bartizan.supervisor.run import run
from bartizan.supervisor.supervisor import Supervisor

__all__ = ["up"]


@click.command()
@config_option()
@click.option("--dev", is_flag=True, help="Serve HTTPS with a certificate of a local CA, made for the purpose.")
@click.option("--workers", type=click.IntRange(1, 512), help="Edge processes, instead of what the file says.")
def up(config_file: Path, *, dev: bool, workers: int | None) -> None:
    """Serve until SIGTERM or Ctrl-C. SIGHUP reloads, SIGUSR2 replaces the workers one by one."""
    read = partial(_load, config_file, dev=dev, workers=workers)
    loaded = read()
    configure_logging(loaded.config.logging)
    log = structlog.get_logger("bartizan.supervisor")
    asyncio.run(run(loaded, read, log, partial(_announce, dev=dev)))


def _load(file: Path, *, dev: bool, workers: int | None) -> LoadedConfig:
    loaded = load_config(file)
    config = loaded.config
    if workers is not None:
        config = config.model_copy(update={"workers": workers})
    if dev:
        config = _with_dev_certificate(config)
    return replace(loaded, config=config)


def _with_dev_certificate(config: Config) -> Config:
    files = _dev_certificate(config)
    tls = ListenerTls(certificates=[Certificate(certificate=str(files.cert_pem), key=str(files.key_pem))])
    listeners = [
        listener if listener.tls is not None or listener.address.startswith("unix:")
        else listener.model_copy(update={"tls": tls})
        for listener in config.listeners
    ]  # fmt: skip
    return config.model_copy(update={"listeners": listeners})


def _dev_certificate(config: Config) -> DevCertificate:
    names = ["localhost", "127.0.0.1", "::1", socket.gethostname()]
    return ensure_dev_certificate(Path(config.storage.directory) / "dev-ca", names, datetime.now(UTC))


def _announce(supervisor: Supervisor, *, dev: bool) -> None:
    config = supervisor.config
    lines = [f"Bartizan {__version__} serves with {supervisor.workers} workers:"]
    lines += [f"  {listener.name:<12} {_url(listener)}" for listener in config.listeners]
    if dev:
        files = _dev_certificate(config)
        lines.append(f"  trust        curl --cacert {files.ca_pem} {_url(config.listeners[0])}")
    if config.admin.address is not None:
        lines.append(f"  metrics      http://{config.admin.address}/metrics")
    if config.storage.journal.enabled:
        lines.append(f"  journal      {Path(config.storage.directory) / 'journal'}")
    click.echo("\n".join(lines), err=True)


def _url(listener: Listener) -> str:
    if listener.address.startswith("unix:"):
        return listener.address
    scheme = "http" if listener.tls is None else "https"
    host, _, port = listener.address.rpartition(":")
    return f"{scheme}://{'localhost' if host in ('', '0.0.0.0', '[::]', '127.0.0.1') else host}:{port}/"  # noqa: S104
