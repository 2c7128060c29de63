"""The variables of the language: how each is read from a transaction.

A reader returns pairs of member name and value; scalars have one pair, named ``b""``. Readers return the transaction's
own lists, which nobody may change.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bartizan.perimeter.waf.engine.transaction import Transaction

__all__ = ["DYNAMIC", "READERS", "REQUEST_BODY_VARIABLES", "RESPONSE_VARIABLES", "Pairs", "Reader"]

Pairs = Sequence[tuple[bytes, bytes]]
Reader = Callable[["Transaction"], Pairs]

_ONE = ((b"", b"1"),)
_ZERO = ((b"", b"0"),)


def _text(value: object) -> Pairs:
    return ((b"", str(value).encode("latin-1", "replace")),)


def _names(pairs: Pairs) -> Pairs:
    return [(name, name) for name, _ in pairs]


def _attribute(name: str) -> Reader:
    return lambda transaction: ((b"", getattr(transaction, name)),)


def _pairs(name: str) -> Reader:
    def reader(transaction: Transaction) -> Pairs:
        found: Pairs = getattr(transaction, name)
        return found

    return reader


def _names_of(name: str) -> Reader:
    return lambda transaction: _names(getattr(transaction, name))


def _combined_size(transaction: Transaction) -> Pairs:
    return _text(sum(len(name) + len(value) for name, value in transaction.args))


def _files(field: int) -> Reader:
    """Read FILES_…: 0 the names of fields, 1 file names, 2 sizes, 3 contents."""

    def reader(transaction: Transaction) -> Pairs:
        files = transaction.files
        match field:
            case 0:
                return [(file.name, file.name) for file in files]
            case 1:
                return [(file.name, file.filename) for file in files]
            case 2:
                return [(file.name, b"%d" % file.size) for file in files]
            case _:
                return [(file.name, file.content) for file in files]

    return reader


def _files_size(transaction: Transaction) -> Pairs:
    return _text(sum(file.size for file in transaction.files))


def _multipart(name: str) -> Reader:
    def reader(transaction: Transaction) -> Pairs:
        flags = transaction.multipart
        if flags is None:
            return ((b"", b""),)
        return ((b"", b"%d" % int(getattr(flags, name))),)

    return reader


def _part_headers(transaction: Transaction) -> Pairs:
    return [(part.name, header) for part in transaction.parts for header in part.headers]


def _each(name: str) -> Reader:
    return lambda transaction: [(b"", value) for value in getattr(transaction, name)]


def _local(field: str) -> Reader:
    def reader(transaction: Transaction) -> Pairs:
        now = time.localtime(transaction.head.received)
        return _text(time.strftime(field, now) if field.startswith("%") else getattr(now, field))

    return reader


def _weekday(transaction: Transaction) -> Pairs:
    return _text((time.localtime(transaction.head.received).tm_wday + 1) % 7)


def _month(transaction: Transaction) -> Pairs:
    return _text(time.localtime(transaction.head.received).tm_mon - 1)


def _full_request(transaction: Transaction) -> bytes:
    head = transaction.head
    fields = b"".join(b"%b: %b\n" % field for field in head.headers)
    return b"%b\n%b\n%b" % (transaction.request_line, fields, transaction.body)


def _request_body(transaction: Transaction) -> Pairs:
    """The raw body, only as the reference manual has it: for the URLENCODED processor, or when it is forced."""
    return ((b"", transaction.body if transaction.body_shown else b""),)


def _rule(transaction: Transaction) -> Pairs:
    rule = transaction.rule
    if rule is None:
        return ()
    transaction.rule = None  # a message may speak of RULE itself: there it has no members
    severity = b"" if rule.severity is None else b"%d" % rule.severity
    members = (
        (b"id", b"%d" % rule.id),
        (b"rev", rule.rev.encode("latin-1", "replace")),
        (b"severity", severity),
        (b"logdata", b"" if rule.logdata is None else rule.logdata(transaction)),
        (b"msg", b"" if rule.msg is None else rule.msg(transaction)),
    )
    transaction.rule = rule
    return members


def _cookie_header(transaction: Transaction) -> Pairs:
    return transaction.cookies


def _persistent(collection: str) -> Reader:
    return lambda transaction: transaction.persistent.members(collection)


def _status_line(transaction: Transaction) -> Pairs:
    return ((b"", b"%b %d" % (transaction.response_protocol, transaction.response_status)),)


def _content_type(transaction: Transaction) -> Pairs:
    return ((b"", transaction.response_type),)


READERS: Mapping[str, Reader] = {
    "ARGS": _pairs("args"),
    "ARGS_COMBINED_SIZE": _combined_size,
    "ARGS_GET": _pairs("args_get"),
    "ARGS_GET_NAMES": _names_of("args_get"),
    "ARGS_NAMES": _names_of("args"),
    "ARGS_POST": _pairs("args_post"),
    "ARGS_POST_NAMES": _names_of("args_post"),
    "AUTH_TYPE": lambda transaction: ((b"", transaction.authorization.partition(b" ")[0]),),
    "DURATION": lambda transaction: _text(int(transaction.elapsed() * 1000)),
    "ENV": lambda transaction: list(transaction.environment.items()),
    "FILES": _files(1),
    "FILES_COMBINED_SIZE": _files_size,
    "FILES_NAMES": _files(0),
    "FILES_SIZES": _files(2),
    "FILES_TMPNAMES": lambda transaction: (),  # noqa: ARG005 - nothing is written to disk
    "FILES_TMP_CONTENT": _files(3),
    "FULL_REQUEST": lambda transaction: ((b"", _full_request(transaction)),),
    "FULL_REQUEST_LENGTH": lambda transaction: _text(len(_full_request(transaction))),
    "GEO": lambda transaction: list(transaction.geo.items()),
    "GLOBAL": _persistent("GLOBAL"),
    "HIGHEST_SEVERITY": lambda transaction: _text(transaction.highest_severity),
    "INBOUND_DATA_ERROR": lambda transaction: _ONE if transaction.inbound_data_error else _ZERO,
    "IP": _persistent("IP"),
    "MATCHED_VAR": _attribute("matched_var"),
    "MATCHED_VARS": lambda transaction: transaction.matched_vars.copy(),  # matches are added while it is read
    "MATCHED_VARS_NAMES": _names_of("matched_vars"),
    "MATCHED_VAR_NAME": _attribute("matched_var_name"),
    "MODSEC_BUILD": lambda transaction: ((b"", b"030015100"),),  # noqa: ARG005 - the version that is followed
    "MSC_PCRE_ERROR": lambda transaction: _ZERO,  # noqa: ARG005 - patterns cannot fail
    "MSC_PCRE_LIMITS_EXCEEDED": lambda transaction: _ZERO,  # noqa: ARG005
    "MULTIPART_BOUNDARY_QUOTED": _multipart("boundary_quoted"),
    "MULTIPART_BOUNDARY_WHITESPACE": _multipart("boundary_whitespace"),
    "MULTIPART_CRLF_LF_LINES": _multipart("crlf_lf_lines"),
    "MULTIPART_DATA_AFTER": _multipart("data_after"),
    "MULTIPART_DATA_BEFORE": _multipart("data_before"),
    "MULTIPART_FILENAME": _each("part_filenames"),
    "MULTIPART_FILE_LIMIT_EXCEEDED": _multipart("file_limit_exceeded"),
    "MULTIPART_HEADER_FOLDING": _multipart("header_folding"),
    "MULTIPART_INVALID_HEADER_FOLDING": _multipart("invalid_header_folding"),
    "MULTIPART_INVALID_PART": _multipart("invalid_part"),
    "MULTIPART_INVALID_QUOTING": _multipart("invalid_quoting"),
    "MULTIPART_LF_LINE": _multipart("lf_line"),
    "MULTIPART_MISSING_SEMICOLON": _multipart("missing_semicolon"),
    "MULTIPART_NAME": _each("part_names"),
    "MULTIPART_PART_HEADERS": _part_headers,
    "MULTIPART_SEMICOLON_MISSING": _multipart("missing_semicolon"),
    "MULTIPART_STRICT_ERROR": _multipart("strict_error"),
    "MULTIPART_UNMATCHED_BOUNDARY": _multipart("unmatched_boundary"),
    "OUTBOUND_DATA_ERROR": lambda transaction: _ONE if transaction.outbound_data_error else _ZERO,
    "PATH_INFO": _attribute("filename"),
    "QUERY_STRING": _attribute("query"),
    "REMOTE_ADDR": lambda transaction: _text(transaction.head.client),
    "REMOTE_HOST": lambda transaction: _text(transaction.head.client),
    "REMOTE_PORT": lambda transaction: _text(transaction.head.client_port),
    "REMOTE_USER": lambda transaction: ((b"", transaction.remote_user),) if transaction.remote_user else (),
    "REQBODY_ERROR": lambda transaction: _ONE if transaction.body_error else _ZERO,
    "REQBODY_ERROR_MSG": _attribute("body_error"),
    "REQBODY_PROCESSOR": _attribute("body_processor"),
    "REQBODY_PROCESSOR_ERROR": lambda transaction: _ONE if transaction.body_error else _ZERO,
    "REQBODY_PROCESSOR_ERROR_MSG": _attribute("body_error"),
    "REQUEST_BASENAME": _attribute("basename"),
    "REQUEST_BODY": _request_body,
    "REQUEST_BODY_LENGTH": lambda transaction: _text(len(transaction.body)),
    "REQUEST_COOKIES": _cookie_header,
    "REQUEST_COOKIES_NAMES": _names_of("cookies"),
    "REQUEST_FILENAME": _attribute("filename"),
    "REQUEST_HEADERS": lambda transaction: transaction.head.headers,
    "REQUEST_HEADERS_NAMES": lambda transaction: _names(transaction.head.headers),
    "REQUEST_LINE": _attribute("request_line"),
    "REQUEST_METHOD": lambda transaction: ((b"", transaction.head.method),),
    "REQUEST_PROTOCOL": lambda transaction: ((b"", transaction.head.protocol),),
    "REQUEST_URI": _attribute("uri"),
    "REQUEST_URI_RAW": lambda transaction: ((b"", transaction.head.uri),),
    "RESOURCE": _persistent("RESOURCE"),
    "RESPONSE_BODY": _attribute("response_content"),
    "RESPONSE_CONTENT_LENGTH": lambda transaction: _text(len(transaction.response_content)),
    "RESPONSE_CONTENT_TYPE": _content_type,
    "RESPONSE_HEADERS": _pairs("response_fields"),
    "RESPONSE_HEADERS_NAMES": _names_of("response_fields"),
    "RESPONSE_PROTOCOL": _attribute("response_protocol"),
    "RESPONSE_STATUS": lambda transaction: _text(transaction.response_status),
    "RULE": _rule,
    "SERVER_ADDR": lambda transaction: _text(transaction.head.server),
    "SERVER_NAME": _attribute("server_name"),
    "SERVER_PORT": lambda transaction: _text(transaction.head.server_port),
    "SESSION": _persistent("SESSION"),
    "SESSIONID": _attribute("session_id"),
    "STATUS_LINE": _status_line,
    "TIME": _local("%H:%M:%S"),
    "TIME_DAY": _local("tm_mday"),
    "TIME_EPOCH": lambda transaction: _text(int(transaction.head.received)),
    "TIME_HOUR": _local("tm_hour"),
    "TIME_MIN": _local("tm_min"),
    "TIME_MON": _month,
    "TIME_SEC": _local("tm_sec"),
    "TIME_WDAY": _weekday,
    "TIME_YEAR": _local("tm_year"),
    "TX": lambda transaction: [*transaction.tx.items()],
    "UNIQUE_ID": lambda transaction: _text(transaction.head.id),
    "URLENCODED_ERROR": lambda transaction: _ONE if transaction.urlencoded_error else _ZERO,
    "USER": _persistent("USER"),
    "USERID": _attribute("user_id"),
    "WEBAPPID": lambda transaction: _text(transaction.program.settings.web_app_id),
    "XML": lambda transaction: (),  # noqa: ARG005 - only by XPath
}

DYNAMIC = frozenset(
    [
        "DURATION",
        "ENV",
        "GEO",
        "GLOBAL",
        "HIGHEST_SEVERITY",
        "IP",
        "MATCHED_VAR",
        "MATCHED_VARS",
        "MATCHED_VARS_NAMES",
        "MATCHED_VAR_NAME",
        "RESOURCE",
        "RULE",
        "SESSION",
        "SESSIONID",
        "TIME",
        "TIME_DAY",
        "TIME_EPOCH",
        "TIME_HOUR",
        "TIME_MIN",
        "TIME_MON",
        "TIME_SEC",
        "TIME_WDAY",
        "TIME_YEAR",
        "TX",
        "UNIQUE_ID",
        "USER",
        "USERID",
        "REMOTE_USER",
        "REQBODY_PROCESSOR",
    ]
)
"""Variables that rules or time can change while rules run: no rule can be ruled out by looking at them beforehand."""

REQUEST_BODY_VARIABLES = frozenset(
    name
    for name in READERS
    if name.startswith(("FILES", "MULTIPART_", "ARGS_POST", "FULL_REQUEST"))
    or name
    in (
        "ARGS",
        "ARGS_NAMES",
        "ARGS_COMBINED_SIZE",
        "INBOUND_DATA_ERROR",
        "REQBODY_ERROR",
        "REQBODY_ERROR_MSG",
        "REQBODY_PROCESSOR_ERROR",
        "REQBODY_PROCESSOR_ERROR_MSG",
        "REQUEST_BODY",
        "REQUEST_BODY_LENGTH",
        "URLENCODED_ERROR",
        "XML",
    )
)
"""Variables that are other in phase 2 than in phase 1."""

RESPONSE_VARIABLES = frozenset(name for name in READERS if name.startswith(("RESPONSE_", "STATUS_LINE", "OUTBOUND_")))
"""Variables that have no content before phase 3; ``RESPONSE_BODY`` and its length before phase 4."""
