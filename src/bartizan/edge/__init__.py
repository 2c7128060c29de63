"""The data plane: listeners, TLS, wire protocols, routing and upstreams."""
