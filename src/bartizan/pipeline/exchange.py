"""One request and its response on their way through the gateway, with all that is known about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bartizan.http.message import Request, Response
from bartizan.pipeline.signal import Signal
from bartizan.pipeline.verdict import Divert, Verdict

__all__ = ["Client", "Connection", "Exchange", "RouteInfo", "TlsInfo"]


@dataclass(frozen=True, slots=True)
class Client:
    """An address a request comes from: ``version`` 4 or 6, or 0 for a Unix socket; ``number`` is it as an integer.

    IPv4-mapped IPv6 addresses are stored as the IPv4 address they stand for, so that no list can be side-stepped.
    """

    address: str
    port: int
    version: int
    number: int


@dataclass(frozen=True, slots=True)
class TlsInfo:
    """What the TLS handshake told: ``peer_certificate`` is DER, ``ja4`` the ClientHello's fingerprint."""

    version: str
    cipher: str
    server_name: str | None = None
    alpn: str | None = None
    ja4: str | None = None
    peer_certificate: bytes | None = None
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Connection:
    """The connection that carried the request; ``peer`` is who connected (after PROXY protocol)."""

    listener: str
    scheme: str
    peer: Client
    local: str
    tls: TlsInfo | None = None


@dataclass(frozen=True, slots=True)
class RouteInfo:
    """The route that matched: its name and path template (for metrics and keys)."""

    name: str
    template: str


class Exchange:
    """The unit of everything: guards look at it, the journal keeps it.

    Times: ``received`` is wall-clock Unix time in seconds, ``started`` the performance counter in seconds. ``timings``
    holds one ``(guard name, seconds)`` per guard that ran. ``client`` is the originating client as far as it can be
    trusted.
    """

    # Class attributes are defaults: an exchange sets what it learns, and nothing else.
    trace_id: str | None = None
    route: RouteInfo | None = None
    parameters: Mapping[str, str] = MappingProxyType({})
    """Path parameters of the route, percent-decoded."""
    response: Response | None = None
    made_up = False
    """Whether a decoy has taken the place of what the upstream answered: nothing is to be learned of it."""
    verdict: Verdict | None = None
    decided_by: str | None = None
    """The guard whose verdict it is."""
    diverted: Divert | None = None
    """Where the exchange is sent instead of its route's upstream, if no other guard has a verdict."""
    principal: str | None = None
    session: str | None = None
    """The id that names the session in signals; it opens nothing."""
    device: str | None = None
    credential: str | None = None
    """What names the credential that was presented, if it is none of a session; never the credential itself."""
    upstream: str | None = None
    node: str | None = None
    upstream_time: float | None = None
    """Seconds from the first byte sent to the node until its response head."""
    error: str | None = None
    """Why the exchange ended otherwise than by a whole response: a stable word (``upstream_timeout``)."""
    error_detail: str | None = None
    """The same in a sentence, for people."""
    bytes_in = 0
    bytes_out = 0
    duration = 0.0
    on_end: tuple[Callable[[Exchange], None], ...] = ()
    """Called once when the exchange is over, however it ended."""
    cuttable = False
    """Whether ``cut`` has an effect while the exchange is under way: set by a guard that may want it later."""
    cut_for: str | None = None
    """Why the exchange was cut: what ``cut`` was told first."""
    on_cut: Callable[[], object] | None = None
    """Ends what carries the exchange; set by its driver once the request has passed the guards."""

    def __init__(
        self,
        id: str,  # noqa: A002 - what else
        request: Request,
        connection: Connection,
        client: Client,
        *,
        received: float,
        started: float,
    ) -> None:
        self.id = self.request_id = id
        """``request_id`` is what X-Request-Id says: the exchange's own id, or the one a trusted proxy sent."""
        self.request = request
        self.connection = connection
        self.client = client
        self.received = received
        self.started = started
        self.signals: list[Signal] = []
        self.timings: list[tuple[str, float]] = []
        self.notes: dict[str, object] = {}
        """What a guard wants to know again later in the same exchange, under its own name; not for other guards."""
        self.upstream_fields: list[tuple[bytes, bytes]] = []
        """Header fields that the upstream gets besides the client's, which cannot change them; names in lower case."""

    def at_end(self, callback: Callable[[Exchange], None]) -> None:
        """Have ``callback`` called once when the exchange is over, however it ended."""
        self.on_end = (*self.on_end, callback)

    def cut(self, error: str) -> None:
        """End a ``cuttable`` exchange from outside: response, stream or tunnel break off, and ``error`` is journaled.

        It may be called at any time, from the event loop that carries the exchange; once it is over nothing happens.
        """
        if self.cut_for is None:
            self.cut_for = error
            if self.on_cut is not None:
                self.on_cut()
