"""What is attacked in the demo: the shop behind Bartizan, with every layer on."""

from __future__ import annotations

__all__ = ["CONFIG", "RUNGS", "WORDS"]

RUNGS = {"throttle": 30, "challenge": 60, "step_up": 68, "divert": 80, "revoke_session": 85}
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
  - name: api
    paths: ["/api/*"]
    upstream: shop
    guards:
      access: {{policy: '"members" in principal.groups'}}
      obstacles:
        challenge: {{}} # people who are logged in are asked to step up instead
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
    throttle: {{at: {throttle}, rate: 40/m}}
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
.env.bak
.git/HEAD
.git/config
.htpasswd
.svn/entries
account
actuator/env
actuator/health
admin
admin/login
api
api/customers
api/debug
api/keys
api/orders
api/products
api/users
api/v1/users
assets
auth
backup
backup.sql
backup.tar.gz
backup.zip
cart
cgi-bin
checkout
config
config.json
config.php
console
dashboard
db.sql
debug
dev
docs
download
dump.sql
favicon.ico
graphql
health
help
images
index
index.html
internal
js
login
logout
metrics
old
openapi.json
orders
phpinfo.php
private
profile
register
robots.txt
search
secret
server-status
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
wp-admin
wp-login.php
"""
"""What the intruder's scanner asks for: a short list, as intruders have them."""
