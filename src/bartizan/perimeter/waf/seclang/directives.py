"""The directives other than rules: what each sets, and which have no meaning in a gateway of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from bartizan.perimeter.waf.seclang.model import EngineMode, Settings

__all__ = ["IGNORED", "MODES", "REFUSED", "SETTINGS", "Setter"]

Setter = Callable[[Settings, tuple[bytes, ...], Path], Settings]
"""Settings, the directive's arguments, and the directory of its file; raises ``ValueError``."""

MODES: Mapping[str, EngineMode] = {"on": "on", "off": "off", "detectiononly": "detection_only"}


def _one(arguments: tuple[bytes, ...]) -> str:
    if len(arguments) != 1:
        raise ValueError(f"takes one argument, not {len(arguments)}")
    return arguments[0].decode("latin-1").strip()


def _switch(text: str) -> bool:
    if text.lower() not in ("on", "off"):
        raise ValueError(f"takes On or Off, not {text!r}")
    return text.lower() == "on"


def _whole(text: str, low: int = 0, high: int = 2**40) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15 or not low <= int(text) <= high:
        raise ValueError(f"takes a whole number from {low} to {high}, not {text!r}")
    return int(text)


def _mode(settings: Settings, arguments: tuple[bytes, ...], directory: Path) -> Settings:  # noqa: ARG001
    text = _one(arguments)
    if text.lower() not in MODES:
        raise ValueError(f"takes On, Off or DetectionOnly, not {text!r}")
    return replace(settings, mode=MODES[text.lower()])


def _boolean(name: str) -> Setter:
    return lambda settings, arguments, _: replace(settings, **{name: _switch(_one(arguments))})  # type: ignore[arg-type]


def _integer(name: str, low: int = 0, high: int = 2**40) -> Setter:
    return lambda settings, arguments, _: replace(settings, **{name: _whole(_one(arguments), low, high)})  # type: ignore[arg-type]


def _limit_action(name: str) -> Setter:
    def setter(settings: Settings, arguments: tuple[bytes, ...], _: Path) -> Settings:
        text = _one(arguments).lower()
        if text not in ("reject", "processpartial"):
            raise ValueError(f"takes Reject or ProcessPartial, not {text!r}")
        action: Literal["reject", "process_partial"] = "reject" if text == "reject" else "process_partial"
        return replace(settings, **{name: action})  # type: ignore[arg-type]

    return setter


def _types(settings: Settings, arguments: tuple[bytes, ...], _: Path) -> Settings:
    if not arguments:
        raise ValueError("takes media types: text/plain text/html")
    named = frozenset(word.lower() for argument in arguments for word in argument.split())
    return replace(settings, response_body_types=settings.response_body_types | named)


def _clear_types(settings: Settings, arguments: tuple[bytes, ...], _: Path) -> Settings:
    if arguments:
        raise ValueError("takes no argument")
    return replace(settings, response_body_types=frozenset())


def _separator(settings: Settings, arguments: tuple[bytes, ...], _: Path) -> Settings:
    text = _one(arguments)
    if len(text) != 1:
        raise ValueError(f"takes one character, not {text!r}")
    return replace(settings, argument_separator=ord(text))


def _timeout(settings: Settings, arguments: tuple[bytes, ...], _: Path) -> Settings:
    return replace(settings, collection_timeout=float(_whole(_one(arguments), 1)))


def _unicode_map(settings: Settings, arguments: tuple[bytes, ...], directory: Path) -> Settings:
    if len(arguments) != 2:
        raise ValueError("takes a file and a code page: unicode.mapping 20127")
    path = directory / arguments[0].decode("utf-8", "surrogateescape")
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return replace(settings, unicode_map=(path, _whole(arguments[1].decode("latin-1"), 0, 65535)))


def _geo(settings: Settings, arguments: tuple[bytes, ...], directory: Path) -> Settings:
    path = directory / _one(arguments)
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return replace(settings, geo_database=path)


def _signature(settings: Settings, arguments: tuple[bytes, ...], _: Path) -> Settings:
    return replace(settings, component_signatures=(*settings.component_signatures, _one(arguments)))


def _web_app(settings: Settings, arguments: tuple[bytes, ...], _: Path) -> Settings:
    return replace(settings, web_app_id=_one(arguments))


SETTINGS: Mapping[str, Setter] = {
    "secargumentseparator": _separator,
    "secargumentslimit": _integer("arguments_limit", 1),
    "seccollectiontimeout": _timeout,
    "seccomponentsignature": _signature,
    "seccookieformat": _integer("cookie_format", 0, 1),
    "secgeolookupdb": _geo,
    "secrequestbodyaccess": _boolean("request_body_access"),
    "secrequestbodyjsondepthlimit": _integer("json_depth_limit", 1, 10_000),
    "secrequestbodylimit": _integer("request_body_limit", 1, 2**30),
    "secrequestbodylimitaction": _limit_action("request_body_limit_action"),
    "secrequestbodynofileslimit": _integer("request_body_no_files_limit", 1, 2**30),
    "secresponsebodyaccess": _boolean("response_body_access"),
    "secresponsebodylimit": _integer("response_body_limit", 1, 2**30),
    "secresponsebodylimitaction": _limit_action("response_body_limit_action"),
    "secresponsebodymimetype": _types,
    "secresponsebodymimetypesclear": _clear_types,
    "secruleengine": _mode,
    "secunicodemapfile": _unicode_map,
    "secuploadfilelimit": _integer("upload_file_limit", 1),
    "secwebappid": _web_app,
}

IGNORED: Mapping[str, str] = {
    "secauditengine": "the journal keeps every exchange",
    "secauditlog": "the journal keeps every exchange",
    "secauditlog2": "the journal keeps every exchange",
    "secauditlogdirmode": "the journal keeps every exchange",
    "secauditlogfilemode": "the journal keeps every exchange",
    "secauditlogformat": "the journal keeps every exchange",
    "secauditlogparts": "the journal keeps every exchange",
    "secauditlogprefix": "the journal keeps every exchange",
    "secauditlogrelevantstatus": "the journal keeps every exchange",
    "secauditlogstoragedir": "the journal keeps every exchange",
    "secauditlogtype": "the journal keeps every exchange",
    "secchrootdir": "it is for Apache",
    "secconnengine": "the denylist and rate limits do this",
    "secconnreadstatelimit": "the listener's limits do this",
    "secconnwritestatelimit": "the listener's limits do this",
    "seccontentinjection": "responses are not rewritten by rules",
    "seccookiev0separator": "it is for Apache",
    "secdatadir": "collections are kept in the shared state",
    "secdebuglog": "`bartizan waf explain` and the journal tell what a rule did",
    "secdebugloglevel": "`bartizan waf explain` and the journal tell what a rule did",
    "secdisablebackendcompression": "guards.waf.response_body asks upstreams for plain bodies",
    "secgsblookupdb": "@gsbLookup is not available",
    "secguardianlog": "it is for Apache",
    "sechashengine": "links are not signed",
    "sechashkey": "links are not signed",
    "sechashmethodpm": "links are not signed",
    "sechashmethodrx": "links are not signed",
    "sechashparam": "links are not signed",
    "sechttpblkey": "@rbl is not supported",
    "secinterceptonerror": "guards.waf.on_error decides",
    "secpcrematchlimit": "patterns are matched in linear time",
    "secpcrematchlimitrecursion": "patterns are matched in linear time",
    "secremoterulesfailaction": "rules are read from files only",
    "secreadstatelimit": "the listener's limits do this",
    "secrequestbodyinmemorylimit": "bodies are inspected in memory",
    "secrequestencoding": "bodies are inspected as they are",
    "secruleinheritance": "there are no contexts to inherit from",
    "secruleperftime": "`bartizan waf inspect` tells the time of a request",
    "secsensorid": "the journal names the worker",
    "secserversignature": "the gateway sends no Server field",
    "secstatusengine": "nothing is sent to anybody",
    "secstreaminbodyinspection": "bodies are inspected in memory",
    "secstreamoutbodyinspection": "bodies are inspected in memory",
    "sectmpdir": "nothing is written to temporary files",
    "sectmpsaveuploadedfiles": "uploads are not kept",
    "secuploaddir": "uploads are not kept",
    "secuploadfilemode": "uploads are not kept",
    "secuploadkeepfiles": "uploads are not kept",
    "secwritestatelimit": "the listener's limits do this",
    "secxmlexternalentity": "external entities are never read",
    "secparsexmlintoargs": "use the variable XML",
    "seccachetransformations": "transformed texts are always shared",
}
"""Directives that have no meaning here, and why; they are accepted with a notice."""

REFUSED: Mapping[str, str] = {
    "secremoterules": "rules are read from files only: download them, check them, and Include the file",
    "secrulescript": "a rule must not run scripts for each request: write it as SecRule, or in a service of your own",
}
"""Directives without which a rule set would do less than it says, and what to do instead."""
