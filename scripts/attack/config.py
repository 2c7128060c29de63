"""What is attacked in the demo: the shop behind Bartizan, with every layer on."""

from __future__ import annotations

__all__ = ["CONFIG", "MORE_WORDS", "RUNGS", "WORDS"]

RUNGS = {"throttle": 30, "challenge": 60, "step_up": 75, "divert": 90, "revoke_session": 91}
"""From which risk on."""

CONFIG = """\
# Written by scripts/attack: a shop behind HTTPS, with decoys beside its real paths.
workers: 2
grace_period: 5s
listeners:
  - name: https
    address: 127.0.0.1:{https} # `up --dev` adds a certificate of a local authority
upstreams:
  - name: shop
    nodes:
      - address: 127.0.0.1:{api}
routes:
  - name: products
    paths: [/api/products]
    upstream: shop
    guards:
      obstacles:
        challenge: {{}} # a browser on a page of ours asks for these
        throttle: {{at: {throttle}, rate: 100/5s}}
  - name: api
    paths: ["/api/*"]
    upstream: shop
    guards:
      access: {{policy: '"members" in principal.groups'}}
      obstacles:
        challenge: {{}} # people who are logged in are asked to step up instead
        throttle: {{at: {throttle}, rate: 100/5s}}
  - name: site
    paths: ["/*"]
    upstream: shop
guards:
  access: {{public: true}}
  waf:
    enabled: true
    crs: {{directory: /usr/share/modsecurity-crs}}
    paranoia: 1
  obstacles:
    throttle: {{at: {throttle}, rate: 20/5s}}
    challenge: {{at: {challenge}}}
    step_up: {{at: {step_up}}}
    divert: {{at: {divert}}}
    revoke_session: {{at: {revoke_session}}}
access:
  enabled: true
  origin: https://localhost:{https}
  title: Shop
sentry:
  enabled: true
deception:
  enabled: true
  decoys:
    openapi: [/openapi.json]
  honeytokens:
    api_keys: {{shop: "shop_live_{{base62:24}}"}}
  canaries:
    - {{path: /api/orders, items: items, id: id, detail: "/api/orders/{{id}}"}}
  fields:
    - {{path: "/api/customers/{{id}}", name: debug_url, value: "/internal/debug/{{token}}"}}
  divert:
    enabled: true
    openapi: {{shop: openapi.json}}
storage:
  directory: bartizan-data
admin:
  address: 127.0.0.1:{admin}
"""

WORDS = """\
.env
account
api
api/customers
api/debug
api/keys
api/orders
api/products
api/users
assets
auth
cart
checkout
console
dashboard
debug
dev
docs
download
favicon.ico
graphql
help
images
index
internal
js
login
logout
old
openapi.json
orders
private
profile
register
search
secret
settings
shop
sitemap.xml
staging
static
status
swagger.json
temp
test
tmp
token
upload
user
users
v1
v2
version
web
work
"""
"""What the intruder's scanner asks for first: a short list, as intruders have them."""

MORE_WORDS = """\
admin
config.json
internal/users
oauth/token
server-status
"""
"""What it asks for next."""
