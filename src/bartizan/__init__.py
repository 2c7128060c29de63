"""Bartizan: an API security gateway whose layers share one exchange, one set of actors and one evidence chain."""

__all__ = ["__version__"]

__version__ = "0.1.0"
