"""What somebody can do about it that they may not do this: log in, or prove anew who they are."""

from __future__ import annotations

from typing import Literal

from bartizan.errors import AccessError

__all__ = ["RECENT", "Challenge"]

RECENT = 300.0  # seconds that somebody counts as having just proven who they are


class Challenge(AccessError):
    """They have to; ``factor`` says by what, ``max_age`` in seconds how recently."""

    def __init__(
        self,
        code: Literal["login_required", "reauth_required"],
        message: str,
        *,
        factor: str = "any",
        max_age: float | None = None,
    ) -> None:
        self.factor = factor
        self.max_age = max_age
        super().__init__(code, message)
