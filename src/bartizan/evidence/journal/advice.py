"""What whoever runs the gateway, or calls it, could change about an exchange that ended with an error."""

from __future__ import annotations

__all__ = ["advice"]

_UPSTREAM = {
    "upstream_error": "look at the node's own log of the same time",
    "upstream_protocol_error": "the node broke HTTP: look at its own log of the same time",
    "upstream_timeout": "raise upstreams[].timeouts or the route's timeout, or find out why the node is slow",
    "upstream_unavailable": (
        "no node may be used: see bartizan_upstream_node_* in /metrics; health_checks, circuit_breaker and pool decide"
    ),
    "upstream_unreachable": "the node refused or dropped the connection: see that it runs where upstreams[].nodes says",
}
_GATEWAY = {
    "client_gone": "nothing: the client closed the connection before its answer was complete",
    "internal_error": "this is a defect of Bartizan: the log of the same time has what a report of it needs",
    "journal_full": "free space, lower storage.journal.max_bytes, or set storage.journal.on_full: continue",
    "listener_removed": "the listener was removed from the configuration while the connection was open; connect anew",
    "method_not_allowed": "add the method to the route's methods",
    "no_route": "no route fits; `bartizan explain` with this method and URL says what was compared",
}
_LIMITS = {
    "body_timeout": "raise limits.timeouts.body of the listener, if clients may be that slow",
    "body_too_large": "raise limits.body_bytes of the listener or body_bytes of the route",
    "body_too_slow": "lower limits.min_rate of the listener, if clients may be that slow",
    "escaped_slash": "set escaped_slashes: keep on the listener, if the upstream needs %2F or %5C in paths",
    "head_too_large": "raise limits.header_bytes of the listener",
    "header_timeout": "raise limits.timeouts.header of the listener, if clients may be that slow",
    "target_too_long": "raise limits.target_bytes of the listener",
    "too_many_headers": "raise limits.header_count of the listener",
    "too_many_trailers": "raise limits.header_count of the listener",
    "underscore": "set underscores_in_headers on the listener to drop or allow, or mend the client",
}
_ADVICE = _UPSTREAM | _GATEWAY | _LIMITS
_CLIENT = "mend the client: HTTP (RFC 9110, RFC 9112) does not allow such a request, and no setting lets it pass"


def advice(error: str, status: int) -> str:
    """Return what could be changed about an error, named by its stable word; ``status`` is what the client was told."""
    return _ADVICE.get(error) or (_CLIENT if 400 <= status < 500 else "see the log of the same time")
