"""What is raised when a release cannot be used."""

from bartizan.errors import BartizanError

__all__ = ["ReleaseError"]


class ReleaseError(BartizanError):
    """A rule set cannot be installed from what was given."""
