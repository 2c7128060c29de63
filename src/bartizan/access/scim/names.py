"""URNs and names of attributes of RFC 7643 and RFC 7644."""

from __future__ import annotations

__all__ = ["ENTERPRISE", "ERROR", "GROUP", "GROUP_ATTRIBUTES", "LIST", "PATCH", "USER", "USER_ATTRIBUTES"]

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"

_COMMON = {"schemas", "id", "externalid", "meta"}
_KEPT = {"username", "displayname", "name", "emails", "active"}
_LEFT_OUT = (
    {"nickname", "profileurl", "title", "usertype", "preferredlanguage", "locale", "timezone", "phonenumbers"}
    | {"ims", "photos", "addresses", "entitlements", "roles", "x509certificates", "groups", ENTERPRISE.lower()}
)  # fmt: skip

USER_ATTRIBUTES = frozenset(_COMMON | _KEPT | _LEFT_OUT)
"""What a User may have, in lower case: names of attributes have no case (RFC 7643 section 2.1).

Only some of it is kept. ``groups`` is read-only there (section 4.1.2): who is in a group stands in the Group.
"""
GROUP_ATTRIBUTES = frozenset(_COMMON | {"displayname", "members"})
"""What a Group may have, in lower case."""
