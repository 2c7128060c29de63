"""Operators that Bartizan does not run."""

from __future__ import annotations

from bartizan.perimeter.waf.operators.interface import Context, Factory, Operator, OperatorError

__all__ = ["REFUSED"]

_REMOTE = "asks a remote service for each request, which would make the gateway as slow as that service"
_REASONS = {
    "rbl": ("@rbl", _REMOTE + ": use a deny list"),
    "gsblookup": ("@gsbLookup", _REMOTE),
    "fuzzyhash": ("@fuzzyHash", "compares whole bodies with a list of ssdeep hashes"),
    "inspectfile": ("@inspectFile", "runs a script for each request"),
    "rsub": ("@rsub", "rewrites what passes; libmodsecurity 3 does not have it either"),
    "validatehash": (
        "@validateHash",
        "checks links that another part of ModSecurity 2 signs; libmodsecurity 3 has neither",
    ),
}


def _refuse(name: str, reason: str) -> Factory:
    def factory(argument: bytes, context: Context) -> Operator:  # noqa: ARG001
        raise OperatorError(f"the operator {name} is not available: it {reason}")

    return factory


REFUSED = {key: _refuse(name, reason) for key, (name, reason) in _REASONS.items()}
"""Factories that refuse, by the name of the operator in lower case."""
