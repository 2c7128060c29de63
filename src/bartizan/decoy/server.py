"""The decoy process put together: answers, transcripts, tarpit, and the Unix socket that the edge speaks to.

What it needs of the gateway's files (a key of its own, OpenAPI documents) it reads before it shuts itself in; after
that it can open nothing but its own directory.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.types import Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from bartizan.config.model import Config
from bartizan.decoy.answers import DecoyAnswers
from bartizan.decoy.app import DecoyApp
from bartizan.decoy.contract import profiles_directory, transcripts_directory
from bartizan.decoy.knowledge import Library
from bartizan.decoy.landlock import restrict_files
from bartizan.decoy.listen import SOCKET
from bartizan.decoy.recorder import Recorder
from bartizan.decoy.stats import DecoyReport, Stats
from bartizan.decoy.tarpit import Tarpit
from bartizan.decoy.transcript import Transcripts
from bartizan.decoy.writes import Writes
from bartizan.errors import DecoyError
from bartizan.keys.derive import derive
from bartizan.process import asgi
from bartizan.process.alarm import Alarm

__all__ = ["PURPOSE", "DecoyServer"]

PURPOSE = "decoy"
"""What the key of its answers is made for."""


class DecoyServer:
    """Serves diverted requests: ``start``, then ``drain`` and ``close``, as an edge worker does.

    ``restrict`` takes from the process what it must not open: the files that it may read, and those that it may write.
    """

    def __init__(
        self,
        log: FilteringBoundLogger,
        *,
        restrict: Callable[[list[Path], list[Path]], bool] = restrict_files,
    ) -> None:
        self._log = log
        self._restrict = restrict
        self._stats = Stats()
        self._key = b""
        self._alarm: Alarm
        self._current: _Serving
        self._server: asgi.AsgiServer

    async def start(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:
        """Serve ``config`` on the socket that ``listen`` made. Raises ``BartizanError`` or ``OSError``."""
        directory = Path(config.storage.directory)
        try:
            self._key = derive(directory / "keys", PURPOSE)
            own = transcripts_directory(directory).parent
            own.mkdir(parents=True, exist_ok=True, mode=0o700)
            documents = [Path(path) for path in config.deception.divert.openapi.values()]
            if not self._restrict(documents, [own]):
                self._log.warning("this kernel has no Landlock: the decoy process could open other files")
            self._alarm = Alarm(asyncio.get_running_loop())
            self._current = self._build(config)
        except BaseException:
            sockets[SOCKET].close()
            raise
        self._server = asgi.AsgiServer(self._serve, dates=False)
        await self._server.start(sockets[SOCKET])

    async def prepare(self, config: Config, sockets: Mapping[str, socket.socket]) -> None:  # noqa: ARG002
        """Refuse: it could not open the files of another configuration. Raises ``DecoyError``."""
        raise DecoyError("the decoy process keeps its configuration: another process has to take its place")

    async def commit(self) -> None:
        """Do nothing: nothing was prepared."""

    def rollback(self) -> None:
        """Do nothing: nothing was prepared."""

    def report(self) -> DecoyReport:
        """Return what has been counted."""
        report = self._stats.report()
        report.entries, report.entries_dropped = self._current.recorder.written, self._current.recorder.dropped
        report.tarpit_sockets = self._current.tarpit.held
        return report

    async def drain(self, grace: float) -> None:
        """Stop accepting, and let answers be sent for at most ``grace`` seconds."""
        await self._server.drain(grace)

    async def close(self) -> None:
        """Write what waits."""
        self._alarm.close()
        await asyncio.to_thread(self._current.recorder.close)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._current.app(scope, receive, send)

    def _build(self, config: Config) -> _Serving:
        directory, settings = Path(config.storage.directory), config.deception.divert
        library = Library(self._key, profiles_directory(directory), settings.openapi)
        answers = DecoyAnswers(library, Writes(settings.actors))
        try:
            transcripts = Transcripts(
                transcripts_directory(directory),
                actors=settings.actors,
                actor_bytes=settings.transcript_bytes,
                total_bytes=settings.transcripts_bytes,
            )
        except OSError as error:
            raise DecoyError(f"transcripts cannot be kept in {directory}: {error.strerror}") from error
        recorder, tarpit = Recorder(transcripts, self._log), Tarpit(settings.tarpit)
        app = DecoyApp(answers, recorder, tarpit, self._stats, self._alarm, self._log, body_bytes=settings.body_bytes)
        return _Serving(app, recorder, tarpit)


class _Serving:
    """What one configuration is served with."""

    def __init__(self, app: DecoyApp, recorder: Recorder, tarpit: Tarpit) -> None:
        self.app = app
        self.recorder = recorder
        self.tarpit = tarpit
