"""Pages and endpoints that take credentials, and those that tell too much."""

from __future__ import annotations

import json
from collections.abc import Mapping

from bartizan.detection.decoys.model import Content, Maker
from bartizan.detection.decoys.people import person

__all__ = [
    "actuator_env",
    "admin_login",
    "admin_refusal",
    "phpinfo",
    "server_status",
    "token_refusal",
    "token_usage",
    "users",
    "wp_login",
    "wp_refusal",
]

_HTML = "text/html; charset=utf-8"


def _page(title: str, body: str, status: int = 200) -> Content:
    head = f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title></head>\n'
    text = f"{head}<body>\n{body}\n</body>\n</html>\n"
    return Content(status, _HTML, text.encode())


def _form(action: str, user: str, password: str, button: str, note: str = "") -> str:
    return (
        f"{note}"
        f'<form method="post" action="{action}">\n'
        f'<p><label>Username <input type="text" name="{user}" autocomplete="username"></label></p>\n'
        f'<p><label>Password <input type="password" name="{password}" autocomplete="current-password"></label></p>\n'
        f'<p><button type="submit">{button}</button></p>\n</form>'
    )


def admin_login(_: Maker) -> Content:
    """The login page of an administration."""
    return _page(
        "Administration", "<h1>Administration</h1>\n" + _form("/admin/login", "username", "password", "Sign in")
    )


def admin_refusal(_: Maker) -> Content:
    """What it says to credentials."""
    note = "<p>Invalid username or password.</p>\n"
    form = _form("/admin/login", "username", "password", "Sign in", note)
    return _page("Administration", "<h1>Administration</h1>\n" + form, 401)


def wp_login(_: Maker) -> Content:
    """WordPress' login page: names and ids are those that tools look for."""
    return _wordpress("")


def wp_refusal(_: Maker) -> Content:
    """What it says to credentials: WordPress answers 200."""
    return _wordpress(
        '<div id="login_error" class="notice notice-error"><p><strong>Error:</strong> '
        "The password you entered for this username is incorrect.</p></div>\n"
    )


def _wordpress(note: str) -> Content:
    text = (
        '<!DOCTYPE html>\n<html lang="en-US">\n<head>\n'
        '<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">\n'
        "<title>Log In &lsaquo; Blog &#8212; WordPress</title>\n"
        "<meta name='robots' content='max-image-preview:large, noindex, noarchive'>\n"
        "<link rel='stylesheet' href='/wp-admin/css/login.min.css' media='all'>\n"
        '</head>\n<body class="login no-js login-action-login wp-core-ui locale-en-us">\n<div id="login">\n'
        f'<h1><a href="https://wordpress.org/">Powered by WordPress</a></h1>\n{note}'
        '<form name="loginform" id="loginform" action="/wp-login.php" method="post">\n'
        '<p><label for="user_login">Username or Email Address</label>\n'
        '<input type="text" name="log" id="user_login" class="input" size="20" autocomplete="username"></p>\n'
        '<p><label for="user_pass">Password</label>\n'
        '<input type="password" name="pwd" id="user_pass" class="input" size="20" autocomplete="current-password">'
        "</p>\n"
        '<p class="forgetmenot"><input name="rememberme" type="checkbox" id="rememberme" value="forever">\n'
        '<label for="rememberme">Remember Me</label></p>\n'
        '<p class="submit"><input type="submit" name="wp-submit" id="wp-submit" class="button" value="Log In">\n'
        '<input type="hidden" name="redirect_to" value="/wp-admin/">\n'
        '<input type="hidden" name="testcookie" value="1"></p>\n</form>\n'
        '<p id="nav"><a href="/wp-login.php?action=lostpassword">Lost your password?</a></p>\n'
        "</div>\n</body>\n</html>\n"
    )
    return Content(200, "text/html; charset=UTF-8", text.encode())


def token_usage(_: Maker) -> Content:
    """What a token endpoint says to a request without credentials (RFC 6749 section 5.2)."""
    told = {"error": "invalid_request", "error_description": "grant_type is missing"}
    return Content(400, "application/json", json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())


def token_refusal(_: Maker) -> Content:
    """What it says to credentials."""
    told = {"error": "invalid_client", "error_description": "Client authentication failed"}
    return Content(401, "application/json", json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())


def phpinfo(maker: Maker) -> Content:
    """A page of phpinfo with credentials in the environment."""
    keyed = maker.keyed
    version = f"8.{keyed.between(0, 2)}.{keyed.between(3, 25)}"
    short = version.rpartition(".")[0]
    system = f"Linux web-{keyed.between(1, 9)} 5.15.0-{keyed.between(60, 120)}-generic x86_64"
    general = {
        "System": system,
        "Server API": "FPM/FastCGI",
        "Virtual Directory Support": "disabled",
        "Configuration File (php.ini) Path": f"/etc/php/{short}/fpm",
        "Loaded Configuration File": f"/etc/php/{short}/fpm/php.ini",
        "Scan this dir for additional .ini files": f"/etc/php/{short}/fpm/conf.d",
        "PHP API": "20220829",
        "PHP Extension": "20220829",
        "Zend Extension": "420220829",
        "Debug Build": "no",
        "Thread Safety": "disabled",
        "IPv6 Support": "enabled",
        "Registered PHP Streams": "https, ftps, compress.zlib, php, file, glob, data, http, ftp, phar",
    }
    environment = {
        "USER": "www-data",
        "HOME": "/var/www",
        "APP_ENV": "production",
        "DB_PASSWORD": maker.secret("password"),
        "API_KEY": maker.secret("api_key"),
    }
    directives = {
        "allow_url_fopen": "On",
        "disable_functions": "<i>no value</i>",
        "display_errors": "Off",
        "expose_php": "On",
        "memory_limit": f"{keyed.choice((128, 256, 512))}M",
        "open_basedir": "<i>no value</i>",
        "upload_max_filesize": f"{keyed.choice((2, 8, 20))}M",
    }
    core = {name: f'{value}</td><td class="v">{value}' for name, value in directives.items()}
    text = (
        '<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml"><head>\n'
        f'<title>PHP {version} - phpinfo()</title><meta name="ROBOTS" content="NOINDEX,NOFOLLOW,NOARCHIVE"></head>\n'
        f'<body><div class="center">\n<table>\n<tr class="h"><td>\n<h1 class="p">PHP Version {version}</h1>\n'
        f"</td></tr>\n</table>\n{_table(general)}<h1>Configuration</h1>\n<h2>Core</h2>\n{_table(core)}"
        f"<h2>Environment</h2>\n{_table(environment)}</div></body></html>\n"
    )
    return Content(200, "text/html; charset=UTF-8", text.encode())


def _table(rows: Mapping[str, str]) -> str:
    cells = "\n".join(
        [f'<tr><td class="e">{name} </td><td class="v">{value} </td></tr>' for name, value in rows.items()]
    )
    return f"<table>\n{cells}\n</table>\n"


def server_status(maker: Maker) -> Content:
    """A page of Apache's mod_status, with an internal path to go to."""
    keyed = maker.keyed
    address = f"10.{keyed.below(200)}.{keyed.below(250)}.{keyed.between(2, 250)}"
    rows = ""
    for number, path in enumerate(("/internal/users", "/api/v0/export", "/server-status")):
        cells = (
            f"{number}-0",
            keyed.between(900, 9000),
            f"0/{keyed.between(3, 90)}/{keyed.between(90, 4000)}",
            "W",
            f"{keyed.below(400) / 100:.2f}",
            keyed.below(30),
            keyed.below(90),
            address,
            "http/1.1",
            f"GET {path} HTTP/1.1",
        )
        rows += "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"
    heads = "".join(f"<th>{name}</th>" for name in ("Srv", "PID", "Acc", "M", "CPU", "SS", "Req", "Client", "Protocol"))
    told = "\n".join(
        f"<dt>{line}</dt>"
        for line in (
            f"Server Version: Apache/2.4.{keyed.between(52, 62)} (Unix)",
            "Server MPM: event",
            f"Total accesses: {keyed.between(9000, 900000)} - Total Traffic: {keyed.between(10, 400) / 10} GB",
            f"{keyed.between(2, 9)} requests currently being processed, {keyed.between(40, 90)} idle workers",
        )
    )
    return _page(
        "Apache Status",
        f"<h1>Apache Server Status for {address}</h1>\n<dl>{told}</dl>\n"
        f'<table border="0">\n<tr>{heads}<th>Request</th></tr>\n{rows}</table>',
    )


def actuator_env(maker: Maker) -> Content:
    """Spring's environment endpoint, from a time when it did not mask values."""
    told = {
        "activeProfiles": ["production"],
        "propertySources": [
            {
                "name": "systemEnvironment",
                "properties": {
                    "DB_PASSWORD": {"value": maker.secret("password")},
                    "SERVICE_TOKEN": {"value": maker.secret("jwt")},
                    "API_KEY": {"value": maker.secret("api_key")},
                },
            }
        ],
    }
    media_type = "application/vnd.spring-boot.actuator.v3+json"
    return Content(200, media_type, json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())


def users(maker: Maker) -> Content:
    """People of an internal list."""
    begin = 100 + maker.keyed.below(900)
    listed = []
    for number in range(8):
        each = person(maker.keyed.root("people"), begin + number)
        role = maker.keyed.choice(("user", "user", "user", "support", "admin"))
        name = f"{each.first} {each.last}"
        listed.append({"id": begin + number, "name": name, "email": each.email, "role": role})
    listed[0]["api_key"] = maker.secret("api_key")
    text = json.dumps({"users": listed}, ensure_ascii=False, separators=(",", ":"))
    return Content(200, "application/json", text.encode())
