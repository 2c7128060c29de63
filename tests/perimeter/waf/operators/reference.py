"""The operators of libmodsecurity 3.0.15, driven through a rule: what ours have to say of a value, and to capture."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import quote_from_bytes

from libmodsecurity import ModSecurity, RulesSet, Transaction

from bartizan.perimeter.waf.operators import OPERATORS, Captures, Context, OperatorError

_CAPTURES = 24
_RULES = """
SecRuleEngine DetectionOnly
SecRequestBodyAccess On
SecRule ARGS_POST:v "@{operator}" "id:1,phase:2,pass,log,capture,t:none,msg:'x'"
"""
_CAPTURE_RULE = (
    'SecRule TX:{at} "@unconditionalMatch" "id:{id},phase:2,pass,log,t:none,t:hexEncode,logdata:\'%{{MATCHED_VAR}}\'"\n'
)


class Difference(NamedTuple):
    """Where an operator differs from the reference's on purpose."""

    concerns: Callable[[bytes, bytes], bool]
    """Tells whether an argument and a value may be concerned."""

    because: str


def _one_phrase_within_others(argument: bytes, value: bytes) -> bool:
    phrases = argument.lower().split()
    return len(phrases) > 1


DIFFERENCES = {
    "pm": Difference(
        _one_phrase_within_others,
        "Its automaton goes back by one step only, so it misses a phrase that begins within the beginning of two "
        "others: of abcdx, bce and cd it finds none in abcd. The reference manual says that each phrase is found. What "
        "it finds, ours finds there or earlier. It takes a zero byte for the end of what it captures.",
    ),
    "ipMatch": Difference(
        lambda argument, value: b"/" in argument,
        "Its tree loses networks when several overlap (of ::,2001:db8::1/73,::/31 it does not find ::1), and it "
        "refuses /0, IPv6 addresses with /128, and blanks around an address or before a comment, with which ours does "
        "what is meant.",
    ),
    "validateUtf8Encoding": Difference(
        lambda argument, value: re.search(rb"\xf4[\x90-\xbf]", value) is not None,
        "It lets characters above U+10FFFF pass, which RFC 3629 excludes from UTF-8.",
    ),
    "rxGlobal": Difference(
        lambda argument, value: False,
        "It captures without a limit; ours stops at the first match after 100, as a value could have a match at each "
        "byte. Where a match of no length could also have one, it tries for that, which RE2 cannot.",
    ),
    "verifySSN": Difference(
        lambda argument, value: b"\\b" in argument or b"^" in argument,
        "It matches all ends of the value one by one, so ^ and \\b hold before each byte; with ours they mean what "
        "they say. So in verifyCPF and verifySVNR. Ours stops to check matches after four bytes of them per byte of "
        "the value and 64 KiB, so that the time is linear.",
    ),
    "rx": Difference(
        lambda argument, value: re.search(rb"\\S[*+?{].*\\[hR]", argument) is not None,
        "Its PCRE2 takes \\S and \\h for disjoint and does not give back, though \\xa0 is in both: \\S*\\h does not "
        "match a\\xa0. An expression that is not valid never matches there; here it is an error. (?:a?|b)+ may go on "
        "in ours where it stops there: the match is longer, in the same values. What is beyond RE2 is matched "
        "by the same PCRE2, for a limited time, after which ours tells so (MatchLimitError); there is no match there.",
    ),
}
"""All differences on purpose, by operator; beside them, ours refuses what calls scripts and remote services."""


class ReferenceRefusesError(Exception):
    """The reference does not accept a rule."""


@functools.cache
def _engine() -> ModSecurity:
    engine = ModSecurity()
    engine.set_log_callback(lambda _: None)
    return engine


def reference(operator: str, argument: bytes, values: Sequence[bytes]) -> list[Captures | None]:
    """Return what the reference captures in each value, or None where it does not match.

    ``argument`` is put into a rule, so it must be UTF-8 without quotes, and without a backslash at its end.
    """
    text = _RULES.format(operator=f"{operator} {argument.decode()}".rstrip(" "))
    text += "".join(_CAPTURE_RULE.format(at=at, id=100 + at) for at in range(_CAPTURES))
    rules = RulesSet()
    if rules.load(text) < 0:
        raise ReferenceRefusesError(rules.get_parser_error())
    return [_judge(rules, value) for value in values]


def _judge(rules: RulesSet, value: bytes) -> Captures | None:
    body = b"v=" + quote_from_bytes(value, safe="").encode()
    transaction = Transaction(_engine(), rules)
    transaction.process_connection("127.0.0.1", 1, "127.0.0.1", 80)
    transaction.process_uri("/", "POST", "1.1")
    transaction.add_request_header("Content-Type", "application/x-www-form-urlencoded")
    transaction.add_request_header("Content-Length", str(len(body)))
    transaction.process_request_headers()
    transaction.append_request_body(body)
    transaction.process_request_body()
    messages = transaction.get_rule_messages()
    if not any(message.rule_id == 1 for message in messages):
        return None
    found = {message.rule_id - 100: bytes.fromhex(message.data) for message in messages if message.rule_id >= 100}
    return _trimmed(tuple(found.get(at, b"") for at in range(_CAPTURES)))


def _trimmed(captures: Captures) -> Captures:
    """Leave out empty captures at the end, which the reference's log does not tell from missing ones."""
    while captures and not captures[-1]:
        captures = captures[:-1]
    return captures


def ours(
    operator: str, argument: bytes, values: Sequence[bytes], context: Context | None = None
) -> list[Captures | None]:
    """Return what ours captures in each value, in the same form."""
    judge = OPERATORS[operator.lower()](argument, context or Context())
    return [None if found is None else _trimmed(found[:_CAPTURES]) for found in map(judge, values)]


def check(operator: str, argument: bytes, values: Sequence[bytes]) -> None:
    """Assert that ours agrees with the reference, but for the differences on purpose."""
    difference = DIFFERENCES.get(operator)
    values = [value for value in values if not (difference and difference.concerns(argument, value))]
    try:
        expected = reference(operator, argument, values)
    except ReferenceRefusesError:
        try:
            ours(operator, argument, values)
        except OperatorError:
            return
        assert difference is not None, f"the reference refuses {argument!r}, ours does not"
        assert difference.concerns(argument, b"")
        return
    assert ours(operator, argument, values) == expected, (operator, argument, values)
