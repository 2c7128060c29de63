"""All decoys that come with Bartizan, in one table, and those of a configuration."""

from __future__ import annotations

import mimetypes
import re
from pathlib import Path

from bartizan.config.model import DecoyPath, DecoySettings
from bartizan.detection.decoys import dumps, files, pages
from bartizan.detection.decoys.model import Content, Decoy, Maker, Writer

__all__ = ["DECOYS", "MAX_FILE", "NAMES", "chosen", "tokens_in"]

MAX_FILE = 2**20  # bytes of a file of one's own
_TOKEN = re.compile(rb"\{token:([A-Za-z0-9_.-]{1,63})\}")

DECOYS = (
    Decoy("env", "/.env", "file", files.dotenv),
    Decoy("env", "/.env.production", "file", files.dotenv),
    Decoy("git", "/.git/HEAD", "file", files.git_head),
    Decoy("git", "/.git/config", "file", files.git_config),
    Decoy("aws", "/.aws/credentials", "file", files.aws_credentials),
    Decoy("htpasswd", "/.htpasswd", "file", files.htpasswd),
    Decoy("backup", "/backup.sql", "file", dumps.sql_dump),
    Decoy("backup", "/backup.sql.gz", "file", dumps.sql_dump_gz),
    Decoy("backup", "/backup/db.sql.gz", "file", dumps.sql_dump_gz, announced=True),
    Decoy("wordpress", "/wp-config.php.bak", "file", files.wp_config),
    Decoy("wordpress", "/wp-login.php", "login", pages.wp_login, refusal=pages.wp_refusal),
    Decoy("phpinfo", "/phpinfo.php", "file", pages.phpinfo),
    Decoy("compose", "/docker-compose.yml", "file", files.compose),
    Decoy("server_status", "/server-status", "file", pages.server_status, yielding=True),
    Decoy("config", "/config.json", "file", files.config_json, yielding=True),
    Decoy("actuator", "/actuator/env", "json", pages.actuator_env, yielding=True),
    Decoy("admin", "/admin", "login", pages.admin_login, yielding=True, refusal=pages.admin_refusal, announced=True),
    Decoy("admin", "/admin/login", "login", pages.admin_login, yielding=True, refusal=pages.admin_refusal),
    Decoy("token", "/oauth/token", "token", pages.token_usage, yielding=True, refusal=pages.token_refusal),
    Decoy("internal", "/internal/users", "json", pages.users, yielding=True, announced=True, documented=True),
    Decoy("internal", "/internal/export", "forbidden", yielding=True, announced=True, documented=True),
    Decoy("retired", "/api/v0/users", "json", pages.users, yielding=True, documented=True),
    Decoy("retired", "/api/v0/export", "json", pages.users, yielding=True),
)
NAMES = tuple(dict.fromkeys(decoy.name for decoy in DECOYS))


def chosen(settings: DecoySettings) -> tuple[Decoy, ...]:
    """Return the decoys of a configuration: its own go before those that come with Bartizan.

    Raises ``OSError`` for a file that cannot be read.
    """
    builtin = settings.builtin
    names = NAMES if builtin == "all" else () if builtin == "none" else builtin
    own = {each.path: _own(each) for each in settings.paths}
    shipped = (decoy for decoy in DECOYS if decoy.name in names and decoy.path not in own)
    return (*own.values(), *shipped)


def tokens_in(file: str) -> set[str]:
    """Return the names of the honeytokens that a file of one's own asks for; raises ``OSError``."""
    return {name.decode() for name in _TOKEN.findall(Path(file).read_bytes()[:MAX_FILE])}


def _own(each: DecoyPath) -> Decoy:
    write: Writer | None = None
    refusal: Writer | None = None
    if each.kind == "file" and each.file is not None:
        write = _from_file(each, Path(each.file).read_bytes()[:MAX_FILE])
    elif each.kind == "login":
        write, refusal = pages.admin_login, pages.admin_refusal
    elif each.kind == "token":
        write, refusal = pages.token_usage, pages.token_refusal
    elif each.kind == "json" and each.like is None:
        write = pages.users
    return Decoy(each.path, each.path, each.kind, write, each.like, each.status, refusal=refusal)


def _from_file(each: DecoyPath, data: bytes) -> Writer:
    guessed = mimetypes.guess_type(each.file or "")[0]
    media_type = each.media_type or guessed or "application/octet-stream"

    def write(maker: Maker) -> Content:
        made = _TOKEN.sub(lambda found: maker.secret(found[1].decode()).encode(), data)
        return Content(each.status or 200, media_type, made)

    return write
