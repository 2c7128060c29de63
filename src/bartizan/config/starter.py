"""What ``bartizan init`` writes: a configuration that works as it is, with examples to switch on."""

from __future__ import annotations

__all__ = ["STARTER"]

STARTER = """\
# Bartizan's configuration. `bartizan check` tells whether it is valid, `bartizan explain GET URL` which route and
# guards a request would meet, `bartizan up` serves it. A change of this file is taken over while it runs.
#
# Comments that are indented are examples: remove the `# ` to switch them on.
# Every field: docs/configuration.md. Durations: 250ms, 5s, 1m30s. Sizes: 512, 64KiB, 10MiB.
# Values may refer to secrets: ${NAME} is taken from the environment, ${file:path} from a file.

# Where clients connect.
listeners:
  - name: http
    address: 127.0.0.1:8080
# HTTPS. For a first try, `bartizan up --dev` makes a local authority and a certificate instead.
  # - name: https
  #   address: 0.0.0.0:8443
  #   tls:
  #     certificates:
  #       - certificate: tls/server.pem      # the chain, the server's own first
  #         key: tls/server.key
  #     client_certificates:                 # mutual TLS
  #       mode: optional                     # or required
  #       ca: tls/clients-ca.pem

# The servers behind the gateway.
upstreams:
  - name: api
    nodes:
      - address: 127.0.0.1:9000
      # - address: 127.0.0.1:9001
      #   weight: 2                          # gets twice as much
    # balancing: least_connections           # instead of round_robin; or consistent_hash
    # health_checks:
    #   active:
    #     path: /health
    #     interval: 5s

# Which request goes where. The most specific route wins; `priority` overrides that.
routes:
  - name: api
    paths: ["/*"]
    upstream: api
  # - name: login
  #   paths: [/login, /v1/login]
  #   methods: [POST]
  #   upstream: api
  #   guards:
  #     rate_limit:
  #       windows:
  #         - rate: 5/m
  #           key: [address, route]
  # - name: live
  #   paths: ["/live/*"]
  #   upstream: api
  #   upgrade: true                          # let WebSockets through

# What every request passes, in this order. A route may change it for itself.
guards:
  denylist:
    deny: []                                 # addresses and networks: 192.0.2.7, 2001:db8::/32
    allow: []                                # never refused, whatever else lists them
    # deny_files: [blocklist.txt]            # one a line
  rate_limit:
    windows:
      - rate: 100/s
        burst: 200
        key: [address]
    # concurrency:
    #   limit: 50                            # requests of one address in flight

# People: the gateway brings the login pages. Once `access` is enabled, a route refuses everybody unless it says who
# may pass, in its `guards` or in those above, with one of
#   access: { public: true }
#   access: { policy: '"staff" in principal.groups && session.aal >= 2 && risk < 40' }
access:
  title: Example                             # shown on the pages
  # enabled: true
  # origin: https://api.example.org          # where browsers reach the gateway
  # session:
  #   preset: aal2                           # 1h without a request, 24h in all; without it 15m and 2h

# Load balancers in front, which may say who the client is (X-Forwarded-For, PROXY protocol).
trusted_proxies: []                          # [10.0.0.0/8]

# Where Bartizan keeps what it must remember: bans, counters, the journal.
storage:
  directory: bartizan-data
  # state:
  #   engine: valkey                         # for more than one machine
  #   url: ${VALKEY_URL}

logging:
  format: console                            # or json, one object a line

# For operators: /metrics, /healthz, /readyz. It has no TLS, so keep it on loopback.
admin:
  address: 127.0.0.1:9901
"""
