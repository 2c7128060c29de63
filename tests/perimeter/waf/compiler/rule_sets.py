"""Random rule sets and exchanges that share what they are about, for tests of the compiler."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from tests.support.waf import ON, Reply, Request

__all__ = ["FEW", "exchanges", "rule_texts", "scanned_rule_texts", "small_rule_texts"]

NAMES = (
    "a", "b", "Ab", "x1",
)  # fmt: skip
TEXTS = (
    "a", "b", "A", "ab", "aB", "Ab c", "1", "2", "12", "%41", "%2541", "a/../b", "/a",
    "select", "SELECT 1 or 1=1", "x&lt;a", "\\x41b", "<a>", "/*a*/b", "YWI=", "6162", "a+b", " a ", "ä", "",
    "é%u0041",
)  # fmt: skip
SCALARS = (
    "ARGS_COMBINED_SIZE", "AUTH_TYPE", "FILES_COMBINED_SIZE", "FULL_REQUEST", "FULL_REQUEST_LENGTH",
    "HIGHEST_SEVERITY", "INBOUND_DATA_ERROR", "MATCHED_VAR", "MATCHED_VAR_NAME", "MODSEC_BUILD",
    "MULTIPART_STRICT_ERROR", "MULTIPART_UNMATCHED_BOUNDARY", "OUTBOUND_DATA_ERROR", "QUERY_STRING",
    "REMOTE_ADDR", "REMOTE_PORT", "REMOTE_USER", "REQBODY_ERROR", "REQBODY_ERROR_MSG", "REQBODY_PROCESSOR",
    "REQUEST_BASENAME", "REQUEST_BODY", "REQUEST_BODY_LENGTH", "REQUEST_FILENAME", "REQUEST_LINE",
    "REQUEST_METHOD", "REQUEST_PROTOCOL", "REQUEST_URI", "REQUEST_URI_RAW", "RESPONSE_BODY",
    "RESPONSE_CONTENT_LENGTH", "RESPONSE_CONTENT_TYPE", "RESPONSE_PROTOCOL", "RESPONSE_STATUS", "SERVER_NAME",
    "SERVER_PORT", "SESSIONID", "STATUS_LINE", "TIME_HOUR", "UNIQUE_ID", "URLENCODED_ERROR", "USERID",
)  # fmt: skip
COLLECTIONS = (
    "ARGS", "ARGS_GET", "ARGS_GET_NAMES", "ARGS_NAMES", "ARGS_POST", "ARGS_POST_NAMES", "FILES", "FILES_NAMES",
    "FILES_SIZES", "MATCHED_VARS", "MATCHED_VARS_NAMES", "MULTIPART_FILENAME", "MULTIPART_NAME",
    "MULTIPART_PART_HEADERS", "REQUEST_COOKIES", "REQUEST_COOKIES_NAMES", "REQUEST_HEADERS",
    "REQUEST_HEADERS_NAMES", "RESPONSE_HEADERS", "RESPONSE_HEADERS_NAMES", "ENV", "RULE", "IP", "GLOBAL",
    "SESSION",
)  # fmt: skip
OFTEN = (
    "ARGS", "ARGS", "ARGS", "ARGS_NAMES", "REQUEST_HEADERS", "REQUEST_COOKIES", "REQUEST_BODY",
    "REQUEST_URI",
)  # fmt: skip
HEADERS = (
    "User-Agent", "X-A", "Cookie", "Host", "Content-Type",
)  # fmt: skip
PATTERNS = (
    "a", "^a", "a$", "^$",
    "(a)(b)?", "(?i)ab", "[^A]", "x[^A-Z]?", "\\d+", "(\\w+)\\W(\\w+)", "^.*$", "a|b", "(?i:sel)ect", "\\ba",
    "[a-z]{2}", "^(?:a|b)c?$", "[[:upper:]]", "(1)|(2)", "a{0,2}b", "(?!a)b", "ab.c", "\\x41",
    "(?:a[^b]{0,300}){2,90}b", "A",
)  # fmt: skip
TRANSFORMATIONS = (
    "lowercase", "uppercase", "urlDecode", "urlDecodeUni", "htmlEntityDecode", "jsDecode", "cssDecode", "trim",
    "compressWhitespace", "removeWhitespace", "removeNulls", "replaceComments", "removeComments",
    "normalisePath", "normalisePathWin", "base64Decode", "hexDecode", "hexEncode", "length", "cmdLine",
    "utf8toUnicode", "urlEncode", "sqlHexDecode", "escapeSeqDecode", "md5", "sha1", "base64Encode",
    "replaceNulls", "none",
)  # fmt: skip
TX_NAMES = (
    "a", "b", "score", "x1", "0", "1", "2", "a_%{MATCHED_VAR_NAME}", "a_%{TX.b}", "%{TX.a}",
)  # fmt: skip
MACROS = (
    "%{TX.a}",
    "%{tx.score}", "%{TX.0}", "%{TX.1}", "%{MATCHED_VAR}", "%{MATCHED_VAR_NAME}", "%{ARGS.a}", "%{REQUEST_URI}",
    "%{RULE.id}", "%{REQUEST_HEADERS.x-a}", "%{HIGHEST_SEVERITY}", "%{IP.a}", "%{TX.a_2}", "%{RESPONSE_STATUS}",
)  # fmt: skip
COMPARISONS = ("streq", "contains", "beginsWith", "endsWith", "within", "strmatch")
SWITCHES = (
    "ctl:ruleEngine=Off", "ctl:ruleEngine=DetectionOnly", "ctl:forceRequestBodyVariable=On",
    "ctl:requestBodyProcessor=JSON", "ctl:requestBodyProcessor=XML",
    "ctl:requestBodyProcessor=URLENCODED", "ctl:requestBodyAccess=Off",
    "ctl:responseBodyAccess=Off", "ctl:requestBodyLimit=10",
)  # fmt: skip
KINDS = (
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=B", "application/json", "text/plain",
    "text/xml",
)  # fmt: skip
DISRUPTIONS = (
    "deny", "deny,status:500", "drop", "redirect:'/%{TX.a}'", "allow", "allow:phase", "allow:request", "block",
)  # fmt: skip
TAGS = ("one", "two", "three")
MARKERS = ("END", "NEXT")

_text = st.sampled_from(TEXTS).filter(lambda text: "\\" not in text)
_number = st.sampled_from(("0", "1", "2", "3", "5", "-1"))
_macro = st.sampled_from(MACROS)
_value = st.one_of(_text.filter(bool), _number, _macro, st.builds("{}-{}".format, _macro, _text))


def _often(likely: SearchStrategy[str], *others: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.one_of(likely, likely, likely, *others)


_tx_target = st.one_of(
    st.sampled_from(TX_NAMES[:7]).map("TX:{}".format),
    st.sampled_from(TX_NAMES[:7]).map("&TX:{}".format),
    st.sampled_from(("TX", "&TX", "TX:/^a/", "TX:/^[0-9]$/", "&TX:/sc/", "TX:/_ARGS/")),
)


@st.composite
def _target(draw: DrawFn) -> str:
    kind = draw(st.integers(0, 9))
    if kind == 9 and draw(st.booleans()):
        return str(draw(st.sampled_from(("XML:/a/b", "XML:/*", "&XML:/a/*", "XML://none"))))
    if kind < 2:
        return str(draw(_tx_target))
    if kind < 4:
        return str(draw(st.sampled_from(SCALARS)))
    variable = str(draw(st.sampled_from(OFTEN[:6] if kind < 8 else COLLECTIONS)))
    count = str(draw(st.sampled_from(("", "", "", "&"))))
    if draw(st.booleans()):
        return count + variable
    if variable.startswith(("REQUEST_HEADERS", "RESPONSE_HEADERS")):
        return f"{count}{variable}:{draw(st.sampled_from(HEADERS))}"
    return f"{count}{variable}:{draw(st.sampled_from((*NAMES, '/^a/', '/B/', '/./')))}"


@st.composite
def _targets(draw: DrawFn) -> str:
    targets = draw(st.lists(_target(), min_size=1, max_size=3))
    if draw(st.integers(0, 3)) == 0:
        variable = targets[0].lstrip("&").partition(":")[0]
        if variable in COLLECTIONS or variable == "TX":
            targets.append(f"!{variable}:{draw(st.sampled_from((*NAMES, '/^a/', '/x/')))}")
    return "|".join(targets)


_operator = st.one_of(
    st.sampled_from(PATTERNS).map("@rx {}".format),
    st.sampled_from(PATTERNS).map("@rx {}".format),
    st.builds("@{} {}".format, st.sampled_from(COMPARISONS), _value),
    st.builds("@{} {}".format, st.sampled_from(("eq", "ge", "gt", "le", "lt")), st.one_of(_number, _macro)),
    st.sampled_from(
        (
            "@unconditionalMatch",
            "@noMatch",
            "@pm a select 1=1",
            "@pm zz",
            "@containsWord a",
            "@detectSQLi",
            "@detectXSS",
            "@validateByteRange 1-100",
            "@validateUrlEncoding",
            "@rxGlobal (a)|(b)",
            "@ipMatch 192.0.2.0/24",
            "@rx a%{TX.a}",
            "@validateUtf8Encoding",
        )
    ),
)


def _setvar(draw: DrawFn) -> str:
    collection = draw(st.sampled_from(("tx", "tx", "tx", "tx", "ip", "session")))
    name = draw(st.sampled_from(TX_NAMES))
    kind = draw(st.integers(0, 7))
    if kind == 0:
        return f"setvar:'!{collection}.{name}'"
    if kind < 3:
        amount = draw(st.one_of(_number.filter(lambda text: text[0] != "-"), _macro))
        return f"setvar:'{collection}.{name}={draw(st.sampled_from('+-'))}{amount}'"
    return f"setvar:'{collection}.{name}={draw(_value)}'"


_removed = st.sampled_from(("ARGS", "ARGS:a", "ARGS:b", "TX:a", "TX:b", "REQUEST_HEADERS:X-A"))
_control = st.one_of(
    st.builds("ctl:ruleRemoveById={}".format, st.integers(1, 9)),
    st.builds("ctl:ruleRemoveById={}-{}".format, st.integers(1, 4), st.integers(5, 9)),
    st.builds("ctl:ruleRemoveByTag={}".format, st.sampled_from(TAGS)),
    st.builds("ctl:ruleRemoveTargetById={};{}".format, st.integers(1, 9), _removed),
    st.builds("ctl:ruleRemoveTargetByTag={};{}".format, st.sampled_from(TAGS), _removed),
    st.sampled_from(SWITCHES),
)
_other = st.sampled_from(
    (
        "initcol:ip=%{REMOTE_ADDR}",
        "initcol:global=g",
        "setsid:%{ARGS.a}",
        "setuid:b",
        "expirevar:ip.a=60",
        "setenv:a=%{TX.a}",
        "sanitiseMatched",
        "sanitiseArg:a",
        "severity:2",
        "severity:5",
    )
)


def _link_actions(draw: DrawFn) -> list[str]:
    actions = []
    if draw(st.booleans()):
        actions += [f"t:{name}" for name in draw(st.lists(st.sampled_from(TRANSFORMATIONS), max_size=3))]
    if draw(st.integers(0, 5)) == 0:
        actions.append("multiMatch")
    if draw(st.integers(0, 2)) == 0:
        actions.append("capture")
    actions += [_setvar(draw) for _ in range(draw(st.sampled_from((0, 0, 1, 1, 2))))]
    if draw(st.integers(0, 7)) == 0:
        actions.append(draw(_control))
    if draw(st.integers(0, 9)) == 0:
        actions.append(draw(_other))
    return actions


def _flow(draw: DrawFn, markers: list[str]) -> list[str]:
    kind = draw(st.integers(0, 11))
    if kind == 0:
        return [f"skip:{draw(st.integers(1, 2))}"]
    if kind < 3:
        return [f"skipAfter:{draw(st.sampled_from(markers))}"]
    if kind < 5:
        return [draw(st.sampled_from(DISRUPTIONS))]
    return ["pass"]


@st.composite
def _rule(draw: DrawFn, number: int, markers: list[str]) -> str:
    phase = draw(st.sampled_from((1, 1, 2, 2, 2, 2, 3, 4, 5)))
    actions = [f"id:{number}", f"phase:{phase}", *_flow(draw, markers)]
    if draw(st.integers(0, 2)):
        actions.append("nolog")
    else:
        actions += [f"logdata:'{draw(_macro)} {draw(_macro)}'", f"msg:'{draw(_macro)}'"]
    actions += [f"tag:{tag}" for tag in draw(st.lists(st.sampled_from(TAGS), max_size=2, unique=True))]
    links = draw(st.sampled_from((0, 1, 1, 1, 1, 2, 2, 3)))
    lines = []
    if links == 0:
        return f'SecAction "{",".join([*actions, *_link_actions(draw)])}"'
    for link in range(links):
        own = (actions if link == 0 else []) + _link_actions(draw) + (["chain"] if link < links - 1 else [])
        negated = draw(st.sampled_from(("", "", "", "!")))
        lines.append(f'SecRule {draw(_targets())} "{negated}{draw(_operator)}" "{",".join(own) or "t:none"}"')
    return "\n".join(lines)


@st.composite
def _settled_rule(draw: DrawFn, number: int, markers: list[str]) -> str:
    """Draw a rule such as rule sets begin with: it depends on variables that other such rules set."""
    name = draw(st.sampled_from(("a", "b", "score", "x1")))
    actions = [f"id:{number}", f"phase:{draw(st.sampled_from((1, 1, 1, 2, 2, 5)))}", "pass", "nolog"]
    change = f"setvar:'tx.{name}={draw(st.sampled_from(('0', '1', '2', '+1', '+%{TX.b}', '-1', '%{TX.a}')))}'"
    actions.append(draw(st.sampled_from((change, change, change, f"setvar:'!tx.{name}'"))))
    if draw(st.integers(0, 3)) == 0:
        actions[-1] = f"skipAfter:{draw(st.sampled_from(markers))}"
    if draw(st.integers(0, 4)) == 0:
        actions.append(f"tag:{draw(st.sampled_from(TAGS))}")
    if draw(st.integers(0, 2)) == 0:
        return f'SecAction "{",".join(actions)}"'
    target = draw(st.sampled_from(("TX:", "&TX:"))) + draw(st.sampled_from(("a", "b", "score", "x1")))
    operator = draw(st.sampled_from(("@eq 0", "@eq 1", "@ge 1", "@lt 2", "!@eq 1", "@streq %{TX.b}")))
    return f'SecRule {target} "{operator}" "{",".join(actions)}"'


@st.composite
def _removing_rule(draw: DrawFn, number: int) -> str:
    """Draw a rule that, for some requests, takes others away or ends the exchange."""
    does = draw(st.one_of(_control.map("pass,{}".format), st.sampled_from(("deny", "allow", "allow:request"))))
    phase = draw(st.sampled_from((1, 1, 2, 3)))
    target = draw(st.sampled_from(("ARGS:a", "ARGS", "REQUEST_HEADERS:X-A")))
    return f'SecRule {target} "@rx {draw(st.sampled_from((".", "a", "1")))}" "id:{number},phase:{phase},nolog,{does}"'


@st.composite
def rule_texts(draw: DrawFn) -> str:
    """Draw the text of a rule set that sees and decides everything."""
    count = draw(st.integers(1, 9))
    markers = [*MARKERS, str(count)]
    settled = draw(st.integers(0, 3))
    lines = []
    for number in range(1, count + 1):
        kind = draw(st.integers(0, 3))
        if kind < settled:
            lines.append(draw(_settled_rule(number, markers)))
        elif settled and draw(st.integers(0, 3)) == 0:
            lines.append(draw(_removing_rule(number)))
        else:
            lines.append(draw(_rule(number, markers)))
    if draw(st.booleans()):
        phase = draw(st.sampled_from((2, 5)))
        told = "%{TX.a}/%{TX.b}/%{TX.score}/%{TX.x1}"
        lines.append(f"SecAction \"id:99,phase:{phase},pass,logdata:'{told}'\"")
    for marker in MARKERS:
        lines.insert(draw(st.integers(0, len(lines))), f"SecMarker {marker}")
    detect = draw(st.integers(0, 4)) == 0
    limit = draw(
        st.sampled_from(
            (
                "",
                "",
                "",
                "SecRequestBodyLimit 12\n",
                "SecRequestBodyLimit 12\nSecRequestBodyLimitAction ProcessPartial\n",
            )
        )
    )
    return ON + ("SecRuleEngine DetectionOnly\n" if detect else "") + limit + "\n".join(lines) + "\n"


@st.composite
def scanned_rule_texts(draw: DrawFn) -> str:
    """Draw a rule set that asks so much of one variable that it is worth a database of patterns."""
    variable = draw(
        st.sampled_from(("ARGS", "ARGS:a", "REQUEST_HEADERS:X-A", "REQUEST_URI", "ARGS|REQUEST_COOKIES|!ARGS:b"))
    )
    lines = []
    for number in range(1, draw(st.integers(5, 12)) + 1):
        chain = draw(st.lists(st.sampled_from(TRANSFORMATIONS), max_size=3))
        if draw(st.booleans()):
            chain.insert(draw(st.integers(0, len(chain))), "lowercase")
        actions = [f"id:{number}", "phase:2", "pass", *(f"t:{name}" for name in chain)]
        if draw(st.integers(0, 4)) == 0:
            actions.append("multiMatch")
        argument = draw(_text.filter(bool))
        operator = draw(
            st.one_of(
                st.sampled_from(PATTERNS).map("@rx {}".format),
                st.sampled_from(("contains", "containsWord", "beginsWith", "endsWith", "streq", "strmatch", "pm")).map(
                    f"@{{}} {argument}".format
                ),
            )
        )
        lines.append(f'SecRule {variable} "{operator}" "{",".join(actions)}"')
    return ON + "\n".join(lines) + "\n"


def _pairs(draw: DrawFn, separator: str) -> str:
    pairs = draw(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(TEXTS)), max_size=3))
    return separator.join(f"{name}={value}" for name, value in pairs)


@st.composite
def requests(draw: DrawFn) -> Request:
    """Draw a request."""
    query = _pairs(draw, "&")
    uri = draw(st.sampled_from(("/", "/a", "/ab/x1.php", "/a%2e/b"))) + (f"?{query}" if query else "")
    headers = [("Host", "a.test")]
    headers += draw(st.lists(st.tuples(st.sampled_from(HEADERS[:2]), st.sampled_from(TEXTS)), max_size=2))
    if draw(st.integers(0, 2)) == 0:
        headers.append(("Cookie", _pairs(draw, "; ")))
    body = ""
    if draw(st.booleans()):
        kind = draw(st.sampled_from(KINDS))
        headers.append(("Content-Type", kind))
        if kind.startswith("multipart"):
            name, value = draw(st.sampled_from(NAMES)), draw(st.sampled_from(TEXTS))
            body = (
                f'--B\r\nContent-Disposition: form-data; name="{name}"; filename="{value}"\r\n\r\n{value}\r\n--B--\r\n'
            )
        elif kind.endswith("xml"):
            body = f"<a><b>{draw(st.sampled_from(NAMES))}</b><c>1</c></a>"
        elif kind.endswith("json"):
            body = f'{{"{draw(st.sampled_from(NAMES))}": "ab"'
        else:
            body = _pairs(draw, "&") or "a"
        if draw(st.integers(0, 4)) == 0:
            body = ""
    return Request(uri.encode(), [(name.encode(), value.encode()) for name, value in headers], body.encode())


@st.composite
def replies(draw: DrawFn) -> Reply | None:
    """Draw what comes back, or None if nothing does."""
    if draw(st.integers(0, 3)) == 0:
        return None
    headers = ((b"Content-Type", b"text/html"), (b"X-A", draw(st.sampled_from(TEXTS)).encode()))
    return Reply(draw(st.sampled_from((200, 404, 500))), headers, draw(st.sampled_from(TEXTS)).encode())


def exchanges() -> SearchStrategy[list[tuple[Request, Reply | None]]]:
    """Draw exchanges that one rule set sees one after the other, some of them again."""
    some = st.lists(st.tuples(requests(), replies()), min_size=1, max_size=3)
    return some.map(lambda drawn: [*drawn, drawn[0]])


_little = st.sampled_from(("a", "b"))
_sets = st.one_of(
    st.builds(
        "setvar:'tx.{}={}'".format, _little, st.sampled_from(("0", "1", "+1", "%{TX.a}", "+%{TX.b}", "x%{TX.1}"))
    ),
    st.builds("setvar:'!tx.{}'".format, _little),
)
_effects = st.one_of(
    _sets,
    _sets,
    st.builds("{},{}".format, _sets, _sets),
    st.sampled_from(
        ("skipAfter:END", "skip:1", "deny", "allow", "allow:request", "capture", "log", "ctl:ruleEngine=Off")
    ),
    st.builds("ctl:ruleRemoveById={}".format, st.integers(1, 7)),
    st.builds("ctl:ruleRemoveTargetById={};TX".format, st.integers(1, 7)),
    st.builds("initcol:ip=%{{TX.{}}},setvar:ip.n=+1".format, _little),
)
_asks_tx = st.builds(
    '{}TX:{} "{}"'.format,
    st.sampled_from(("", "&")),
    st.sampled_from(("a", "b", "1", "/^[0-9]/", "/a/")),
    st.sampled_from(("@eq 0", "@eq 1", "!@eq 1", "@ge 1", "@streq %{TX.a}", "@rx (1|2)")),
)
_asks_request = st.builds(
    '{} "{}"'.format,
    st.sampled_from(("ARGS:x", "ARGS:y", "ARGS", "ARGS_POST", "REQUEST_HEADERS:X-A", "IP:n|&IP:n")),
    st.sampled_from(("@rx (1|2)", "@rx (.)(.)?", "!@rx 1", "@streq %{TX.a}", "@pm 1 2")),
)


@st.composite
def small_rule_texts(draw: DrawFn) -> str:
    """Draw a few rules that have almost nothing but each other to depend on."""
    lines = []
    for number in range(1, draw(st.integers(2, 6)) + 1):
        head = f"id:{number},phase:{draw(st.sampled_from((1, 1, 2, 3, 5)))},nolog,pass,{draw(_effects)}"
        kind = draw(st.integers(0, 5))
        if kind == 0:
            lines.append(f'SecAction "{head}"')
        elif kind == 1:
            first, second = draw(st.permutations((draw(_asks_tx), draw(_asks_request))))
            lines.append(f'SecRule {first} "{head},capture,chain"\nSecRule {second} "{draw(_sets)}"')
        else:
            lines.append(f'SecRule {draw(_asks_tx if kind < 4 else _asks_request)} "{head}"')
    lines.insert(draw(st.integers(1, len(lines))), "SecMarker END")
    told = "%{TX.a}/%{TX.b}/%{TX.1}/%{IP.n}"
    phases = draw(st.sampled_from(((2,), (5,), (2, 5))))
    lines += [f"SecAction \"id:9{phase},phase:{phase},pass,logdata:'{told}'\"" for phase in phases]
    return ON + "\n".join(lines) + "\n"


FORM = (b"Content-Type", b"application/x-www-form-urlencoded")
FEW = [
    (Request(b"/?" + query, (FORM, (b"X-A", field)), body), reply)
    for query, body in ((b"", b""), (b"x=1", b""), (b"y=2", b""), (b"x=2&y=1", b"z=1"))
    for field in (b"1", b"2x")
    for reply in (None, Reply())
]
"""Exchanges for ``small_rule_texts``."""
