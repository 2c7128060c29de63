"""The journal's records, shaped like events of the Open Cybersecurity Schema Framework (OCSF 1.3).

``HttpActivity`` is class 4002, ``DetectionFinding`` class 2004. What OCSF has no attribute for is in ``unmapped``.
Times are Unix milliseconds, durations milliseconds, lengths bytes.
"""

from __future__ import annotations

import msgspec

__all__ = ["DetectionFinding", "HttpActivity", "Record"]


class _Struct(msgspec.Struct, omit_defaults=True, gc=False, array_like=False):
    """Records are written once and never changed."""


class Product(_Struct):
    """Who wrote the record."""

    name: str = ""
    vendor_name: str = ""
    version: str = ""


class Metadata(_Struct):
    """``uid`` is the exchange's id; of a finding, its own, and ``correlation_uid`` the exchange's."""

    uid: str
    version: str
    product: Product
    correlation_uid: str | None = None


class Url(_Struct):
    """What was asked for, normalised; values of parameters that are known to hold secrets are masked."""

    path: str
    hostname: str = ""
    query_string: str | None = None
    scheme: str = ""


class HttpRequest(_Struct):
    """``uid`` is X-Request-Id where it is not the exchange's own id."""

    http_method: str
    url: Url
    version: str
    user_agent: str | None = None
    length: int = 0
    uid: str | None = None


class HttpResponse(_Struct):
    """``code`` 0 means that there was no response."""

    code: int
    length: int = 0


class Endpoint(_Struct):
    """An address and a port."""

    ip: str
    port: int = 0


class Fingerprint(_Struct):
    """A JA4 fingerprint of a TLS client."""

    value: str
    type: str = "JA4"


class Tls(_Struct):
    """The client's TLS; ``certificate`` is the SHA-256 of its certificate."""

    version: str
    cipher: str
    sni: str | None = None
    ja4_fingerprint_list: list[Fingerprint] = []
    certificate: str | None = None


class VerdictNote(_Struct):
    """Who decided what, why, and what the operator could change."""

    action: str
    guard: str
    because: str = ""
    remedy: str = ""


class Unmapped(_Struct):
    """What OCSF has no attribute for; times in milliseconds."""

    route: str | None = None
    upstream: str | None = None
    node: str | None = None
    upstream_ms: float | None = None
    error: str | None = None
    error_detail: str | None = None
    verdict: VerdictNote | None = None
    guards_ms: dict[str, float] = {}
    trace_uid: str | None = None
    principal: str | None = None
    listener: str | None = None
    peer: str | None = None


class HttpActivity(_Struct, tag_field="class_uid", tag=4002):
    """One exchange."""

    time: int
    metadata: Metadata
    http_request: HttpRequest
    http_response: HttpResponse
    src_endpoint: Endpoint
    activity_id: int
    type_uid: int
    severity_id: int
    status_id: int
    duration: float
    tls: Tls | None = None
    unmapped: Unmapped | None = None
    category_uid: int = msgspec.field(default_factory=lambda: 4)


class Technique(_Struct):
    """An ATT&CK technique."""

    uid: str


class Attack(_Struct):
    """What a finding is an instance of."""

    technique: Technique


class FindingInfo(_Struct):
    """What was found; ``types`` are OWASP API Security Top 10 items."""

    uid: str
    title: str
    types: list[str] = []


class Observable(_Struct):
    """An actor."""

    name: str
    value: str


class DetectionFinding(_Struct, tag_field="class_uid", tag=2004):
    """One signal; ``risk_score`` is its severity from 0 to 100, ``confidence_score`` from 0 to 100."""

    time: int
    metadata: Metadata
    finding_info: FindingInfo
    activity_id: int
    type_uid: int
    severity_id: int
    confidence_score: int
    risk_score: int
    attacks: list[Attack] = []
    observables: list[Observable] = []
    evidences: list[dict[str, str | int | float | bool]] = []
    category_uid: int = msgspec.field(default_factory=lambda: 2)


Record = HttpActivity | DetectionFinding
