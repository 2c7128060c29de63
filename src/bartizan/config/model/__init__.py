"""The model of ``bartizan.yaml``: frozen, strict, one module per top-level section."""

from bartizan.config.model.base import Duration, Model, Size
from bartizan.config.model.guards import Concurrency, Denylist, GuardOverrides, Guards, RateLimit, Window
from bartizan.config.model.listeners import Certificate, ClientCertificates, Limits, Listener, ListenerTls, Timeouts
from bartizan.config.model.root import Admin, Config, Journal, Logging, State, Storage
from bartizan.config.model.routes import HeaderEdits, Rewrite, Route, Split
from bartizan.config.model.upstreams import (
    ActiveCheck,
    CircuitBreaker,
    Dns,
    HealthChecks,
    Node,
    PassiveCheck,
    Pool,
    Retries,
    Upstream,
    UpstreamTimeouts,
    UpstreamTls,
)
from bartizan.config.model.waf import Crs, Waf, WafExclusion, WafOverride, WafRequestBody, WafResponseBody

__all__ = [
    "ActiveCheck",
    "Admin",
    "Certificate",
    "CircuitBreaker",
    "ClientCertificates",
    "Concurrency",
    "Config",
    "Crs",
    "Denylist",
    "Dns",
    "Duration",
    "GuardOverrides",
    "Guards",
    "HeaderEdits",
    "HealthChecks",
    "Journal",
    "Limits",
    "Listener",
    "ListenerTls",
    "Logging",
    "Model",
    "Node",
    "PassiveCheck",
    "Pool",
    "RateLimit",
    "Retries",
    "Rewrite",
    "Route",
    "Size",
    "Split",
    "State",
    "Storage",
    "Timeouts",
    "Upstream",
    "UpstreamTimeouts",
    "UpstreamTls",
    "Waf",
    "WafExclusion",
    "WafOverride",
    "WafRequestBody",
    "WafResponseBody",
    "Window",
]
