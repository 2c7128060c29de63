"""A client of the API that sends any method to any path of control, with proofs made by its own key."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.support.device import Browser, make_proof
from tests.support.people import Someone

_STALE = 'error="use_dpop_nonce"'


def send(browser: Browser, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
    """Send a request with a proof of the browser's key, and with its cookies or its access token.

    ``body`` is sent as SCIM's JSON, bytes as they are. It is sent again where the nonce was too old, as clients do.
    """
    if browser.nonce is None:
        browser.post("factors")
    response = _send(browser, method, path, body, headers)
    if _STALE in response.headers.get("www-authenticate", "") and "dpop" not in headers:
        return _send(browser, method, path, body, headers)
    return response


def _send(browser: Browser, method: str, path: str, body: object, headers: dict[str, str]) -> httpx.Response:
    url = browser.origin + urlsplit(path).path
    nonce, browser.nonce = browser.nonce, None
    fields = {
        "user-agent": browser.agent,
        "bartizan-client": browser.address,
        "bartizan-ja4": browser.ja4,
        "dpop": make_proof(browser.key, method, url, now=browser.clock(), nonce=nonce, token=browser.token),
    }
    if body is not None:
        fields["content-type"] = "application/scim+json"
    if browser.token:
        fields["authorization"] = f"DPoP {browser.token}"
    if browser.cookies:
        fields["cookie"] = "; ".join(f"{key}={value}" for key, value in browser.cookies.items())
    fields |= {key.replace("_", "-"): value for key, value in headers.items()}
    content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    response = browser.client.request(method, path, content=content, headers=fields)
    browser.nonce = response.headers.get("dpop-nonce")
    return response


def log_in_as_client(someone: Someone, *, passkey: bool = True) -> Browser:
    """Have a person log in for an access token (RFC 9449), on their first device; returns who has it."""
    browser = someone.browser
    browser.cookies.clear()
    if passkey:
        options = browser.post("login/passkey/options")["publicKey"]
        body: dict[str, Any] = {"credential": someone.authenticator.get(options), "client": True}
        answer = browser.post("login/passkey", body)
    else:
        browser.post("login", {"name": someone.name, "password": someone.password, "client": True})
        answer = browser.post("factors/totp", {"code": someone.code()})
    assert answer["token_type"] == "DPoP", answer
    browser.cookies.clear()
    browser.token = answer["access_token"]
    return browser
