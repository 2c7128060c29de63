"""Files that scanners ask for: configuration, repositories, backups. All credentials in them are honeytokens."""

from __future__ import annotations

from bartizan.detection.decoys.model import Content, Maker
from bartizan.detection.decoys.people import person

__all__ = [
    "aws_credentials",
    "compose",
    "config_json",
    "dotenv",
    "git_config",
    "git_head",
    "htpasswd",
    "names_of",
    "wp_config",
]

_TEXT, _BINARY = "text/plain", "application/octet-stream"
_SERVICES = ("api", "shop", "billing", "accounts", "orders", "portal")
_REGIONS = ("eu-central-1", "eu-west-1", "us-east-1", "us-west-2")
_HASH = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _text(lines: list[str], media_type: str = _TEXT) -> Content:
    return Content(200, media_type, ("\n".join(lines) + "\n").encode())


def names_of(maker: Maker) -> tuple[str, str, str]:
    """Return service, database host and user: the same in all files, since they are of one installation."""
    shared = maker.keyed.root("installation")
    service = shared.choice(_SERVICES)
    return service, f"{service}-db-{shared.between(1, 4)}.internal", f"{service}_{shared.choice(('app', 'rw', 'svc'))}"


def dotenv(maker: Maker) -> Content:
    """An environment file as frameworks read it."""
    service, host, user = names_of(maker)
    keyed, secret = maker.keyed, maker.secret
    region = keyed.root("installation", "region").choice(_REGIONS)
    return _text(
        [
            "APP_ENV=production",
            "APP_DEBUG=false",
            f"APP_NAME={service}",
            f"DATABASE_URL=postgresql://{user}:{secret('password')}@{host}:5432/{service}",
            f"REDIS_URL=redis://{service}-cache.internal:6379/{keyed.below(4)}",
            f"SECRET_KEY={keyed.hex(64)}",
            "",
            f"AWS_ACCESS_KEY_ID={secret('aws_access_key')}",
            f"AWS_SECRET_ACCESS_KEY={secret('aws_secret_key')}",
            f"AWS_DEFAULT_REGION={region}",
            f"S3_BUCKET={service}-uploads-{keyed.hex(6)}",
            "",
            f"API_KEY={secret('api_key')}",
            f"SERVICE_TOKEN={secret('jwt')}",
            f"MAIL_HOST=smtp.{service}.internal",
            "MAIL_PORT=587",
            f"MAIL_USERNAME=no-reply-{service}",
            f"MAIL_PASSWORD={secret('password')}",
        ]
    )


def aws_credentials(maker: Maker) -> Content:
    """The file of the AWS command line."""
    return _text(
        [
            "[default]",
            f"aws_access_key_id = {maker.secret('aws_access_key')}",
            f"aws_secret_access_key = {maker.secret('aws_secret_key')}",
            f"region = {maker.keyed.root('installation', 'region').choice(_REGIONS)}",
        ]
    )


def git_head(_: Maker) -> Content:
    """What a repository's HEAD is."""
    return _text(["ref: refs/heads/main"])


def git_config(maker: Maker) -> Content:
    """A repository's configuration, with a token in the address of its remote."""
    service, _, _ = names_of(maker)
    host = f"git.{service}.internal"
    return _text(
        [
            "[core]",
            "\trepositoryformatversion = 0",
            "\tfilemode = true",
            "\tbare = false",
            "\tlogallrefupdates = true",
            '[remote "origin"]',
            f"\turl = https://deploy:{maker.secret('github_token')}@{host}/{service}/{service}.git",
            "\tfetch = +refs/heads/*:refs/remotes/origin/*",
            '[branch "main"]',
            "\tremote = origin",
            "\tmerge = refs/heads/main",
        ]
    )


def htpasswd(maker: Maker) -> Content:
    """Users of a web server, with bcrypt hashes of nothing."""
    names = ["admin", "deploy", person(maker.keyed, 1).user]
    return _text([f"{name}:$2y$10${maker.keyed.text(_HASH, 53)}" for name in names])


def wp_config(maker: Maker) -> Content:
    """A copy of WordPress' configuration, as editors leave it."""
    service, host, user = names_of(maker)
    salts = ("AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT", "SECURE_AUTH_SALT")
    return _text(
        [
            "<?php",
            f"define( 'DB_NAME', '{service}_blog' );",
            f"define( 'DB_USER', '{user}' );",
            f"define( 'DB_PASSWORD', '{maker.secret('password')}' );",
            f"define( 'DB_HOST', '{host}' );",
            "define( 'DB_CHARSET', 'utf8mb4' );",
            "",
            *(f"define( '{name}', '{maker.keyed.text(_HASH, 64)}' );" for name in salts),
            "",
            f"$table_prefix = 'wp{maker.keyed.below(90) + 10}_';",
            "define( 'WP_DEBUG', false );",
            "require_once ABSPATH . 'wp-settings.php';",
        ],
        _BINARY,
    )


def config_json(maker: Maker) -> Content:
    """A service's configuration."""
    service, host, user = names_of(maker)
    lines = [
        "{",
        f'  "service": "{service}",',
        '  "environment": "production",',
        '  "database": {',
        f'    "host": "{host}",',
        f'    "user": "{user}",',
        f'    "password": "{maker.secret("password")}"',
        "  },",
        f'  "api_key": "{maker.secret("api_key")}"',
        "}",
    ]
    return _text(lines, "application/json")


def compose(maker: Maker) -> Content:
    """A compose file that was copied to the wrong place."""
    service, _, user = names_of(maker)
    return _text(
        [
            "services:",
            f"  {service}:",
            f"    image: registry.{service}.internal/{service}:{maker.keyed.between(2, 9)}.{maker.keyed.below(30)}",
            "    environment:",
            f"      API_KEY: {maker.secret('api_key')}",
            f"      DATABASE_USER: {user}",
            f"      DATABASE_PASSWORD: {maker.secret('password')}",
            "    ports:",
            '      - "8080:8080"',
            "  cache:",
            "    image: redis:7",
        ],
        _BINARY,
    )
