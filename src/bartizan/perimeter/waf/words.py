"""Variables, operators and transformations of the rule language in words, for people who do not know it by heart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bartizan.perimeter.waf.seclang import Operation, Target

__all__ = ["PHASES", "SEVERITIES", "asked", "looked_at", "transformed"]

PHASES = (
    "",
    "when the head of the request is there",
    "when the body of the request is there",
    "when the head of the response is there",
    "when the body of the response is there",
    "when everything is over: to log",
)
SEVERITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "info", "debug")

_VARIABLES: Mapping[str, str] = {
    "ARGS": "parameters of query and body",
    "ARGS_COMBINED_SIZE": "size of all parameters",
    "ARGS_GET": "parameters of the query",
    "ARGS_GET_NAMES": "names of parameters of the query",
    "ARGS_NAMES": "names of parameters",
    "ARGS_POST": "parameters of the body",
    "ARGS_POST_NAMES": "names of parameters of the body",
    "FILES": "names of uploaded files, as clients have them",
    "FILES_NAMES": "names of the form's fields with files",
    "FILES_SIZES": "sizes of uploaded files",
    "FILES_TMP_CONTENT": "contents of uploaded files",
    "GEO": "where the address is",
    "GLOBAL": "what is kept for all clients",
    "IP": "what is kept for the address",
    "MATCHED_VAR": "what the link before matched last",
    "MATCHED_VARS": "what the link before matched",
    "MATCHED_VARS_NAMES": "names of what the link before matched",
    "MULTIPART_PART_HEADERS": "header fields of multipart parts",
    "MULTIPART_STRICT_ERROR": "whether a multipart body can be read in two ways",
    "QUERY_STRING": "the query as it was sent",
    "REMOTE_ADDR": "the client's address",
    "REQBODY_ERROR": "whether the body is malformed",
    "REQUEST_BASENAME": "the path's last segment",
    "REQUEST_BODY": "the body as it was sent",
    "REQUEST_COOKIES": "cookies",
    "REQUEST_COOKIES_NAMES": "names of cookies",
    "REQUEST_FILENAME": "the path",
    "REQUEST_HEADERS": "header fields",
    "REQUEST_HEADERS_NAMES": "names of header fields",
    "REQUEST_LINE": "the request line",
    "REQUEST_METHOD": "the method",
    "REQUEST_PROTOCOL": "the version of HTTP",
    "REQUEST_URI": "path and query",
    "REQUEST_URI_RAW": "the request target as it was sent",
    "RESPONSE_BODY": "the response's body",
    "RESPONSE_HEADERS": "header fields of the response",
    "RESPONSE_STATUS": "the response's status",
    "SESSION": "what is kept for the session",
    "TX": "what rules have set",
    "USER": "what is kept for the user",
    "XML": "texts of an XML body",
}

_OPERATORS: Mapping[str, str] = {
    "beginswith": "it begins with {}",
    "contains": "it contains {}",
    "containsword": "it contains the word {}",
    "detectsqli": "libinjection takes it for SQL",
    "detectxss": "libinjection takes it for a script in HTML",
    "endswith": "it ends with {}",
    "eq": "it is the number {}",
    "ge": "it is the number {} or more",
    "geolookup": "the database knows where the address is",
    "gt": "it is a number above {}",
    "ipmatch": "it is an address of {}",
    "ipmatchf": "it is an address listed in {}",
    "ipmatchfromfile": "it is an address listed in {}",
    "le": "it is the number {} or less",
    "lt": "it is a number below {}",
    "nomatch": "never",
    "pm": "it contains one of the phrases {}",
    "pmf": "it contains one of the phrases in {}",
    "pmfromfile": "it contains one of the phrases in {}",
    "rx": "it matches a regular expression",
    "rxglobal": "it matches a regular expression",
    "streq": "it is {}",
    "strmatch": "it contains {}",
    "unconditionalmatch": "always",
    "validatebyterange": "it has a byte outside of {}",
    "validateurlencoding": "it has a percent sign that encodes nothing",
    "validateutf8encoding": "it is not valid UTF-8",
    "verifycc": "it has a credit card number that matches {}",
    "within": "it is one of {}",
}

_TRANSFORMATIONS: Mapping[str, str] = {
    "base64decode": "Base64 decoded",
    "base64decodeext": "Base64 decoded, passing over what is none",
    "cmdline": "as a command line would read it",
    "compresswhitespace": "white space as single spaces",
    "cssdecode": "CSS escapes decoded",
    "escapeseqdecode": "C escapes decoded",
    "hexdecode": "hexadecimal decoded",
    "htmlentitydecode": "HTML entities decoded",
    "jsdecode": "JavaScript escapes decoded",
    "length": "its length",
    "lowercase": "lower case",
    "md5": "its MD5",
    "normalisepath": "path segments resolved",
    "normalizepath": "path segments resolved",
    "normalisepathwin": "path segments resolved as Windows does",
    "normalizepathwin": "path segments resolved as Windows does",
    "removecomments": "without comments",
    "removecommentschar": "without comment marks",
    "removenulls": "without null bytes",
    "removewhitespace": "without white space",
    "replacecomments": "comments as spaces",
    "replacenulls": "null bytes as spaces",
    "sha1": "its SHA-1",
    "sqlhexdecode": "SQL hexadecimal decoded",
    "trim": "without space around it",
    "uppercase": "upper case",
    "urldecode": "percent-decoded",
    "urldecodeuni": "percent-decoded, %uXXXX too",
    "utf8tounicode": "UTF-8 as %uXXXX",
}


def looked_at(target: Target) -> str:
    """Return a target with what it is: ``ARGS:q (parameters of query and body)``."""
    words = _VARIABLES.get(target.variable)
    if words is None:
        return str(target)
    return f"{target} ({'number of ' if target.count else ''}{words})"


def asked(operation: Operation) -> str:
    """Return what an operator asks, as the rest of a sentence that begins with "whether"."""
    form = _OPERATORS.get(operation.name, f"@{operation.name} says so of {{}}")
    argument = str(operation.argument)
    text = form.replace("{}", f"«{argument}»" if argument else "nothing")
    return f"not: {text}" if operation.negated else text


def transformed(names: Sequence[str]) -> str:
    """Return what is done to a value beforehand; empty if nothing is."""
    return ", then ".join(f"{_TRANSFORMATIONS[name]} ({name})" if name in _TRANSFORMATIONS else name for name in names)
