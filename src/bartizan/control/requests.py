"""What a request tells: the client's facts from the edge, a JSON body, a path to go on to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote

import msgspec
from starlette.requests import Request

from bartizan.control.contract import CLIENT, EXCHANGE, JA4
from bartizan.errors import RequestError
from bartizan.http.address import parse_address

__all__ = ["ClientInfo", "client_of", "json_body", "local_path"]

T = TypeVar("T")

MAX_AGENT = 512  # characters of User-Agent that are kept
MAX_NEXT = 2048  # characters of a path to go on to
_EXCHANGE = re.compile(r"[0-9A-Za-z-]{1,64}")
_JA4 = re.compile(r"[0-9A-Za-z_]{1,64}")
_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")  # visible ASCII without the backslash, which browsers read as a slash
_UNSAFE = re.compile(r"//|\\|[\x00-\x1f\x7f]|/\.{1,2}(?:/|$)")
_DECODINGS = 4  # how often something on the way may decode a path


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """Who asks, as the edge saw it. What is not known is empty."""

    address: str
    ja4: str
    exchange: str
    """The id of the exchange, for signals and for people who ask what happened."""
    user_agent: str
    """What the client says it is, shortened; it may be anything."""


def client_of(request: Request) -> ClientInfo:
    """Return the facts of a request's client. Only the edge can write them: it drops what clients send by that name."""
    said = request.headers
    agent = said.get("user-agent", "")[:MAX_AGENT]
    return ClientInfo(
        _address(said.get(CLIENT.decode(), "")),
        _matching(_JA4, said.get(JA4.decode(), "")),
        _matching(_EXCHANGE, said.get(EXCHANGE.decode(), "")),
        "".join(char if char.isprintable() else "�" for char in agent),
    )


async def json_body(request: Request, form: type[T]) -> T:
    """Return the body as ``form``, a msgspec type; raises ``RequestError`` (400) for anything else."""
    data = await request.body()
    try:
        return msgspec.json.decode(data or b"{}", type=form)
    except msgspec.ValidationError as error:
        raise RequestError(400, "invalid_body", f"the body has not the form that is asked for: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RequestError(400, "invalid_json", "the body is no JSON") from None


def local_path(text: str | None, default: str = "/") -> str:
    """Return ``text`` if a browser that is sent there stays on this origin, else ``default``.

    It has to be a path, and maybe a query, in visible ASCII without a backslash, which browsers read as a slash. Its
    path may have no empty and no dot segments and no control characters, also when somebody on the way decodes it once
    more: ``//host``, ``/%2Fhost``, ``/.//host`` and ``/%250D%250A`` are none.
    """
    if text is None or len(text) > MAX_NEXT or not _LOCAL.fullmatch(text):
        return default
    path = re.split("[?#]", text, maxsplit=1)[0]
    for _ in range(_DECODINGS):
        if _UNSAFE.search(path):
            return default
        decoded = unquote(path, "latin-1")
        if decoded == path:
            return text
        path = decoded
    return default


def _address(text: str) -> str:
    try:
        return parse_address(text).address if text else ""
    except ValueError:
        return ""


def _matching(form: re.Pattern[str], text: str) -> str:
    return text if form.fullmatch(text) else ""
