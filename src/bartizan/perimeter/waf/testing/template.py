"""Go templates in a test's ``data``, as far as tests use them: literals, ``repeat`` and pipelines.

go-ftw (``test/data.go``) hands ``data`` to Go's ``text/template`` with the functions of sprig, and sends no body at all
when the template cannot be parsed or run.
"""

from __future__ import annotations

import json
import re

__all__ = ["expand"]

_ACTION = re.compile(r"\{\{(-\s)?(.*?)(\s-)?\}\}", re.DOTALL)
_TOKEN = re.compile(r'\s*(?:("(?:[^"\\\n]|\\.)*")|(`[^`]*`)|([+-]?\d+)|([A-Za-z_]\w*)|(\|))', re.DOTALL)
_MAX = 16 * 2**20  # characters that a template may expand to
_Value = str | int


class _Unknown(ValueError):
    """The template has something that is not understood here; Go would, as a rule, refuse it too."""


def expand(text: str) -> str | None:
    """Return ``text`` with its actions (``{{ "a" | repeat 10 }}``) carried out; None when one cannot be."""
    if "{{" not in text:
        return text
    parts: list[str] = []
    position = 0
    trim = False
    try:
        for action in _ACTION.finditer(text):
            before = text[position : action.start()]
            before = before.lstrip() if trim else before
            parts.append(before.rstrip() if action[1] else before)
            parts.append(_run(action[2]))
            position, trim = action.end(), bool(action[3])
    except _Unknown:
        return None
    rest = text[position:]
    if "{{" in rest:
        return None
    parts.append(rest.lstrip() if trim else rest)
    return "".join(parts)


def _run(action: str) -> str:
    """Return what one action prints."""
    action = action.strip()
    if action.startswith("/*") and action.endswith("*/"):
        return ""
    value: _Value | None = None
    for command in _commands(action):
        value = _call(command if value is None else [*command, value])
    return str(value)


def _commands(action: str) -> list[list[_Value]]:
    """Split a pipeline into its commands; functions' names are marked by a leading NUL."""
    commands: list[list[_Value]] = [[]]
    position = 0
    while position < len(action):
        token = _TOKEN.match(action, position)
        if token is None:
            raise _Unknown(action)
        position = token.end()
        if token[5]:
            commands.append([])
        else:
            commands[-1].append(_literal(token))
    if not all(commands):
        raise _Unknown(action)
    return commands


def _literal(token: re.Match[str]) -> _Value:
    if token[1]:
        try:
            return str(json.loads(token[1], strict=False))
        except ValueError:
            raise _Unknown(token[1]) from None
    if token[2]:
        return token[2][1:-1]
    return int(token[3]) if token[3] else "\0" + token[4]


def _call(command: list[_Value]) -> _Value:
    name, *arguments = command
    if not isinstance(name, str) or not name.startswith("\0"):
        if arguments:
            raise _Unknown("a value takes no arguments")
        return name
    if name != "\0repeat" or len(arguments) != 2:
        raise _Unknown(name)
    count, text = arguments
    if not isinstance(count, int) or not isinstance(text, str) or not 0 <= count * len(text) <= _MAX:
        raise _Unknown(name)
    return text * count
