"""A real nginx."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.support.net import free_port
from tests.support.server import ServerProcess

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
    """Serves ``server`` (the inside of a server block) on a free port until the end of the ``with`` block.

    ``port`` says which; ``http`` is put in front of the server block. Files are named from ``directory``.
    """

    def __init__(self, directory: Path, server: str, http: str = "") -> None:
        binary = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if binary is None:
            raise FileNotFoundError("nginx is not installed: run `make setup`")
        self.port = free_port()
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o755)
        user = "user root;" if os.getuid() == 0 else ""
        (directory / "nginx.conf").write_text(_CONFIG.format(user=user, port=self.port, server=server, http=http))
        command = [binary, "-p", str(directory), "-c", "nginx.conf", "-e", "nginx.err"]
        self._server = ServerProcess(command, self.port, directory / "nginx.out")

    def __enter__(self) -> Nginx:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
