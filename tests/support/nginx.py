"""A real nginx."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType

from tests.support.net import free_port, wait_for_port

_CONFIG = """
{user}
daemon off;
worker_processes 1;
pid nginx.pid;
error_log nginx.err;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  {http}
  server {{ listen 127.0.0.1:{port}; {server} }}
}}
"""


class Nginx:
    """Serves ``server`` (the inside of a server block) on a free port; ``port`` says which."""

    def __init__(self, directory: Path, server: str, http: str = "") -> None:
        self.port = free_port()
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o755)
        (directory / "nginx.conf").write_text(
            _CONFIG.format(user="user root;" if os.getuid() == 0 else "", port=self.port, server=server, http=http)
        )
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Nginx:
        binary = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if binary is None:
            raise FileNotFoundError("nginx is not installed: run `make setup`")
        arguments = [binary, "-p", str(self.directory), "-c", "nginx.conf", "-e", "nginx.err"]
        self._process = subprocess.Popen(arguments)
        wait_for_port(self.port)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
