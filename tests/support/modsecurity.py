"""libmodsecurity 3.0.15, the reference implementation, on the same requests and replies as ``tests.support.waf``."""

from __future__ import annotations

from dataclasses import dataclass

from libmodsecurity import ModSecurity, RulesSet

from tests.support.waf import Reply, Request

__all__ = ["Judgement", "RefusedError", "judge"]


class RefusedError(Exception):
    """The reference cannot read the rules."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the reference logged, as id and data in order, and the status with which it ended the exchange (0: none)."""

    logged: list[tuple[int, str]]
    status: int = 0
    url: str = ""


def judge(rules: str, request: Request, reply: Reply | None = None) -> Judgement:
    """Run all phases; without a reply only those of the request, and phase 5. Raises ``RefusedError``."""
    engine = ModSecurity()
    engine.set_log_callback(lambda _: None)
    loaded = RulesSet()
    if loaded.load(rules) < 0:
        raise RefusedError(loaded.get_parser_error())
    head = request.head()
    with engine.transaction(loaded) as transaction:
        transaction.process_connection(head.client, head.client_port, head.server, head.server_port)
        transaction.process_uri(head.uri.decode("latin-1"), head.method.decode(), head.protocol.decode()[5:])
        for name, value in head.headers:
            transaction.add_request_header(name.decode(), value.decode("latin-1"))
        transaction.process_request_headers()
        ended = transaction.intervention()
        if ended is None:
            if request.body:
                transaction.append_request_body(request.body)
            transaction.process_request_body()
            ended = transaction.intervention()
        if ended is None and reply is not None:
            for name, value in reply.headers:
                transaction.add_response_header(name.decode(), value.decode("latin-1"))
            transaction.process_response_headers(reply.status, "HTTP/1.1")
            ended = transaction.intervention()
            if ended is None:
                transaction.append_response_body(reply.body)
                transaction.process_response_body()
                ended = transaction.intervention()
        transaction.process_logging()
        logged = [(message.rule_id, message.data) for message in transaction.get_rule_messages()]
    if ended is None or not ended.disruptive:
        return Judgement(logged)
    return Judgement(logged, ended.status, ended.url or "")
