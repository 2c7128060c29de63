"""Every error that Bartizan raises on purpose, in one tree.

BartizanError
├── ConfigError            the configuration is not usable; carries every problem with its place
│   └── SecLangError          WAF rules cannot be read or compiled; problems name file, line and directive
├── SecretError            a secret reference could not be resolved
├── RequestError           a client sent what RFC 9110/9112 or a limit forbids (400, 408, 413, 414, 431, 501, 505)
├── UpstreamError          the upstream could not answer
│   ├── UpstreamUnavailable   no node may be used: all unhealthy, ejected or over their limits (503)
│   ├── UpstreamUnreachable   a node refused or dropped the connection (502)
│   ├── UpstreamProtocolError a node sent what HTTP forbids (502)
│   └── UpstreamTimeout       a node did not answer in time (504)
├── ClientGone             the client went away before its response was complete
├── StateError             the shared state cannot be read or written
├── JournalError           the journal cannot be written or read
│   ├── JournalFull           the disk or the configured size is used up
│   └── JournalCorrupt        a record fails its checksum or its framing
├── RecordsError           the relational records cannot be read or written
│   ├── RecordConflict        a record with this name or key exists already, or has changed meanwhile
│   └── RecordNotFound        there is no such record
├── SealError              a signing or sealing key cannot be read, or what it sealed was changed
├── AccessError            somebody may not do this, or did not prove who they are; carries what the client may know
│   ├── ProofError            a device's proof (DPoP, DBSC) does not hold
│   ├── FactorError           a factor was not proven
│   │   └── ClonedAuthenticator  a WebAuthn key that exists twice; carries whose it is
│   ├── PasswordRefused       a new password does not meet its policy; carries every reason
│   └── TooManyAttempts       throttled; carries when to try again
├── RangeServiceError      the service that knows breached passwords did not answer, or not as it should
├── PolicyError            an access policy cannot be compiled
├── ScimError              a SCIM message (RFC 7644) is not what it has to be; carries the place in it
├── DecoyError             the decoy process cannot be confined, or what it has written cannot be read
├── OpenApiError           an OpenAPI document cannot be read, or is not what it has to be
├── TlsError               a certificate, key, bundle or revocation list cannot be used
└── ControlError           the running supervisor cannot be reached, or refused a command

Each message says what is wrong, where, and what the operator or the client can change.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AccessError",
    "BartizanError",
    "ClientGone",
    "ClonedAuthenticator",
    "ConfigError",
    "ControlError",
    "DecoyError",
    "FactorError",
    "JournalCorrupt",
    "JournalError",
    "JournalFull",
    "OpenApiError",
    "PasswordRefused",
    "PolicyError",
    "Problem",
    "ProofError",
    "RangeServiceError",
    "RecordConflict",
    "RecordNotFound",
    "RecordsError",
    "RequestError",
    "ScimError",
    "SealError",
    "SecLangError",
    "SecretError",
    "SentryError",
    "StateError",
    "TlsError",
    "TooManyAttempts",
    "UpstreamError",
    "UpstreamProtocolError",
    "UpstreamTimeout",
    "UpstreamUnavailable",
    "UpstreamUnreachable",
]


class BartizanError(Exception):
    """The root of the tree."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration file.

    ``line`` and ``column`` count from 1; 0 means that the place is not known. ``field`` is the dotted path
    (``routes[2].paths[0]``), ``value`` the offending value as text (never a resolved secret), ``remedy`` what to do.
    """

    file: str
    line: int
    column: int
    field: str
    message: str
    value: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}:{self.column}: {self.field}: {self.message}"
        if self.value:
            text += f" (got {self.value})"
        return f"{text}. {self.remedy}" if self.remedy else text


class ConfigError(BartizanError):
    """The configuration is not usable."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class SecLangError(ConfigError):
    """WAF rules cannot be read or compiled. A problem's ``field`` is the directive, ``remedy`` what was expected."""


class SecretError(BartizanError):
    """A secret reference could not be resolved."""


class RequestError(BartizanError):
    """A client sent what RFC 9110/9112 or a limit forbids.

    ``status`` is the HTTP status to answer with; ``reason`` is a stable, machine-readable word for logs and metrics.
    """

    def __init__(self, status: int, reason: str, message: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(message)


class UpstreamError(BartizanError):
    """The upstream could not answer. ``status`` is what the client is told."""

    status = 502
    reason = "upstream_error"


class UpstreamUnavailable(UpstreamError):
    """No node may be used."""

    status = 503
    reason = "upstream_unavailable"


class UpstreamUnreachable(UpstreamError):
    """A node refused or dropped the connection.

    ``sent`` tells whether any byte of the request may have reached the node: only if not is a retry always safe.
    """

    reason = "upstream_unreachable"

    def __init__(self, message: str, *, sent: bool) -> None:
        self.sent = sent
        super().__init__(message)


class UpstreamProtocolError(UpstreamError):
    """A node sent what HTTP forbids."""

    reason = "upstream_protocol_error"


class UpstreamTimeout(UpstreamError):
    """A node did not answer in time."""

    status = 504
    reason = "upstream_timeout"


class ClientGone(BartizanError):
    """The client went away before its response was complete."""


class StateError(BartizanError):
    """The shared state cannot be read or written."""


class JournalError(BartizanError):
    """The journal cannot be written or read."""


class JournalFull(JournalError):
    """The disk or the configured size is used up."""


class JournalCorrupt(JournalError):
    """A record fails its checksum or its framing."""


class RecordsError(BartizanError):
    """The relational records cannot be read or written."""


class RecordConflict(RecordsError):
    """A record with this name or key exists already, or has changed meanwhile."""


class RecordNotFound(RecordsError):
    """There is no such record."""


class SealError(BartizanError):
    """A signing or sealing key cannot be read, or what it sealed was changed."""


class AccessError(BartizanError):
    """Somebody may not do this, or did not prove who they are.

    ``code`` is a stable word that pages and API clients act on; the message is a sentence that the client may read.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class ProofError(AccessError):
    """A device's proof does not hold."""


class FactorError(AccessError):
    """A factor was not proven."""


class ClonedAuthenticator(FactorError):
    """A signature counter did not grow, so the key exists twice (WebAuthn section 6.1.1).

    ``credential`` and ``principal`` are the ids in the records, ``name`` is the person's. The signature was good:
    whoever sent it has the key.
    """

    def __init__(self, credential: str, principal: str, name: str) -> None:
        self.credential = credential
        self.principal = principal
        self.name = name
        super().__init__("cloned_authenticator", "This key seems to have been copied. Use another one and tell us.")


class PasswordRefused(AccessError):
    """A new password does not meet its policy. ``reasons`` are sentences that the client may read."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        self.reasons = reasons
        super().__init__("password_refused", " ".join(reasons))


class TooManyAttempts(AccessError):
    """Throttled; ``retry_after`` is in seconds."""

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__("too_many_attempts", f"Too many attempts. Try again in {max(1, round(retry_after))} s.")


class RangeServiceError(BartizanError):
    """The service that knows breached passwords did not answer, or not as it should."""


class PolicyError(BartizanError):
    """An access policy cannot be compiled. ``line`` and ``column`` count from 1 within the policy's text."""

    def __init__(self, message: str, line: int, column: int, remedy: str = "") -> None:
        self.message = message
        self.line = line
        self.column = column
        self.remedy = remedy
        told = f"{message} (line {line}, column {column} of the policy)"
        super().__init__(f"{told}: {remedy}" if remedy else told)


class ScimError(BartizanError):
    """A SCIM message is not what it has to be.

    ``kind`` is a ``scimType`` of RFC 7644 table 9, ``path`` the place in the message, such as ``emails[0].value``.
    """

    def __init__(self, kind: str, path: str, message: str) -> None:
        self.kind = kind
        self.path = path
        self.message = message
        super().__init__(f"{path}: {message}" if path else message)


class DecoyError(BartizanError):
    """The decoy process cannot be confined, or what it has written cannot be read."""


class SentryError(BartizanError):
    """What the sentry keeps cannot be opened or read."""


class OpenApiError(BartizanError):
    """An OpenAPI document cannot be read, or is not what it has to be; the message names the place and the remedy."""


class TlsError(BartizanError):
    """A certificate, key, bundle or revocation list cannot be used."""


class ControlError(BartizanError):
    """The running supervisor cannot be reached, or refused a command."""
