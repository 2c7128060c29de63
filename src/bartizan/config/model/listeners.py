"""``listeners``: where the edge accepts connections, and within which limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bartizan.config.model.base import Duration, Model, Name, Size, TlsVersion

__all__ = ["Certificate", "ClientCertificates", "Limits", "Listener", "ListenerTls", "Timeouts"]


class Certificate(Model):
    """A certificate chain and its key. It serves the names in its subjectAltName; the first one is the default."""

    certificate: Annotated[str, Field(description="PEM file with the certificate chain, leaf first")]
    key: Annotated[str, Field(description="PEM file with the private key")]


class ClientCertificates(Model):
    """Whether clients must prove who they are with a certificate (mutual TLS)."""

    mode: Annotated[
        Literal["off", "optional", "required"],
        Field(description="`optional`: checked if the client sends one; `required`: no connection without"),
    ] = "off"
    ca: Annotated[str | None, Field(description="PEM bundle of the authorities that issue client certificates")] = None
    crl: Annotated[str | None, Field(description="PEM file of certificate revocation lists to check against")] = None


class ListenerTls(Model):
    """TLS towards the client."""

    certificates: Annotated[
        list[Certificate],
        Field(
            min_length=1,
            max_length=1000,
            description="chosen by the name that the client asks for (SNI); the first one is the default",
        ),
    ]
    min_version: Annotated[TlsVersion, Field(description="the lowest version of TLS")] = "1.2"
    ciphers: Annotated[str | None, Field(description="OpenSSL cipher list for TLS 1.2; the default is modern")] = None
    alpn: Annotated[list[Literal["http/1.1"]], Field(min_length=1, description="protocols that are offered")] = [
        "http/1.1"
    ]
    client_certificates: Annotated[ClientCertificates, Field(description="mutual TLS")] = ClientCertificates()
    handshake_timeout: Annotated[Duration, Field(gt=0, description="for the whole handshake")] = "10s"  # type: ignore[assignment]


class Timeouts(Model):
    """How long a client may take. Every expiry ends in 408 where a response is still possible, then a close."""

    header: Annotated[Duration, Field(gt=0, description="for the whole request head")] = "10s"  # type: ignore[assignment]
    body: Annotated[Duration, Field(gt=0, description="between two reads of a request body")] = "30s"  # type: ignore[assignment]
    idle: Annotated[Duration, Field(gt=0, description="between two requests of a connection")] = "75s"  # type: ignore[assignment]
    write: Annotated[Duration, Field(gt=0, description="for a client to take what was sent")] = "30s"  # type: ignore[assignment]
    tunnel_idle: Annotated[Duration, Field(gt=0, description="without a byte in an upgraded connection")] = "1h"  # type: ignore[assignment]


class Limits(Model):
    """Bounds on what one client may use."""

    connections: Annotated[int, Field(ge=1, description="open connections per worker")] = 20000
    connections_per_client: Annotated[
        int, Field(ge=1, description="open connections per client address and worker")
    ] = 1000
    header_count: Annotated[int, Field(ge=1, le=10000, description="headers of a request")] = 100
    header_bytes: Annotated[Size, Field(ge=256, le=2**20, description="request line and headers")] = "32KiB"  # type: ignore[assignment]
    target_bytes: Annotated[Size, Field(ge=16, le=2**20, description="request target")] = "8KiB"  # type: ignore[assignment]
    body_bytes: Annotated[Size, Field(description="request body; 0 means no limit")] = "100MiB"  # type: ignore[assignment]
    requests_per_connection: Annotated[int, Field(ge=1, description="after which a connection is closed")] = 100000
    min_rate: Annotated[
        Size, Field(description="bytes per second a request body or a response must move at, over 10 s; 0 turns it off")
    ] = 240
    timeouts: Annotated[Timeouts, Field(description="how long a client may take")] = Timeouts()


class Listener(Model):
    """One address that clients connect to."""

    name: Annotated[Name, Field(description="for logs, metrics and rate limit keys")] = "default"
    address: Annotated[str, Field(description="host:port, [v6]:port, or unix:/path")]
    tls: Annotated[ListenerTls | None, Field(description="serve HTTPS; plain HTTP when absent")] = None
    proxy_protocol: Annotated[
        Literal["off", "v1", "v2", "any"],
        Field(description="PROXY protocol header that trusted_proxies must send before anything else"),
    ] = "off"
    backlog: Annotated[int, Field(ge=1, le=65535, description="connections that wait to be accepted")] = 2048
    underscores_in_headers: Annotated[
        Literal["drop", "allow", "refuse"],
        Field(description="header names with an underscore can shadow trusted headers in WSGI and CGI applications"),
    ] = "drop"
    escaped_slashes: Annotated[
        Literal["refuse", "keep"], Field(description="what to do with %2F and %5C in a path")
    ] = "refuse"
    limits: Annotated[Limits, Field(description="what one client may use")] = Limits()
