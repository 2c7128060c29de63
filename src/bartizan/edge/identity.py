"""Header fields in which products tell an application who the person is: nobody but the gateway may say that.

An application that reads one of them believes what stands in front of it, so a client that gets one through is
whoever it likes. They are dropped from every client, trusted proxies included: identity comes from the guards alone.
What an application checks by itself (Authorization, API keys, X-Access-Token) is no such claim, and stays.
"""

from __future__ import annotations

__all__ = ["is_identity"]

_NAMES = frozenset(
    # Authelia, Pangolin, CGI; SiteMinder, Oracle Access Manager
    b"remote-user remote-group remote-groups remote-email remote-name remote-role remote-roles "
    b"sm-user sm-userdn sm-universalid sm-usergroups oam-remote-user oam-remote-user-groups "
    # oauth2-proxy, Traefik, Louketo
    b"x-forwarded-user x-forwarded-email x-forwarded-groups x-forwarded-roles x-forwarded-preferred-username "
    b"x-forwarded-access-token x-auth-user x-auth-userid x-auth-username x-auth-email x-auth-groups x-auth-roles "
    b"x-auth-subject "
    # Kubernetes, Ory Oathkeeper and what is named after them
    b"x-remote-user x-remote-uid x-remote-group x-remote-groups x-remote-email x-remote-name x-remote-roles "
    b"x-user x-user-id x-user-name x-username x-user-email x-user-group x-user-groups x-user-role x-user-roles "
    b"x-userinfo x-proxy-user "
    # API gateways: Kong, APISIX, WSO2, Google
    b"x-anonymous-consumer x-credential-identifier x-credential-indentifier x-credential-username x-jwt-assertion "
    b"x-endpoint-api-userinfo x-apigateway-api-userinfo x-goog-iap-jwt-assertion".split()
)
_KINDS = (
    b"bartizan-",
    b"cf-access-",
    b"iv-",  # WebSEAL
    b"tailscale-user-",
    b"teleport-",
    b"x-amzn-oidc-",
    b"x-auth-request-",
    b"x-authenticated-",
    b"x-authentik-",
    b"x-consumer-",
    b"x-goog-authenticated-user-",
    b"x-ms-client-principal",
    b"x-ms-token-",
    b"x-pomerium-",
    b"x-remote-extra-",
    b"x-vouch-",
    b"x-webauth-",
)


def is_identity(name: bytes) -> bool:
    """Tell whether a field says who somebody is; ``name`` is in lower case.

    An underscore counts as a hyphen: CGI and WSGI make the same variable of both.
    """
    name = name.replace(b"_", b"-")
    return name in _NAMES or name.startswith(_KINDS)
