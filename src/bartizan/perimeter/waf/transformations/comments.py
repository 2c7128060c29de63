"""Transformations of comments: ``replaceComments``, ``removeComments`` and ``removeCommentsChar``."""

from __future__ import annotations

import re

__all__ = ["remove_comments", "remove_comments_char", "replace_comments"]

_ASTERISK, _HYPHEN, _HASH = b"*-#"
_C_COMMENT = re.compile(rb"/\*.*?(?:\*/|\Z)", re.DOTALL)
_COMMENT = re.compile(rb"(?:/\*|<!--)(?:.*?(?:\*/|-->)(.?)|.*)|(?:--|#).*", re.DOTALL)
_MARK = re.compile(rb"/\*|\*/|<!--|-->?|#")


def replace_comments(text: bytes) -> bytes:
    """Return the text with each ``/* comment */`` as one space; one that is not closed reaches to the end."""
    return _C_COMMENT.sub(b" ", text) if _ASTERISK in text else text


def remove_comments(text: bytes) -> bytes:
    """Return the text without ``/* */``, ``<!-- -->``, ``--`` and ``#`` comments; the latter two reach to the end.

    As in the reference implementation, either end closes a comment, the byte behind it is not looked at (a NUL stands
    for it at the end of the text), and a comment that is not closed becomes a space.
    """
    return _COMMENT.sub(_rest, text) if _may_have_marks(text) else text


def _rest(match: re.Match[bytes]) -> bytes:
    if match.lastindex:
        return match[1] or b"\0"
    return b" " if match[0].startswith((b"/", b"<")) else b""


def remove_comments_char(text: bytes) -> bytes:
    """Return the text without the marks of comments: ``/*``, ``*/``, ``<!--``, ``-->``, ``--`` and ``#``."""
    return _MARK.sub(b"", text) if _may_have_marks(text) else text


def _may_have_marks(text: bytes) -> bool:
    """Tell in a fraction of the patterns' time whether they may match."""
    return _HASH in text or _ASTERISK in text or (_HYPHEN in text and text.find(b"--") >= 0)
