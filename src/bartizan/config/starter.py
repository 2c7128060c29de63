"""What ``bartizan init`` writes."""

from __future__ import annotations

__all__ = ["STARTER"]

STARTER = """\
# Bartizan. Check it with `bartizan check`, see what a request would meet with `bartizan explain GET URL`, serve it
# with `bartizan up`. Every field: docs/configuration.md. Durations: 250ms, 5s, 1m30s. Sizes: 512, 64KiB, 10MiB.
# Values may refer to secrets: ${NAME} from the environment, ${file:path} from a file.

# Where clients connect.
listeners:
  - name: public
    address: 127.0.0.1:8080
    # HTTPS. `bartizan up --dev` makes a local CA and a certificate instead.
    # tls:
    #   certificates:
    #     - certificate: tls/server.pem
    #       key: tls/server.key
    #   client_certificates:
    #     mode: optional
    #     ca: tls/clients-ca.pem

# The servers behind the gateway.
upstreams:
  - name: api
    nodes:
      - address: 127.0.0.1:9000
      # - address: 127.0.0.1:9001
      #   weight: 2
    balancing: round_robin      # or least_connections, consistent_hash
    # health_checks:
    #   active:
    #     type: http
    #     path: /health
    #     interval: 5s

# Which request goes where. The most specific route wins; `priority` overrides that.
routes:
  - name: api
    paths: ["/*"]
    upstream: api
    # upgrade: true             # let WebSockets through
    # guards:
    #   rate_limit:
    #     windows:
    #       - rate: 5/s
    #         key: [address, route]

# What every request passes, in this order; a route may change it for itself.
guards:
  denylist:
    deny: []
    allow: []
    # deny_files: [blocklist.txt]
  rate_limit:
    windows:
      - rate: 100/s
        burst: 200
        key: [address]
    # concurrency:
    #   limit: 50

# Load balancers that may say who the client is (X-Forwarded-For, PROXY protocol).
trusted_proxies: []

storage:
  directory: bartizan-data
  # state:
  #   engine: valkey            # for more than one machine
  #   url: ${VALKEY_URL}

logging:
  level: info
  format: console               # or json

admin:
  address: 127.0.0.1:9901       # /metrics, /healthz, /readyz
"""
