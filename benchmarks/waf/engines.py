"""Both engines on the same rules, each driven as a gateway drives it: what blocks ends the exchange."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from libmodsecurity import ModSecurity, RulesSet, Transaction

from bartizan.perimeter.waf.engine import RequestHead
from bartizan.perimeter.waf.load import RuleSet, load_rules
from bartizan.perimeter.waf.seclang import Source
from bartizan.perimeter.waf.settings import Settings
from benchmarks.waf.reference import debian_rules
from benchmarks.waf.traffic import Request

__all__ = ["ANSWER", "CACHE", "Ours", "Theirs", "Verdict", "base_rules", "load_ours"]

CACHE = Path("build/bench/waf-cache")
ANSWER = b'{"ok":true,"id":1,"name":"widget"}'
ANSWER_FIELDS = ((b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER)))

_BASE = """\
SecRuleEngine On
SecRequestBodyAccess On
SecRequestBodyLimit 13107200
SecRequestBodyNoFilesLimit 13107200
SecRequestBodyLimitAction Reject
SecArgumentsLimit 20000
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml application/json
SecResponseBodyLimit 524288
SecResponseBodyLimitAction ProcessPartial
SecAuditEngine Off
SecRule REQUEST_HEADERS:Content-Type "@rx ^(?:application|text)/(?:[a-z0-9.+-]+\\+)?xml" \
    "id:200000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
SecRule REQUEST_HEADERS:Content-Type "@rx ^application/(?:[a-z0-9.+-]+\\+)?json" \
    "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule REQBODY_ERROR "!@eq 0" "id:200002,phase:2,t:none,log,deny,status:400,msg:'malformed body',severity:2"
SecRule MULTIPART_STRICT_ERROR "!@eq 0" "id:200003,phase:2,t:none,log,deny,status:400,msg:'unclear multipart body'"
SecAction "id:900000,phase:1,nolog,pass,t:none,setvar:tx.paranoia_level={paranoia},\
setvar:tx.blocking_paranoia_level={paranoia},setvar:tx.detection_paranoia_level={paranoia}"
"""


def base_rules(paranoia: int) -> str:
    """Return what goes before CRS: engine and bodies on, bodies parsed by their type, the paranoia level."""
    return _BASE.replace("{paranoia}", str(paranoia))


class Verdict(NamedTuple):
    """What an engine made of a request: status 0 lets it pass; ids of the rules that were logged, in order."""

    status: int
    rules: tuple[int, ...]


def load_ours(paranoia: int, cache: Path | None = CACHE, rules: Sequence[Path] | None = None) -> RuleSet:
    """Load our rule set."""
    base = Source("(benchmark)", base_rules(paranoia).encode(), Path())
    return load_rules([base, *(debian_rules() if rules is None else rules)], Settings(), cache)


class Ours:
    """Our engine, driven as the guard in the series does."""

    name = "ours"

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules

    def request(self, request: Request) -> Any:
        """Run phases 1 and 2; returns the transaction."""
        transaction = self.rules.transaction(
            RequestHead(
                request.method, request.uri, request.protocol, request.headers,
                "127.0.0.1", 40000, "127.0.0.1", 80, time.time(), "benchmark",
            )
        )  # fmt: skip
        if transaction.request_headers() is None:
            transaction.request_body(request.body if request.body and transaction.wants_body else b"")
        return transaction

    def exchange(self, request: Request) -> None:
        """Run all phases, with a small JSON answer."""
        transaction = self.request(request)
        if transaction.intervention is None and transaction.response_headers(200, ANSWER_FIELDS) is None:
            transaction.response_body(ANSWER if transaction.wants_response else b"")
        transaction.logging()

    def verdict(self, request: Request) -> Verdict:
        """Run phases 1 and 2, and tell what came of it."""
        transaction = self.request(request)
        status = 0 if transaction.intervention is None else transaction.intervention.status
        return Verdict(status, tuple(match.id for match in transaction.matches))


class Theirs:
    """Libmodsecurity from the wheel, driven as its connectors do."""

    name = "libmodsecurity"

    def __init__(self, paranoia: int) -> None:
        self.engine = ModSecurity()
        self.engine.set_rule_message_callback(_ignore)  # without any it writes to standard error
        self.rules = RulesSet()
        if self.rules.load(base_rules(paranoia)) < 0:
            raise ValueError(self.rules.get_parser_error())
        for file in debian_rules():
            if self.rules.load_from_uri(str(file)) < 0:
                raise ValueError(f"{file}: {self.rules.get_parser_error()}")

    def request(self, request: Request) -> Any:
        """Run phases 1 and 2; returns the transaction, and what it wants done (None: nothing)."""
        transaction: Any = Transaction(self.engine, self.rules)
        transaction.process_connection("127.0.0.1", 40000, "127.0.0.1", 80)
        transaction.process_uri(request.uri, request.method, request.protocol[5:])
        for name, value in request.headers:
            transaction.add_request_header(name, value)
        transaction.process_request_headers()
        wanted = transaction.intervention()
        if wanted is None or not wanted.disruptive:
            if request.body:
                transaction.append_request_body(request.body)
            transaction.process_request_body()
            wanted = transaction.intervention()
        return transaction, wanted

    def exchange(self, request: Request) -> None:
        """Run all phases, with a small JSON answer."""
        transaction, wanted = self.request(request)
        if wanted is None or not wanted.disruptive:
            for name, value in ANSWER_FIELDS:
                transaction.add_response_header(name, value)
            transaction.process_response_headers(200, "HTTP/1.1")
            if transaction.intervention() is None:
                transaction.append_response_body(ANSWER)
                transaction.process_response_body()
        transaction.process_logging()

    def verdict(self, request: Request) -> Verdict:
        """Run phases 1 and 2, and tell what came of it."""
        transaction, wanted = self.request(request)
        status = wanted.status if wanted is not None and wanted.disruptive else 0
        return Verdict(status, tuple(message.rule_id for message in transaction.get_rule_messages()))


def _ignore(_: object) -> None:
    """Drop a message."""
