"""SCIM 2.0 (RFC 7643, RFC 7644) for people and groups: resources, filters, patches, import and export."""
