"""The servers behind the gateway: which one gets an exchange, over which connection, and whether it is well.

The proxy uses ``Upstreams`` (all of a configuration), ``UpstreamGroup`` (one of them) and ``TrafficSplit`` (between
them); see the docstring of ``group`` for one try of an exchange.
"""

from bartizan.edge.upstreams.address import Address, Endpoint, parse_address
from bartizan.edge.upstreams.dial import Connector
from bartizan.edge.upstreams.events import Events, UpstreamEvent
from bartizan.edge.upstreams.group import UpstreamGroup, Wiring
from bartizan.edge.upstreams.node import Node
from bartizan.edge.upstreams.pool import PooledConnection
from bartizan.edge.upstreams.registry import Upstreams
from bartizan.edge.upstreams.retry import IDEMPOTENT_METHODS
from bartizan.edge.upstreams.split import TrafficSplit
from bartizan.edge.upstreams.status import GroupStatus, NodeStatus

__all__ = [
    "IDEMPOTENT_METHODS",
    "Address",
    "Connector",
    "Endpoint",
    "Events",
    "GroupStatus",
    "Node",
    "NodeStatus",
    "PooledConnection",
    "TrafficSplit",
    "UpstreamEvent",
    "UpstreamGroup",
    "Upstreams",
    "Wiring",
    "parse_address",
]
