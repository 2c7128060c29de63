"""What every layer shares, free of sockets: exchange, guard, verdict, signal, actor, and the series of guards."""

from bartizan.pipeline.actor import Actor
from bartizan.pipeline.exchange import Client, Connection, Exchange, RouteInfo, TlsInfo
from bartizan.pipeline.guard import Guard
from bartizan.pipeline.series import Series, Step
from bartizan.pipeline.signal import Signal, Stage
from bartizan.pipeline.verdict import Challenge, Deny, Divert, Respond, StepUp, Throttle, Verdict

__all__ = [
    "Actor",
    "Challenge",
    "Client",
    "Connection",
    "Deny",
    "Divert",
    "Exchange",
    "Guard",
    "Respond",
    "RouteInfo",
    "Series",
    "Signal",
    "Stage",
    "Step",
    "StepUp",
    "Throttle",
    "TlsInfo",
    "Verdict",
]
