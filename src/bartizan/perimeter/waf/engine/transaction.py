"""One exchange on its way through the rules: what the rules can see of it, and what they did.

A transaction holds no socket and no file. Whoever drives it calls the phases in order with what has come in, and does
what an ``Intervention`` says. If ``run`` says that collections are wanted, it loads them and goes on (see
``persistent``).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from bartizan.perimeter.waf.bodies.arguments import has_invalid_escape, parse_arguments
from bartizan.perimeter.waf.bodies.cookies import parse_cookies
from bartizan.perimeter.waf.engine.body import read_body
from bartizan.perimeter.waf.engine.match import Intervention, RequestHead, RuleMatch
from bartizan.perimeter.waf.engine.persistent import Collections, to_number
from bartizan.perimeter.waf.engine.phases import begin_phase, resume_phase

if TYPE_CHECKING:
    from bartizan.perimeter.waf.bodies.result import FilePart, MultipartFlags, Part
    from bartizan.perimeter.waf.bodies.xml_body import XmlDocument
    from bartizan.perimeter.waf.engine.program import CompiledRule, Exclusion, Program
    from bartizan.perimeter.waf.seclang.model import EngineMode

__all__ = ["Transaction"]

SCORES = (b"blocking_inbound_anomaly_score", b"anomaly_score", b"inbound_anomaly_score")
NO_PAIRS: list[tuple[bytes, bytes]] = []


class Transaction:
    """The state of the rules for one exchange. Attributes are the variables of the language, in their raw form."""

    # Class attributes are defaults: a transaction sets what it learns, and nothing else.
    program: Program
    head: RequestHead
    mode: EngineMode
    tx: dict[bytes, bytes]
    args: list[tuple[bytes, bytes]]
    args_get: list[tuple[bytes, bytes]]
    cookies: list[tuple[bytes, bytes]]
    matched_vars: list[tuple[bytes, bytes]]
    persistent: Collections
    environment: dict[bytes, bytes]
    geo: dict[bytes, bytes]
    query: bytes
    filename: bytes
    basename: bytes
    uri: bytes
    content_type: bytes
    headers: dict[bytes, list[tuple[bytes, bytes]]]
    """Header fields by lower-case name."""
    body: bytes = b""
    body_complete = True
    body_shown = False
    """Whether REQUEST_BODY has the body."""
    body_error: bytes = b""
    body_processor = b""
    force_body = False
    files: Sequence[FilePart] = ()
    multipart: MultipartFlags | None = None
    parts: Sequence[Part] = ()
    part_names: Sequence[bytes] = ()
    part_filenames: Sequence[bytes] = ()
    xml: XmlDocument | None = None
    urlencoded_error = False
    inbound_data_error = False
    outbound_data_error = False
    args_post: list[tuple[bytes, bytes]] = NO_PAIRS
    response_status = 0
    response_protocol = b""
    response_fields: Sequence[tuple[bytes, bytes]] = ()
    response_type = b""
    response_content: bytes = b""
    matched_var = b""
    matched_var_name = b""
    highest_severity = 255
    session_id = b""
    user_id = b""
    rule: CompiledRule | None = None
    intervention: Intervention | None = None
    phase = 1
    position = 0
    """The rule that runs."""
    allowed_until = 0
    """``allow``: phases up to this one are over."""
    skip_to = 0
    """Where a rule that matched says to go on."""
    agenda = 0
    """Rules that are still to run in this phase, as a set of bits."""
    changed = False
    """Whether a ``ctl`` has removed rules."""
    spent = 0.0
    """Seconds that rules have run."""
    over_budget = False
    touched = 0
    """Rules that have to run because something they read was changed, as a set of bits."""
    removed = 0
    """Rules that ``ctl`` removed, as a set of bits."""
    excluded = 0
    """Rules of which ``ctl`` removed targets, as a set of bits."""
    known_until = 0
    """The phase up to which the gate has said which rules may match."""
    tx_removed = False
    """Whether a TX variable may have been removed."""
    naive = False
    """Whether every rule runs, since what was worked out beforehand no longer holds."""

    def __init__(self, program: Program, head: RequestHead, mode: EngineMode) -> None:
        settings = program.settings
        self.program = program
        self.head = head
        self.mode = mode
        self.started = perf_counter()
        self.tx = program.initial.copy()
        self.matches: list[RuleMatch] = []
        self.matched_vars = []
        self.transformed: dict[tuple[int, bytes], bytes] = {}
        self.exclusions: dict[int, tuple[Exclusion, ...]] = {}
        self.persistent = Collections(settings.collection_timeout, loads=program.loads_collections)
        self.environment = {}
        self.geo = {}
        self.sanitised: list[tuple[str, bytes]] = []
        self.request_body_access = settings.request_body_access
        self.response_body_access = settings.response_body_access
        self.request_body_limit = settings.request_body_limit
        self.response_body_limit = settings.response_body_limit
        self.mask = 0
        self._read_target(head.uri)
        self._read_headers(head.headers)

    def _read_target(self, target: bytes) -> None:
        target, _, _ = target.partition(b"#")
        decoded = unquote_to_bytes(target) if b"%" in target else target
        raw_path, mark, self.query = target.partition(b"?")
        self.filename = decoded.partition(b"?")[0] if decoded is not target else raw_path
        self.uri = decoded if decoded[:1] == b"/" else _without_authority(decoded)
        slash = max(self.filename.rfind(b"/"), self.filename.rfind(b"\\"))
        self.basename = self.filename[slash + 1 :] if slash >= 0 else b""
        if mark and self.query:
            settings = self.program.settings
            self.args_get = parse_arguments(self.query, settings.argument_separator, settings.arguments_limit)
            if b"%" in self.query:
                self.urlencoded_error = has_invalid_escape(self.query)
        else:
            self.args_get = NO_PAIRS
        self.args = self.args_get

    def _read_headers(self, headers: Sequence[tuple[bytes, bytes]]) -> None:
        by_name: dict[bytes, list[tuple[bytes, bytes]]] = {}
        for field in headers:
            name = field[0].lower()
            known = by_name.get(name)
            if known is None:
                by_name[name] = [field]
            else:
                known.append(field)
        self.headers = by_name
        cookie = by_name.get(b"cookie")
        self.cookies = (
            NO_PAIRS
            if cookie is None
            else parse_cookies([value for _, value in cookie], self.program.settings.cookie_format)
        )
        self.content_type = content_type = by_name[b"content-type"][0][1] if b"content-type" in by_name else b""
        if content_type:
            start = content_type[:40].lower()
            if start.startswith(b"multipart/form-data"):
                self.body_processor = b"MULTIPART"
            elif start.startswith(b"application/x-www-form-urlencoded"):
                self.body_processor = b"URLENCODED"

    @property
    def request_line(self) -> bytes:
        """The request line as it was sent."""
        return b"%b %b %b" % (self.head.method, self.head.uri, self.head.protocol)

    @property
    def authorization(self) -> bytes:
        """The Authorization field."""
        field = self.headers.get(b"authorization")
        return field[0][1] if field else b""

    @property
    def remote_user(self) -> bytes:
        """Whom HTTP Basic authentication names (RFC 7617)."""
        return _basic_user(self.authorization)

    @property
    def server_name(self) -> bytes:
        """The host that was asked for."""
        field = self.headers.get(b"host")
        host = field[0][1] if field else b""
        return host if host.endswith(b"]") else host.rpartition(b":")[0] or host

    @property
    def body_is_malformed(self) -> bool:
        """Whether the body could not be read, or can be read in two ways."""
        return bool(self.body_error) or (self.multipart is not None and self.multipart.strict_error)

    @property
    def wants_body(self) -> int:
        """Bytes of the request body that the rules want to see; 0: none. Known after ``request_headers``."""
        if self.mode == "off" or not self.request_body_access or self.intervention is not None:
            return 0
        return self.request_body_limit

    @property
    def wants_response(self) -> int:
        """Bytes of the response body that the rules want to see; 0: none. Known after ``response_headers``."""
        if self.mode == "off" or not self.response_body_access or self.intervention is not None:
            return 0
        media_type = self.response_type.partition(b";")[0].strip().lower()
        return self.response_body_limit if media_type in self.program.settings.response_body_types else 0

    @property
    def score(self) -> int:
        """The inbound anomaly score that rules in the manner of the OWASP Core Rule Set add up."""
        for name in SCORES:
            if name in self.tx:
                return to_number(self.tx[name])
        return 0

    def request_headers(self) -> Intervention | None:
        """Run phase 1. In this and the other phases: if ``persistent.wanted`` is not empty, load it and ``resume``."""
        begin_phase(self, 1)
        return self.intervention

    def request_body(self, body: bytes, *, complete: bool = True) -> Intervention | None:
        """Run phase 2 on what came of the body (``complete``: all of it) within ``wants_body``."""
        if self.mode != "off" and self.intervention is None:
            limit = self.request_body_limit
            if not self.request_body_access:
                body = b""
            elif not complete or len(body) > limit:
                self._truncated(len(body), limit)
                body = body[:limit]
            if self.intervention is None:
                read_body(self, body)
        begin_phase(self, 2)
        return self.intervention

    def _truncated(self, size: int, limit: int) -> None:
        self.inbound_data_error = True
        if self.program.settings.request_body_limit_action == "reject" and self.mode == "on":
            reason = f"the request body of at least {size} bytes is larger than SecRequestBodyLimit, {limit} bytes"
            self.intervention = Intervention("deny", 413, reason=reason)

    def response_headers(
        self, status: int, headers: Sequence[tuple[bytes, bytes]], protocol: bytes = b"HTTP/1.1"
    ) -> Intervention | None:
        """Run phase 3."""
        self.response_status = status
        self.response_fields = headers
        self.response_protocol = protocol
        self.response_type = next((value for name, value in headers if name.lower() == b"content-type"), b"")
        begin_phase(self, 3)
        return self.intervention

    def response_body(self, body: bytes, *, complete: bool = True) -> Intervention | None:
        """Run phase 4 on what came of the response body within ``wants_response``."""
        limit = self.response_body_limit
        if not complete or len(body) > limit:
            self.outbound_data_error = True
            if self.program.settings.response_body_limit_action == "reject" and self.mode == "on":
                reason = f"the response body is larger than SecResponseBodyLimit, {limit} bytes"
                self.intervention = self.intervention or Intervention("deny", 502, reason=reason)
            body = body[:limit]
        self.response_content = body
        begin_phase(self, 4)
        return self.intervention

    def logging(self) -> None:
        """Run phase 5, after everything."""
        begin_phase(self, 5)

    def resume(self) -> Intervention | None:
        """Go on with the phase that waited for collections."""
        resume_phase(self)
        return self.intervention

    def elapsed(self) -> float:
        """Seconds since the transaction began."""
        return perf_counter() - self.started


def _without_authority(uri: bytes) -> bytes:
    """Return path and query of an absolute-form target; other targets as they are."""
    scheme, mark, rest = uri.partition(b"://")
    if not mark or b"/" in scheme:
        return uri
    slash = rest.find(b"/")
    return rest[slash:] if slash >= 0 else uri


def _basic_user(authorization: bytes) -> bytes:
    kind, _, credentials = authorization.partition(b" ")
    if kind.lower() != b"basic":
        return b""
    try:
        return base64.b64decode(credentials.strip()).partition(b":")[0]
    except binascii.Error:
        return b""
