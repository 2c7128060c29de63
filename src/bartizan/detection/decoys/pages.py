"""Pages and endpoints that take credentials, and those that tell too much."""

from __future__ import annotations

import json

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
    """WordPress' login page, shortened."""
    return _page("Log In", _form("/wp-login.php", "log", "pwd", "Log In"))


def wp_refusal(_: Maker) -> Content:
    """What it says to credentials: WordPress answers 200."""
    note = "<div>Error: The password you entered for this username is incorrect.</div>\n"
    return _page("Log In", _form("/wp-login.php", "log", "pwd", "Log In", note))


def token_usage(_: Maker) -> Content:
    """What a token endpoint says to a request without credentials (RFC 6749 section 5.2)."""
    told = {"error": "invalid_request", "error_description": "grant_type is missing"}
    return Content(400, "application/json", json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())


def token_refusal(_: Maker) -> Content:
    """What it says to credentials."""
    told = {"error": "invalid_client", "error_description": "Client authentication failed"}
    return Content(401, "application/json", json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode())


def phpinfo(maker: Maker) -> Content:
    """A page of phpinfo, shortened, with credentials in the environment."""
    version = f"8.{maker.keyed.between(0, 2)}.{maker.keyed.between(3, 25)}"
    rows = {
        "System": f"Linux web-{maker.keyed.between(1, 9)} 5.15.0-{maker.keyed.between(60, 120)}-generic x86_64",
        "Server API": "FPM/FastCGI",
        "Loaded Configuration File": "/etc/php/php.ini",
        "DB_PASSWORD": maker.secret("password"),
        "API_KEY": maker.secret("api_key"),
    }
    table = "\n".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in rows.items())
    return _page("phpinfo()", f"<h1>PHP Version {version}</h1>\n<table>\n{table}\n</table>")


def server_status(maker: Maker) -> Content:
    """A page of Apache's mod_status, with an internal path to go to."""
    address = f"10.{maker.keyed.below(200)}.{maker.keyed.below(250)}.{maker.keyed.between(2, 250)}"
    rows = ""
    for number, path in enumerate(("/internal/users", "/server-status")):
        cells = (f"{number}-0", maker.keyed.between(900, 9000), "W", address, f"GET {path} HTTP/1.1")
        rows += "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"
    return _page("Apache Status", f"<h1>Apache Server Status</h1>\n<table>\n{rows}</table>")


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
