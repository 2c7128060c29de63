"""Reading the request body into variables, with the processor that the content type or a rule chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bartizan.perimeter.waf.bodies.arguments import has_invalid_escape
from bartizan.perimeter.waf.bodies.processors import PROCESSORS
from bartizan.perimeter.waf.bodies.result import Limits

if TYPE_CHECKING:
    from bartizan.perimeter.waf.engine.transaction import Transaction

__all__ = ["read_body"]


def read_body(transaction: Transaction, body: bytes) -> None:
    """Fill ARGS_POST, FILES, XML and the error variables from ``body``."""
    transaction.body = body
    transaction.body_shown = transaction.force_body or transaction.body_processor == b"URLENCODED"
    processor = PROCESSORS.get(transaction.body_processor)
    if processor is None or (not body and transaction.body_processor == b"URLENCODED"):
        return
    settings = transaction.program.settings
    limits = Limits(
        arguments=max(0, settings.arguments_limit - len(transaction.args_get)),
        json_depth=settings.json_depth_limit,
        files=settings.upload_file_limit,
    )
    parsed = processor(body, transaction.content_type, limits, settings.argument_separator)
    if parsed.error:
        transaction.body_error = parsed.error.encode("utf-8", "replace")
    if parsed.arguments:
        transaction.args = [*transaction.args_get, *parsed.arguments]
        if transaction.body_processor != b"JSON":
            transaction.args_post = parsed.arguments
    if parsed.multipart is not None:
        transaction.multipart = parsed.multipart
        transaction.files = parsed.files
        transaction.parts = parsed.parts
        transaction.part_names = parsed.part_names
        transaction.part_filenames = parsed.part_filenames
    transaction.xml = parsed.xml
    if transaction.body_processor == b"URLENCODED" and b"%" in body:
        transaction.urlencoded_error = transaction.urlencoded_error or has_invalid_escape(body)
