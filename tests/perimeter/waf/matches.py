"""Records of exchanges in which WAF rules matched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.evidence.journal.samples import an_exchange
from tests.support.exchange import client_at

from bartizan.evidence.journal import Record, exchange_record, signal_records
from bartizan.http.headers import Headers
from bartizan.http.message import Response
from bartizan.perimeter.waf.engine import RuleMatch
from bartizan.perimeter.waf.findings import signals
from bartizan.pipeline import Deny, RouteInfo

__all__ = ["SQLI", "exchange"]

SQLI = RuleMatch(
    id=942100, phase=2, msg="SQL Injection", data="Matched Data: sos found within ARGS:q: it's John's", var="ARGS:q",
    value=b"", severity=2, tags=("application-multi", "attack-sqli", "paranoia-level/1", "OWASP_CRS"), ver="", rev="",
    maturity=0, accuracy=0, file="/rules/REQUEST-942.conf", line=46, disruptive=False,
)  # fmt: skip
_SUM = replace(SQLI, id=949110, msg="Inbound Anomaly Score Exceeded", var="TX:anomaly_score", tags=(), disruptive=True)


def exchange(
    number: int,
    client: str,
    *matches: RuleMatch,
    refused_by: str | None = None,
    status: int = 200,
    route: str | None = "orders",
    path: str = "/search",
    began: float = 1_764_000_000.0,
) -> Iterator[Record]:
    """Yield the record of an exchange and those of its signals, as the edge writes them."""
    made = an_exchange(number, began=began, client=client_at(client), path=path)
    made.route = None if route is None else RouteInfo(route, path)
    if refused_by is not None:
        made.verdict, made.decided_by = Deny(403, because="x"), refused_by
        status = 403
    elif status == 400:
        made.error, made.upstream = "bad_request", None
    made.response = Response(status, Headers())
    made.signals += signals([*matches, _SUM] if matches else [], made)
    yield exchange_record(made)
    yield from signal_records(made)
