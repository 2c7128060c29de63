"""Why a pattern is refused."""

from __future__ import annotations

from bartizan.perimeter.waf.operators.interface import OperatorError

__all__ = ["NotLinearError", "PatternError"]


class PatternError(OperatorError):
    """A regular expression that cannot be used. Tells the construct and its ``position``, in bytes from 0."""

    def __init__(self, problem: str, position: int) -> None:
        super().__init__(f"{problem} at byte {position} of the regular expression")
        self.problem = problem
        self.position = position


class NotLinearError(PatternError):
    """A regular expression that RE2 cannot take, only a matcher that goes back, whose time has to be limited."""
