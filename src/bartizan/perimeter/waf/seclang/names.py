"""The names of the language: variables, and which of them are collections."""

from __future__ import annotations

__all__ = ["COLLECTIONS", "PERSISTENT", "SCALARS", "is_collection", "is_variable"]

PERSISTENT = frozenset(("GLOBAL", "IP", "RESOURCE", "SESSION", "USER"))
"""Collections that outlive a transaction, kept in the shared state."""

COLLECTIONS = PERSISTENT | frozenset(
    (
        "ARGS",
        "ARGS_GET",
        "ARGS_GET_NAMES",
        "ARGS_NAMES",
        "ARGS_POST",
        "ARGS_POST_NAMES",
        "ENV",
        "FILES",
        "FILES_NAMES",
        "FILES_SIZES",
        "FILES_TMPNAMES",
        "FILES_TMP_CONTENT",
        "GEO",
        "MATCHED_VARS",
        "MATCHED_VARS_NAMES",
        "MULTIPART_FILENAME",
        "MULTIPART_NAME",
        "MULTIPART_PART_HEADERS",
        "REQUEST_COOKIES",
        "REQUEST_COOKIES_NAMES",
        "REQUEST_HEADERS",
        "REQUEST_HEADERS_NAMES",
        "RESPONSE_HEADERS",
        "RESPONSE_HEADERS_NAMES",
        "RULE",
        "TX",
        "XML",
    )
)

SCALARS = frozenset(
    (
        "ARGS_COMBINED_SIZE",
        "AUTH_TYPE",
        "DURATION",
        "FILES_COMBINED_SIZE",
        "FULL_REQUEST",
        "FULL_REQUEST_LENGTH",
        "HIGHEST_SEVERITY",
        "INBOUND_DATA_ERROR",
        "MATCHED_VAR",
        "MATCHED_VAR_NAME",
        "MODSEC_BUILD",
        "MSC_PCRE_ERROR",
        "MSC_PCRE_LIMITS_EXCEEDED",
        "MULTIPART_BOUNDARY_QUOTED",
        "MULTIPART_BOUNDARY_WHITESPACE",
        "MULTIPART_CRLF_LF_LINES",
        "MULTIPART_DATA_AFTER",
        "MULTIPART_DATA_BEFORE",
        "MULTIPART_FILE_LIMIT_EXCEEDED",
        "MULTIPART_HEADER_FOLDING",
        "MULTIPART_INVALID_HEADER_FOLDING",
        "MULTIPART_INVALID_PART",
        "MULTIPART_INVALID_QUOTING",
        "MULTIPART_LF_LINE",
        "MULTIPART_MISSING_SEMICOLON",
        "MULTIPART_SEMICOLON_MISSING",
        "MULTIPART_STRICT_ERROR",
        "MULTIPART_UNMATCHED_BOUNDARY",
        "OUTBOUND_DATA_ERROR",
        "PATH_INFO",
        "QUERY_STRING",
        "REMOTE_ADDR",
        "REMOTE_HOST",
        "REMOTE_PORT",
        "REMOTE_USER",
        "REQBODY_ERROR",
        "REQBODY_ERROR_MSG",
        "REQBODY_PROCESSOR",
        "REQBODY_PROCESSOR_ERROR",
        "REQBODY_PROCESSOR_ERROR_MSG",
        "REQUEST_BASENAME",
        "REQUEST_BODY",
        "REQUEST_BODY_LENGTH",
        "REQUEST_FILENAME",
        "REQUEST_LINE",
        "REQUEST_METHOD",
        "REQUEST_PROTOCOL",
        "REQUEST_URI",
        "REQUEST_URI_RAW",
        "RESPONSE_BODY",
        "RESPONSE_CONTENT_LENGTH",
        "RESPONSE_CONTENT_TYPE",
        "RESPONSE_PROTOCOL",
        "RESPONSE_STATUS",
        "SERVER_ADDR",
        "SERVER_NAME",
        "SERVER_PORT",
        "SESSIONID",
        "STATUS_LINE",
        "TIME",
        "TIME_DAY",
        "TIME_EPOCH",
        "TIME_HOUR",
        "TIME_MIN",
        "TIME_MON",
        "TIME_SEC",
        "TIME_WDAY",
        "TIME_YEAR",
        "UNIQUE_ID",
        "URLENCODED_ERROR",
        "USERID",
        "WEBAPPID",
    )
)


def is_variable(name: str) -> bool:
    """Tell whether ``name`` (upper case) is a variable of the language."""
    return name in SCALARS or name in COLLECTIONS


def is_collection(name: str) -> bool:
    """Tell whether ``name`` (upper case) has members that a selector may choose from."""
    return name in COLLECTIONS
