"""Another origin: a server of its own with pages that attack, as plain text."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.certificates import Issued


class Elsewhere:
    """Serves ``pages`` at ``origin`` until the end of the ``with`` block; ``asked`` are paths.

    It is at the same host as a site with this certificate, at another port. So it is another origin, but browsers take
    it for the same site and send it the site's cookies: who attacks from here has all that SameSite would refuse.
    ``cookies`` are set by each answer.
    """

    def __init__(self, certificate: Issued) -> None:
        self.pages: dict[str, str] = {}
        self.cookies: list[str] = []
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate, certificate.key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.origin = f"https://localhost:{self._server.server_address[1]}"

    def __enter__(self) -> Elsewhere:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def page(self, path: str, body: str) -> str:
        """Serve a page; returns its URL."""
        self.pages[path] = f"<!DOCTYPE html><html lang='en'><title>Prize</title>{body}"
        return self.origin + path

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                text = server.pages.get(self.path)
                body = (text or "").encode()
                self.send_response(404 if text is None else 200)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.send_header("content-length", str(len(body)))
                for cookie in server.cookies:
                    self.send_header("set-cookie", cookie)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is there
                """Say nothing."""

        return Handler
