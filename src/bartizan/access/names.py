"""The form in which names of people are kept and compared."""

from __future__ import annotations

import unicodedata

__all__ = ["MAX_NAME", "normalised_name"]

MAX_NAME = 128  # characters


def normalised_name(text: str) -> str:
    """Return a name that somebody typed as the records have it: NFKC, case-folded, without spaces around it.

    Folding can undo what NFKC did, so that is done again (Unicode section 3.13, toNFKC_Casefold). A name that is too
    long, empty, or has characters that cannot be seen becomes the empty string, which is nobody's name.
    """
    if len(text) > MAX_NAME:
        return ""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()
    return folded if len(folded) <= MAX_NAME and folded.isprintable() else ""
