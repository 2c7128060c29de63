"""libmodsecurity 3.0.15 as the reference: what it makes of a request, variable by variable."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import libmodsecurity
import pytest

Found = dict[str, list[tuple[bytes, bytes]]]


class Reference:
    """Runs one request through libmodsecurity and returns (key, value) of each entry of each variable."""

    def __init__(self, variables: Sequence[str], directives: str) -> None:
        rules = ["SecRuleEngine On", "SecRequestBodyAccess On", directives]
        for number, variable in enumerate(variables):
            rules.append(  # one entry after the other is collected, then logged: a rule itself logs only its last match
                f'SecRule {variable} "@unconditionalMatch" "id:{1000 + number},phase:2,pass,nolog,t:none,t:hexEncode,'
                f"setvar:'tx.v{number}=%{{tx.v{number}}}~%{{MATCHED_VAR_NAME}}|%{{MATCHED_VAR}}'\"\n"
                f'SecRule TX:v{number} "@unconditionalMatch" "id:{2000 + number},phase:2,pass,log,t:none,t:hexEncode,'
                f"msg:'{variable}',logdata:'%{{MATCHED_VAR}}'\""
            )
        self._variables = variables
        self._engine = libmodsecurity.ModSecurity()
        self._engine.set_log_callback(lambda _: None)
        self._rules = libmodsecurity.RulesSet()
        assert self._rules.load("\n".join(rules)) >= 0, self._rules.get_parser_error()

    def __call__(self, body: bytes = b"", content_type: str = "", uri: str = "/", cookies: Sequence[str] = ()) -> Found:
        transaction = libmodsecurity.Transaction(self._engine, self._rules)
        transaction.process_connection("127.0.0.1", 1, "127.0.0.1", 2)
        transaction.process_uri(uri, "POST", "1.1")
        if content_type:
            transaction.add_request_header("Content-Type", content_type)
        for cookie in cookies:
            transaction.add_request_header("Cookie", cookie)
        transaction.process_request_headers()
        transaction.append_request_body(body)
        transaction.process_request_body()
        found: Found = {variable: [] for variable in self._variables}
        for message in transaction.get_rule_messages():
            name = message.message.split(":")[0].encode()
            for entry in re.split(rb"~(?=" + name + rb"[:|])", bytes.fromhex(message.data))[1:]:
                key, _, value = entry.rpartition(b"|")
                found[message.message].append((key[len(name) + 1 :], bytes.fromhex(value.decode())))
        return found

    def error(self, body: bytes, content_type: str = "") -> bool:
        """Whether REQBODY_ERROR is set; the variable has to be among those that are asked for."""
        return self(body, content_type)["REQBODY_ERROR"] == [(b"", b"1")]


@pytest.fixture(scope="session")
def reference() -> Callable[..., Reference]:
    known: dict[tuple[str, str], Reference] = {}

    def build(variables: str, directives: str = "") -> Reference:
        key = (variables, directives)
        if key not in known:
            known[key] = Reference(variables.split(), directives)
        return known[key]

    return build
