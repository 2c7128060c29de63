"""A real PostgreSQL server."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

_DEBIAN = "/usr/lib/postgresql/15/bin"


class PostgresServer:
    """Runs in a directory of its own, on a Unix socket there, until the end of the ``with`` block.

    Nothing is synced to the disk. PostgreSQL refuses to run as root: then it runs as the user ``postgres``.
    """

    def __init__(self) -> None:
        found = shutil.which("postgres", path=f"{os.environ.get('PATH', '')}:{_DEBIAN}")
        if found is None:
            raise FileNotFoundError("PostgreSQL is not installed: run `make setup`")
        self._bin = Path(found).resolve().parent
        self._directory = Path(tempfile.mkdtemp(prefix="bartizan-postgres-"))  # tmp_path is closed to other users
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._as: dict[str, Any] = {}
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(self._directory, user.pw_uid, user.pw_gid)

    def __enter__(self) -> PostgresServer:
        try:
            self._make()
            self.start()
        except BaseException:
            shutil.rmtree(self._directory)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._directory)

    def url(self, database: str = "postgres", *, password: str = "") -> str:
        """Return the address of a database; any password is taken."""
        return f"postgresql://bartizan{password and ':'}{password}@/{database}?host={self._directory}"

    def new_database(self, template: str = "template1") -> str:
        """Make a database, empty or a copy of another; returns its name."""
        name = f"test{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Carry out one statement as the owner, without a transaction; returns its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return [] if cursor.description is None else cursor.fetchall()

    def start(self) -> None:
        """Start it, also again after ``stop``; raises ``RuntimeError`` with its output if it ends first."""
        settings = {"listen_addresses": "", "unix_socket_directories": str(self._directory)}
        settings |= dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "off")
        settings |= {"shared_buffers": "16MB", "max_connections": "50"}
        command = [str(self._bin / "postgres"), "-D", str(self._directory / "data")]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        log = self._directory / "log"
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                command, stdout=file, stderr=subprocess.STDOUT, cwd=self._directory, **self._as
            )
        end = time.monotonic() + 60
        while self._process.poll() is None and time.monotonic() < end:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        self.stop()
        raise RuntimeError(f"PostgreSQL does not start: {log.read_text()}")

    def stop(self) -> None:
        """End it and wait for that, also before the end; open connections are cut."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGINT)  # "fast shutdown"
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)

    def _make(self) -> None:
        data = self._directory / "data"
        command = [str(self._bin / "initdb"), "-D", str(data), "-U", "bartizan", "-A", "trust", "-E", "UTF8"]
        made = subprocess.run(
            [*command, "--locale=C", "--no-sync", "--no-instructions"],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._directory,
            **self._as,
        )
        if made.returncode != 0:
            raise RuntimeError(f"initdb fails: {made.stdout}{made.stderr}")
