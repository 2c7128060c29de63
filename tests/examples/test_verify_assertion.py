"""The example for upstreams, against a real HTTP server that shows the keys of a real ring."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from examples.verify_assertion import Verifier
from joserfc.errors import JoseError
from tests.support.sessions import make_session

from bartizan.access.assertion import Assertions
from bartizan.config.model import Access
from bartizan.keys.ring import Algorithm, KeyRing

pytestmark = pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")  # as the example does


class Gateway:
    """Shows the keys of a ring over HTTP, and makes assertions with it; ``asked`` counts requests."""

    def __init__(self, directory: Path, algorithm: Algorithm) -> None:
        self.asked = 0
        self.ring = KeyRing.open(directory, algorithm, time.time)
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                gateway.asked += 1
                assert self.path == "/.well-known/bartizan/jwks.json"
                data = json.dumps(gateway.ring.jwks()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"

    def assertion(self, audience: str = "orders", age: float = 0.0, ring: KeyRing | None = None) -> str:
        settings = Access.model_construct(origin=self.origin)
        made = Assertions(ring or self.ring, settings, lambda: time.time() - age)
        return made.for_session(make_session(), audience, 0).decode()


@pytest.fixture(params=["EdDSA", "ES256"])
def gateway(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Gateway]:
    made = Gateway(tmp_path, request.param)
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_an_upstream_learns_who_sends_a_request(gateway: Gateway) -> None:
    verifier = Verifier(gateway.origin, "orders")
    claims = verifier.verify(gateway.assertion())
    assert (claims["preferred_username"], claims["groups"], claims["aal"]) == ("alice", ["finance"], 2)
    verifier.verify(gateway.assertion())
    assert gateway.asked == 1


def test_one_for_another_upstream_is_refused(gateway: Gateway) -> None:
    with pytest.raises(JoseError):
        Verifier(gateway.origin, "billing").verify(gateway.assertion("orders"))


def test_one_that_has_run_out_is_refused(gateway: Gateway) -> None:
    with pytest.raises(JoseError):
        Verifier(gateway.origin, "orders").verify(gateway.assertion(age=70))


@pytest.mark.parametrize("assertion", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_none_is_refused(gateway: Gateway, assertion: str) -> None:
    with pytest.raises((JoseError, ValueError)):
        Verifier(gateway.origin, "orders").verify(assertion)


def test_one_that_was_changed_is_refused(gateway: Gateway) -> None:
    head, claims, signature = gateway.assertion().split(".")
    _, others, _ = gateway.assertion("billing").split(".")
    for forged in (f"{head}.{others}.{signature}", f"{head}.{claims}.", f"{head}.{claims}.{'A' * len(signature)}"):
        with pytest.raises((JoseError, ValueError)):
            Verifier(gateway.origin, "orders").verify(forged)


def test_one_of_another_gateway_is_refused_and_its_key_asked_for_seldom(gateway: Gateway, tmp_path: Path) -> None:
    verifier = Verifier(gateway.origin, "orders")
    other = KeyRing.open(tmp_path / "other", "EdDSA", time.time)
    for _ in range(5):
        with pytest.raises((JoseError, ValueError)):
            verifier.verify(gateway.assertion(ring=other))
    assert gateway.asked == 1


def test_a_new_key_is_fetched(gateway: Gateway) -> None:
    verifier = Verifier(gateway.origin, "orders")
    before = gateway.assertion()
    verifier.verify(before)
    gateway.ring.rotate()
    verifier.fetched -= 10
    verifier.verify(gateway.assertion())
    verifier.verify(before)
    assert gateway.asked == 2
