"""HTTP/1.1 on both sides of the gateway (RFC 9112): strict parsers, the server and the client connection."""
