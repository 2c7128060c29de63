from __future__ import annotations

import pytest

from bartizan.edge.identity import is_identity


@pytest.mark.parametrize(
    "name",
    ["bartizan-assertion", "bartizan-client", "bartizan-", "remote-user", "x-forwarded-user", "x-forwarded-email",
     "x-forwarded-groups", "x-forwarded-preferred-username", "x-forwarded-access-token", "x-auth-request-user",
     "x-auth-request-anything", "x-remote-user", "x-remote-group", "x-remote-extra-scopes", "x-webauth-user",
     "x-authenticated-userid", "x-authentik-username", "x-goog-authenticated-user-email", "x-goog-iap-jwt-assertion",
     "x-amzn-oidc-identity", "cf-access-jwt-assertion", "x-pomerium-jwt-assertion", "x-ms-client-principal",
     "x-ms-client-principal-id", "x-consumer-username", "x-user-id", "iv-user", "sm-user"],
)  # fmt: skip
def test_a_field_that_says_who_somebody_is(name: str) -> None:
    assert is_identity(name.encode())
    assert is_identity(name.replace("-", "_").encode())


@pytest.mark.parametrize(
    "name",
    ["authorization", "cookie", "dpop", "x-api-key", "x-access-token", "x-auth-token", "x-user-agent", "x-request-id",
     "x-forwarded-for", "x-forwarded-client-cert", "x-remote-addr", "user-agent", "from", "bartizan", "x-bartizan"],
)  # fmt: skip
def test_a_field_that_the_application_checks_or_that_says_no_name(name: str) -> None:
    assert not is_identity(name.encode())
