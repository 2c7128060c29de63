"""PROXY protocol v1 and v2: who a trusted load balancer speaks for, read before anything else on a connection."""

from bartizan.edge.proxy_protocol.header import ProxyHeader, ProxyProtocolError, parse_proxy_header
from bartizan.edge.proxy_protocol.layer import ProxyProtocolLayer, ProxyProtocolSettings

__all__ = ["ProxyHeader", "ProxyProtocolError", "ProxyProtocolLayer", "ProxyProtocolSettings", "parse_proxy_header"]
