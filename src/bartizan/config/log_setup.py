"""The structured log of every process: one JSON line an event on standard error, or aligned text for a terminal."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from bartizan.config.model import Logging

__all__ = ["configure_logging"]

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure_logging(settings: Logging, **context: object) -> None:
    """Set up logging for this process; ``context`` is added to every event."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(
            exception_formatter=structlog.dev.plain_traceback, colors=sys.stderr.isatty()
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _adder(context),
            *([structlog.processors.format_exc_info] if settings.format == "json" else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _adder(context: dict[str, object]) -> Any:
    def add(_: object, __: str, event: dict[str, Any]) -> dict[str, Any]:
        return {**context, **event}

    return add
