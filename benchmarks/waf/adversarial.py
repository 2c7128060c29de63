"""Requests made to be slow: our engine's time is to grow in proportion to their size, whatever they hold.

Each text is repeated to sizes that double, and sent as the field of a form, percent-encoded, and as a string in JSON.
The time for a byte must not grow from the smallest size to the largest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_from_bytes

from benchmarks.waf.engines import Ours, load_ours
from benchmarks.waf.timing import freeze
from benchmarks.waf.traffic import Request

__all__ = ["adversarial"]

PARANOIA = 4
SIZES = tuple(1 << power for power in range(16, 21))  # 64 KiB to 1 MiB
GROWTH = 1.6  # of the time for a byte, from the smallest size to the largest, that is noise
SLOW = 1.0  # microseconds a byte that are told, linear or not
GIVE_UP = 30.0  # seconds for one request

REPEATED: dict[str, bytes] = {
    **{f"only {chr(byte)!r}": bytes([byte]) for byte in b" \t\na0_.,;:!?/\\|<>()[]{}'\"`$%&+-*=@#^~"},
    "only NUL": b"\0", "only 0xFF": b"\xff", "only e-acute": b"\xc3\xa9",
    "opened comments": b"/*", "comments": b"/**/", "line comments": b"--\n", "double percent": b"%2525",
    "percent u": b"%u003c", "references": b"&#x", "whole references": b"&#x3c;", "named references": b"&lt;",
    "JavaScript escapes": b"\\u003c", "hexadecimal escapes": b"\\x3c", "tags": b"<a ", "closed tags": b"<a>",
    "SQL": b"select ", "SQL union": b"union/**/select ", "PHP": b"<?php ", "dots": b"../", "commands": b";cat ",
    "assignments": b"a=1;", "quotes and digits": b"'1 ", "words": b"lorem ipsum ", "base64": b"QUFB",
    "UTF-7": b"+ADw-", "jndi": b"${jndi:", "lower": b"${lower:a}", "backslash line": b"\\\n", "brackets": b"a[b",
    "scheme": b"javascript:",
}  # fmt: skip

ADVISORIES: dict[str, tuple[bytes, bytes, bytes]] = {
    "932140, CVE-2019-11388": (b"for", b"/d/", b"/ %x in(x) dx"),
    "933161, CVE-2019-11389": (b"next", b"#", b""),
    "933160, CVE-2019-11390": (b"set_error_handler", b"#", b""),
    "933180, CVE-2019-11391": (b"$a", b"#", b""),
    "942490, CVE-2019-11387": (b"", b'"', b""),
    "942490 with digits": (b"'", b"!1", b""),
    "942260": (b"", b"\t", b"!"),
    "942300": (b"", b"\t", b"!"),
    "942200 quotes": (b",", b"'", b"!"),
    "942200 select": (b"#select", b"#", b"!"),
    "933160 comments": (b"fopen", b" #e", b""),
    "933161 comments": (b"end", b"\t//e", b""),
    "933180 comments": (b"$a", b"\t#e", b""),
    "933180 brackets": (b"$a", b"[a]", b""),
    "941140 declarations": (b"a=", b"x:y;", b""),
    "942130 tautologies": (b"", b"1=1 ", b""),
    "920120 escapes": (b"", b"&amp;", b"'"),
}
"""By rule: what begins, is repeated, and ends a text that its expression was reported, or mended, for."""

FORM, JSON = b"application/x-www-form-urlencoded", b"application/json"


def _post(kind: bytes, body: bytes) -> Request:
    fields = [(b"host", b"a.example"), (b"user-agent", b"x"), (b"accept", b"*/*"), (b"content-type", kind)]
    return Request("", b"POST", b"/", [*fields, (b"content-length", b"%d" % len(body))], body)


def _as_form(text: bytes) -> Request:
    return _post(FORM, b"a=" + quote_from_bytes(text, safe="").encode())


def _as_json(text: bytes) -> Request:
    return _post(JSON, json.dumps({"a": text.decode("latin-1")}).encode())


def _fill(begin: bytes, middle: bytes, end: bytes) -> Callable[[int], bytes]:
    return lambda size: begin + (middle * (size // len(middle) + 1))[: size - len(begin) - len(end)] + end


def _multipart(size: int, header: bytes, unit: bytes) -> Request:
    part = b"--x\r\nContent-Disposition: form-data; name=a%b\r\n\r\n%b\r\n" % (header, unit)
    return _post(b"multipart/form-data; boundary=x", part * (size // len(part)) + b"--x--\r\n")


STRUCTURES: dict[str, Callable[[int], Request]] = {
    "form: many parameters": lambda size: _post(FORM, b"&".join(b"p%d=v%d" % (n, n) for n in range(size // 12))),
    "form: 10,000 parameters": lambda size: _post(
        FORM, b"&".join(b"p%d=%b" % (n, b"v" * (size // 10000)) for n in range(10000))
    ),
    "form: same parameter": lambda size: _post(FORM, b"a=1&" * (size // 4)),
    "form: only &": lambda size: _post(FORM, b"&" * size),
    "form: only =": lambda size: _post(FORM, b"=" * size),
    "form: only %": lambda size: _post(FORM, b"%" * size),
    "form: raw %2525": lambda size: _post(FORM, b"a=" + b"%2525" * (size // 5)),
    "form: long name": lambda size: _post(FORM, b"<" * size + b"=1"),
    "query: many parameters": lambda size: Request(
        "", b"GET", b"/?" + b"&".join(b"p%d=v%d" % (n, n) for n in range(size // 12)), [(b"host", b"a.example")], b""
    ),
    "path": lambda size: Request("", b"GET", b"/a.." * (size // 4), [(b"host", b"a.example")], b""),
    "cookies": lambda size: Request(
        "",
        b"GET",
        b"/",
        [(b"host", b"a.example"), (b"cookie", b"; ".join(b"c%d=v" % n for n in range(size // 9)))],
        b"",
    ),
    "header fields": lambda size: Request(
        "", b"GET", b"/", [(b"x-%d" % n, b"v" * 90) for n in range(size // 100)], b""
    ),
    "JSON: nested arrays": lambda size: _post(JSON, b"[" * (size // 2) + b"]" * (size // 2)),
    "JSON: nested to the limit": lambda size: _post(
        JSON, b'{"a":[' + b",".join([b"[" * 400 + b"]" * 400] * (size // 800)) + b"]}"
    ),
    "JSON: nested objects": lambda size: _post(JSON, b'{"a":' * (size // 6) + b"1" + b"}" * (size // 6)),
    "JSON: many numbers": lambda size: _post(JSON, b"[" + b"1," * (size // 2) + b"1]"),
    "JSON: long number": lambda size: _post(JSON, b"[" + b"1" * size + b"]"),
    "JSON: escapes": lambda size: _post(JSON, b'{"a":"' + b"\\u003c" * (size // 6) + b'"}'),
    "JSON: escaped quotes": lambda size: _post(JSON, b'{"a":"' + b'\\"' * (size // 2) + b'"}'),
    "JSON: long key": lambda size: _post(JSON, b'{"' + b"a" * size + b'":1}'),
    "JSON: unfinished": lambda size: _post(JSON, b'{"a":"' * (size // 6)),
    "XML: nested": lambda size: _post(b"text/xml", b"<a>" * (size // 7) + b"</a>" * (size // 7)),
    "XML: many elements": lambda size: _post(b"text/xml", b"<a>" + b"<b>c</b>" * (size // 8) + b"</a>"),
    "XML: one text": lambda size: _post(b"text/xml", b"<a>" + b"(" * size + b"</a>"),
    "multipart: many parts": lambda size: _multipart(size, b"", b"v"),
    "multipart: many files": lambda size: _multipart(size, b"; filename=f", b"v"),
    "multipart: one value": lambda size: _multipart(size, b"", b"-" * (size - 70)),
    "multipart: near boundaries": lambda size: _multipart(size, b"", b"\r\n--" * (size // 4 - 20)),
}


def _shapes() -> dict[str, Callable[[int], Request]]:
    shapes: dict[str, Callable[[int], Request]] = {}
    texts = {name: _fill(b"", text, b"") for name, text in REPEATED.items()}
    texts |= {name: _fill(*parts) for name, parts in ADVISORIES.items()}
    for name, fill in texts.items():
        shapes[f"form: {name}"] = lambda size, fill=fill: _as_form(fill(size))  # type: ignore[misc]
        shapes[f"JSON: {name}"] = lambda size, fill=fill: _as_json(fill(size))  # type: ignore[misc]
    return shapes | STRUCTURES


def adversarial(*, quick: bool) -> tuple[dict[str, list[float]], list[str]]:
    """Measure in a process of its own; returns microseconds a byte by size, and what grows above linear."""
    command = [sys.executable, "-m", "benchmarks.waf.adversarial", *(["quick"] if quick else [])]
    without_memories = {**os.environ, "PYTHONHASHSEED": "0"}  # see ``each``
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=without_memories) as running:
        assert running.stdout is not None
        found: dict[str, list[float]] = {}
        for line in running.stdout:
            name, figures = json.loads(line)
            found[name] = figures
            print(_sentence(name, figures), flush=True)
    if running.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit status {running.returncode}")
    slowest = max(found, key=lambda name: found[name][-1])
    print(f"{len(found)} shapes at PL{PARANOIA}; slowest {slowest}, {found[slowest][-1]:.2f} us a byte")
    return found, [f"adversarial {name}: {_sentence('', found[name]).strip()}" for name in found if _grows(found[name])]


def _grows(figures: list[float]) -> bool:
    return len(figures) < 2 or figures[-1] > GROWTH * max(figures[0], 0.01)


def _sentence(name: str, figures: list[float]) -> str:
    told = "  ABOVE LINEAR" if _grows(figures) else "  slow" if figures[-1] > SLOW else ""
    return f"{name:<34} us/byte {' '.join(f'{each:7.3f}' for each in figures)}{told}"


def _measure(run: Callable[[Request], Any], shape: Callable[[int], Request], sizes: tuple[int, ...]) -> list[float]:
    """Return processor microseconds for a byte of the request at each size: the best of two runs, if they are short."""
    figures = []
    for size in sizes:
        request = shape(size)
        length = len(request.uri) + len(request.body) + sum(len(name) + len(value) for name, value in request.headers)
        best = float("inf")
        for _ in range(2):
            began = time.process_time()
            run(request)
            best = min(best, time.process_time() - began)
            if best > 1.0:
                break
        figures.append(best * 1e6 / length)
        if best * 4 > GIVE_UP:
            break
    return figures


def main() -> None:
    """Measure all shapes; prints a line of JSON for each."""
    ours = Ours(load_ours(PARANOIA))
    freeze()
    sizes = SIZES[:3] if "quick" in sys.argv else SIZES
    for name, shape in _shapes().items():
        print(json.dumps([name, _measure(ours.request, shape, sizes)]), flush=True)


if __name__ == "__main__":
    main()
