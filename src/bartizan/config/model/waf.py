"""``guards.waf``: rules of the ModSecurity rule language (SecLang), above all the OWASP Core Rule Set (CRS)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from bartizan.config.model.base import (
    MEDIA_TYPE_PATTERN,
    RULE_PATH_PATTERN,
    RULE_PATTERN,
    TARGET_PATTERN,
    VALUE_PATTERN,
    VARIABLE_PATTERN,
    Duration,
    Model,
    OnError,
    Size,
)

__all__ = ["Crs", "Waf", "WafExclusion", "WafOverride", "WafRequestBody", "WafResponseBody"]

Mode = Literal["on", "detection_only", "off"]
Paranoia = Annotated[int, Field(ge=1, le=4)]
Threshold = Annotated[int, Field(ge=1, le=1_000_000)]


def _number_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _or_number(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": "string", "pattern": pattern}, {"type": "integer"}]})


RuleName = Annotated[str, BeforeValidator(_number_as_text), Field(pattern=RULE_PATTERN), _or_number(RULE_PATTERN)]
VariableName = Annotated[str, Field(pattern=VARIABLE_PATTERN)]
VariableValue = Annotated[
    str, BeforeValidator(_number_as_text), Field(pattern=VALUE_PATTERN), _or_number(VALUE_PATTERN)
]


class Crs(Model):
    """An installed OWASP Core Rule Set."""

    directory: Annotated[
        str,
        Field(
            description="has `rules/`; /usr/share/modsecurity-crs of Debian, or what `bartizan waf install-crs` made"
        ),
    ]
    setup: Annotated[
        str | None, Field(description="crs-setup.conf; when absent that of the directory, or of Debian's package")
    ] = None


class WafExclusion(Model):
    """A rule that does not run, or does not look at one thing."""

    rule: Annotated[RuleName, Field(description="id, range of ids, or tag")]
    target: Annotated[
        str | None,
        Field(pattern=TARGET_PATTERN, description="what it does not look at: ARGS:password; absent: it does not run"),
    ] = None
    path: Annotated[
        str | None,
        Field(pattern=RULE_PATH_PATTERN, description="only for requests to /path, or below /path/*; absent: all"),
    ] = None


class WafRequestBody(Model):
    """What of request bodies the rules see."""

    limit: Annotated[Size, Field(gt=0, description="bytes that are held and looked at")] = "1MiB"  # type: ignore[assignment]
    on_limit: Annotated[
        Literal["reject", "process_partial"],
        Field(description="a larger body is refused with 413, or looked at up to the limit and passed on"),
    ] = "reject"


class WafResponseBody(Model):
    """What of response bodies the rules see. Streams of events and tunnels are never held."""

    enabled: Annotated[bool, Field(description="hold response bodies and look at them")] = False
    limit: Annotated[Size, Field(gt=0, description="bytes that are held and looked at")] = "512KiB"  # type: ignore[assignment]
    on_limit: Annotated[
        Literal["reject", "process_partial"],
        Field(description="a larger body is refused with 502, or looked at up to the limit and passed on"),
    ] = "process_partial"
    types: Annotated[
        list[Annotated[str, Field(pattern=MEDIA_TYPE_PATTERN)]],
        Field(min_length=1, max_length=100, description="media types that are looked at"),
    ] = ["text/plain", "text/html", "text/xml", "application/json"]
    accept_encoding: Annotated[
        Literal["identity", "unchanged"],
        Field(
            description="`identity`: upstreams are asked not to compress; `unchanged`: they may, and what they "
            "compress is not looked at"
        ),
    ] = "identity"


class Waf(Model):
    """Look at requests and responses with rules of the ModSecurity rule language (SecLang)."""

    enabled: Annotated[bool, Field(description="whether it is in the series")] = False
    on_error: OnError = "deny"
    timeout: Annotated[Duration, Field(gt=0, description="for stored collections of one exchange; then `on_error`")] = (
        "1s"  # type: ignore[assignment]
    )
    mode: Annotated[Mode, Field(description="`detection_only`: rules match and are journaled, nothing is refused")] = (
        "on"
    )
    crs: Annotated[Crs | None, Field(description="the OWASP Core Rule Set; before `rules`")] = None
    rules: Annotated[
        list[str], Field(max_length=1000, description="rule files, or patterns of them (rules/*.conf), in order")
    ] = []
    directives: Annotated[
        str | None, Field(max_length=1_000_000, description="further rules and directives, after `rules`")
    ] = None
    variables: Annotated[
        dict[VariableName, VariableValue],
        Field(max_length=1000, description="TX variables, set behind crs-setup: `allowed_methods: GET HEAD POST`"),
    ] = {}
    paranoia: Annotated[Paranoia | None, Field(description="CRS level that blocks; absent: what crs-setup says")] = None
    detection_paranoia: Annotated[
        Paranoia | None, Field(description="CRS level up to which rules run; those above `paranoia` only detect")
    ] = None
    inbound_threshold: Annotated[
        Threshold | None, Field(description="CRS anomaly score of a request that is refused; absent: crs-setup's")
    ] = None
    outbound_threshold: Annotated[
        Threshold | None, Field(description="CRS anomaly score of a response that is refused; absent: crs-setup's")
    ] = None
    exclusions: Annotated[
        list[WafExclusion], Field(max_length=10000, description="rules that do not fit; a route's are added to these")
    ] = []
    request_body: Annotated[WafRequestBody, Field(description="what rules see of it")] = WafRequestBody()
    response_body: Annotated[WafResponseBody, Field(description="what rules see of it")] = WafResponseBody()
    time_budget: Annotated[Duration, Field(gt=0, description="for all rules of one exchange, while they run")] = "1s"  # type: ignore[assignment]
    on_budget: Annotated[
        Literal["deny", "allow"], Field(description="what happens to an exchange that has used it up")
    ] = "deny"
    geo_database: Annotated[str | None, Field(description="MaxMind DB file for @geoLookup")] = None
    unicode_map: Annotated[str | None, Field(description="mapping file for t:urlDecodeUni, code page 20127")] = None
    cache: Annotated[
        str | None, Field(description="directory of compiled rules; absent: `waf` in storage.directory")
    ] = None


class WafOverride(Model):
    """What a route changes of the WAF; fields left out keep the default's value, exclusions are added."""

    enabled: bool | None = None
    on_error: OnError | None = None
    timeout: Annotated[Duration | None, Field(gt=0)] = None
    mode: Mode | None = None
    crs: Crs | None = None
    rules: list[str] | None = None
    directives: Annotated[str | None, Field(max_length=1_000_000)] = None
    variables: dict[VariableName, VariableValue] | None = None
    paranoia: Paranoia | None = None
    detection_paranoia: Paranoia | None = None
    inbound_threshold: Threshold | None = None
    outbound_threshold: Threshold | None = None
    exclusions: Annotated[list[WafExclusion] | None, Field(max_length=10000)] = None
    request_body: WafRequestBody | None = None
    response_body: WafResponseBody | None = None
    time_budget: Annotated[Duration | None, Field(gt=0)] = None
    on_budget: Literal["deny", "allow"] | None = None
    geo_database: str | None = None
    unicode_map: str | None = None
    cache: str | None = None
