"""Transformations of file paths: ``normalisePath`` and ``normalisePathWin``."""

from __future__ import annotations

__all__ = ["normalise_path", "normalise_path_win"]

_SLASH, _BACKSLASH = b"/\\"


def normalise_path(text: bytes) -> bytes:
    """Return the path without empty segments, self-references and the back-references that can be resolved.

    A path that starts with a slash is absolute: its back-references end at the root. A relative one keeps those that
    lead above where it starts. As in the reference implementation, a segment that merely ends in two dots counts as a
    back-reference to itself: it goes, alone.
    """
    if text[-1:] != b".":
        if _SLASH not in text:
            return text
        if text.find(b"./") < 0 and text.find(b"//") < 0:
            return text
    normal = _normalised(text)
    return text if normal == text else normal


def normalise_path_win(text: bytes) -> bytes:
    """Return the path with backslashes as slashes, and normalised as :func:`normalise_path` does it.

    All backslashes, as the reference manual says; the reference implementation misses some in runs of them.
    """
    return normalise_path(text.replace(b"\\", b"/") if _BACKSLASH in text else text)


def _normalised(text: bytes) -> bytes:
    relative = text[:1] != b"/"
    kept: list[bytes] = []
    above = False  # a relative path has come to where it starts: further back-references cannot be resolved
    for segment in text.split(b"/"):
        if segment[-1:] != b".":
            if segment:
                # A single character at the start of a relative path does not end this state in the reference.
                above = above and relative and not kept and len(segment) == 1
                kept.append(segment)
        elif segment[-2:] == b"..":
            if relative and (above or (not kept and len(segment) <= 3)):
                above = True
                kept.append(segment)
                continue
            if kept and len(segment) == 2:
                kept.pop()
            above = above or not kept
        elif len(segment) > 1:
            kept.append(segment)
    return _joined(kept, relative=relative, trailing=text[-1:] == b"/")


def _joined(segments: list[bytes], *, relative: bool, trailing: bool) -> bytes:
    if not segments:
        return b"/" if trailing and not relative else b""
    path = b"/".join(segments)
    if trailing:
        path += b"/"
    return path if relative else b"/" + path
