"""The journal's records: events of the Open Cybersecurity Schema Framework (OCSF 1.7.0, schema.ocsf.io).

``HttpActivity`` is class 4002, ``DetectionFinding`` class 2004, both with the profiles ``security_control``, ``trace``
and ``host``. What OCSF has no attribute for is in ``unmapped``. Where OCSF does not say otherwise, times are Unix
milliseconds, durations seconds and lengths bytes. Attributes that hold their default are not written.
"""

from __future__ import annotations

import msgspec

__all__ = [
    "Actor",
    "Analytic",
    "Attack",
    "Certificate",
    "DetectionFinding",
    "Endpoint",
    "Evidence",
    "FindingInfo",
    "HttpActivity",
    "HttpRequest",
    "HttpResponse",
    "Ja4",
    "KillChainPhase",
    "Metadata",
    "Observable",
    "Product",
    "Record",
    "Session",
    "Tactic",
    "Technique",
    "Tls",
    "Unmapped",
    "Url",
    "VerdictNote",
]


class _Struct(msgspec.Struct, omit_defaults=True, gc=False):
    """Records are written once and never changed."""


class Product(_Struct):
    """Who wrote the record."""

    name: str
    vendor_name: str
    version: str


class Metadata(_Struct):
    """``uid`` is the exchange's id; of a finding its own, and ``correlation_uid`` that of its exchange."""

    uid: str
    version: str
    product: Product
    profiles: list[str] = []
    correlation_uid: str | None = None


class Url(_Struct):
    """What was asked for, normalised; ``query_string`` has the values masked that are known to be secrets."""

    path: str
    hostname: str | None = None
    query_string: str | None = None
    scheme: str | None = None
    port: int | None = None


class HttpRequest(_Struct):
    """``uid`` is X-Request-Id where it is not the exchange's own id."""

    http_method: str
    url: Url
    version: str | None = None
    user_agent: str | None = None
    body_length: int = 0
    uid: str | None = None


class HttpResponse(_Struct):
    """What the client was answered."""

    code: int
    body_length: int = 0


class Proxy(_Struct):
    """A trusted proxy in front of the gateway."""

    ip: str


class Endpoint(_Struct):
    """An end of a connection: an address and a port, or the path of a Unix socket as ``name``."""

    ip: str | None = None
    port: int | None = None
    name: str | None = None
    svc_name: str | None = None
    proxy_endpoint: Proxy | None = None


class Fingerprint(_Struct):
    """The digest of a certificate; ``algorithm_id`` 3 is SHA-256."""

    value: str
    algorithm_id: int


class Certificate(_Struct):
    """A client's certificate, its names as RFC 4514 writes them."""

    serial_number: str
    issuer: str
    subject: str
    fingerprints: list[Fingerprint]


class Ja4(_Struct):
    """A fingerprint of a TLS client; ``type_id`` 1 is JA4."""

    value: str
    type_id: int


class Tls(_Struct):
    """The client's TLS and its certificate, if it had one."""

    version: str
    cipher: str | None = None
    sni: str | None = None
    certificate: Certificate | None = None


class Trace(_Struct):
    """The W3C trace that the client's request belonged to; absent where the exchange's id is the trace's."""

    uid: str


class User(_Struct):
    """A principal."""

    uid: str


class Session(_Struct):
    """A session: ``uid`` names it and opens nothing."""

    uid: str


class Actor(_Struct):
    """Who acted."""

    user: User
    session: Session | None = None


class VerdictNote(_Struct):
    """Which guard decided what, why, and what the operator could change."""

    action: str
    guard: str
    because: str = ""
    remedy: str = ""


class Unmapped(_Struct):
    """What OCSF has no attribute for; times in seconds. ``upstream_seconds`` lasts until the response head.

    ``device`` is the id of the client's device, ``credential`` what names the credential it presented.
    """

    duration_seconds: float = 0.0
    route: str | None = None
    upstream: str | None = None
    node: str | None = None
    upstream_seconds: float | None = None
    verdict: VerdictNote | None = None
    guard_seconds: dict[str, float] = {}
    device: str | None = None
    credential: str | None = None


class HttpActivity(_Struct, tag_field="class_uid", tag=4002):
    """One exchange; ``time`` is when its request head was there.

    ``status_code`` is the word for why there was no whole answer of an upstream (``upstream_timeout``),
    ``status_detail`` the same in a sentence.
    """

    category_uid: int
    activity_id: int
    type_uid: int
    time: int
    duration: int
    severity_id: int
    status_id: int
    action_id: int
    disposition_id: int
    metadata: Metadata
    http_request: HttpRequest
    src_endpoint: Endpoint
    dst_endpoint: Endpoint | None = None
    http_response: HttpResponse | None = None
    unmapped: Unmapped | None = None
    status_code: str | None = None
    status_detail: str | None = None
    tls: Tls | None = None
    ja4_fingerprint_list: list[Ja4] = []
    trace: Trace | None = None
    actor: Actor | None = None


class Technique(_Struct):
    """An ATT&CK technique."""

    uid: str


class Tactic(_Struct):
    """An ATT&CK tactic: what a technique is used for."""

    uid: str
    name: str


class Attack(_Struct):
    """What a finding is an instance of."""

    technique: Technique
    tactic: Tactic | None = None


class Analytic(_Struct):
    """What found it: ``name`` is the detector, ``type_id`` 1 a rule."""

    name: str
    type_id: int


class KillChainPhase(_Struct):
    """How far an intrusion has come: ``phase`` is the signal's stage, ``phase_id`` what OCSF calls that."""

    phase: str
    phase_id: int


class FindingInfo(_Struct):
    """What was found: ``title`` is the signal's name, ``types`` are OWASP API Security Top 10 items."""

    uid: str
    title: str
    types: list[str] = []
    attacks: list[Attack] = []
    analytic: Analytic | None = None
    kill_chain: list[KillChainPhase] = []


class Observable(_Struct):
    """An actor: ``name`` is its kind, ``type_id`` what OCSF calls that."""

    name: str
    type_id: int
    value: str


class Evidence(_Struct):
    """What a person needs to judge a finding."""

    data: dict[str, str | int | float | bool]


class DetectionFinding(_Struct, tag_field="class_uid", tag=2004):
    """One signal; ``risk_score`` is its severity and ``confidence_score`` its confidence, from 0 to 100."""

    category_uid: int
    activity_id: int
    type_uid: int
    time: int
    severity_id: int
    confidence_score: int
    risk_score: int
    metadata: Metadata
    finding_info: FindingInfo
    observables: list[Observable] = []
    evidences: list[Evidence] = []


Record = HttpActivity | DetectionFinding
