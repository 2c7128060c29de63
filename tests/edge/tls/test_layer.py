"""TLS handshakes with real clients: Python's ssl and openssl s_client, against a server on uvloop."""

from __future__ import annotations

import datetime as dt
import re
import socket
import ssl
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bartizan.config.model.listeners import ListenerTls
from bartizan.edge.tls.clienthello import ClientHelloReader
from bartizan.edge.tls.contexts import build_store
from bartizan.edge.tls.ja4 import ja4
from bartizan.edge.tls.layer import FAILURES

NOW = dt.datetime.now(dt.UTC)


def s_client(server, *arguments: str, text: str = "info\n") -> str:
    """Run openssl s_client, which sends ``text`` and reads until the server or -ign_eof ends it."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.address[1]}", *arguments]
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=30, check=False)
    return (done.stdout + done.stderr).decode("latin-1")


def first_alert(raw: socket.socket) -> bytes:
    data = b""
    while piece := raw.recv(4096):
        data += piece
    return data


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_inner_protocol_learns_what_the_handshake_told(serve, client_context, version):
    server = serve()
    client_context.minimum_version = client_context.maximum_version = ssl.TLSVersion[version]
    client_context.set_alpn_protocols(["h2", "http/1.1"])
    facts = server.ask(client_context)
    assert facts["version"] == version.replace("_", ".")
    assert re.fullmatch("(TLS_AES|ECDHE-ECDSA-AES).*_?GCM.*", facts["cipher"])
    assert (facts["server_name"], facts["alpn"]) == ("localhost", "http/1.1")
    assert (facts["resumed"], facts["peer"], facts["from"]) == (False, False, None)
    assert facts["ja4"].startswith("t13d" if version == "TLSv1_3" else "t12d")
    assert not server.failures


def test_ja4_of_a_real_client_is_that_of_its_client_hello(serve, client_context):
    server = serve()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    engine = client_context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        engine.do_handshake()
    hello = ClientHelloReader().feed(outgoing.read())
    assert server.ask(client_context)["ja4"] == ja4(hello)


@pytest.mark.parametrize("arguments", [["-alpn", "http/1.1", "-servername", "localhost"], ["-tls1_2"], ["-tls1_3"]])
def test_ja4_agrees_with_what_openssl_says_it_sent(serve, arguments):
    """The expectation is put together from openssl's own account of its ClientHello, not by our parser."""
    server = serve()
    output = s_client(server, "-trace", *arguments)
    if "ClientHello, Length" not in output:
        pytest.skip("this openssl is built without enable-ssl-trace")
    sent = output.partition("ClientHello, Length")[2].partition("Received Record")[0]
    ciphers = sorted(a + b for a, b in re.findall(r"\{0x(\w\w), 0x(\w\w)\}", sent.lower()))
    extensions = sorted(f"{int(code):04x}" for code in re.findall(r"extension_type=\w+\((\d+)\)", sent))
    algorithms = re.findall(r"\w+ \(0x(\w{4})\)\n", sent.partition("=signature_algorithms(13)")[2])
    hashed = ",".join(code for code in extensions if code not in {"0000", "0010"}) + "_" + ",".join(algorithms)
    expected = (
        f"t{'12' if '-tls1_2' in arguments else '13'}{'d' if '0000' in extensions else 'i'}"
        f"{len(ciphers):02}{len(extensions):02}{'h1' if '-alpn' in arguments else '00'}"
        f"_{sha256(','.join(ciphers).encode()).hexdigest()[:12]}_{sha256(hashed.encode()).hexdigest()[:12]}"
    )
    assert len(ciphers) > 2
    assert len(algorithms) > 5
    assert [protocol.info.ja4 for protocol in server.protocols] == [expected]


def test_server_name_picks_the_certificate(serve, authority, client_context):
    server = serve(
        certificates=[
            authority.issue("default.example", "127.0.0.1"),
            authority.issue("exact.wild.example"),
            authority.issue("*.wild.example"),
        ]
    )
    for name in ("default.example", "exact.wild.example", "other.wild.example", "127.0.0.1"):
        with server.connect(client_context, name) as client:
            served = client.getpeercert()["subject"][0][0][1]
        assert served == {"other.wild.example": "*.wild.example", "127.0.0.1": "default.example"}.get(name, name)
    for name in ("wild.example", "a.b.wild.example", "unknown.example"):
        with pytest.raises(ssl.SSLCertVerificationError):
            server.connect(client_context, name)
    server.wait_for(lambda: server.failures["refused_by_client"] == 3)


def test_handshake_without_server_name_gets_the_default(serve, authority):
    server = serve(certificates=[authority.issue("first.example"), authority.issue("second.example")])
    assert "CN = first.example" in s_client(server, "-noservername")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], "unsupported_version"),
        (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"], "no_shared_cipher"),
        (["-alpn", "h2"], "no_application_protocol"),
    ],
)
def test_what_is_too_old_or_unknown_is_refused_with_an_alert(serve, arguments, reason):
    server = serve()
    assert "alert" in s_client(server, *arguments)
    assert server.failures == {reason: 1}
    assert reason in FAILURES


def test_tls_1_2_is_refused_where_1_3_is_the_minimum(serve):
    server = serve(min_version="1.3")
    assert "alert protocol version" in s_client(server, "-tls1_2")
    assert server.failures == {"unsupported_version": 1}


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_sessions_resume(serve, tmp_path: Path, version):
    server = serve()
    session = str(tmp_path / "session")
    first = s_client(server, version, "-sess_out", session, "-ign_eof", text="close\n")
    assert "New, TLS" in first
    second = s_client(server, version, "-sess_in", session, "-ign_eof", text="close\n")
    assert "Reused, TLS" in second
    assert [protocol.info.resumed for protocol in server.protocols] == [False, True]


def test_openssl_reconnect_resumes_five_times(serve):
    server = serve()
    assert s_client(server, "-tls1_2", "-reconnect").count("Reused, TLS") == 5


def test_renegotiation_is_refused(serve):
    assert "no renegotiation" in s_client(serve(), "-tls1_2", text="R\n")


def test_reload_keeps_connections_and_sessions_and_changes_new_ones(serve, authority, client_context, info):
    tls: dict[str, Any] = {"certificates": [authority.issue("localhost")]}
    server = serve(**tls)
    with server.connect(client_context) as open_one:
        before = info(open_one)
        session = open_one.session
        server.store = build_store(ListenerTls.model_validate(tls), NOW, server.store)
        with server.connect(client_context, session=session) as resumed:
            assert info(resumed)["resumed"]
        old = open_one.getpeercert()["serialNumber"]
        tls["certificates"] = [authority.issue("localhost")]
        server.store = build_store(ListenerTls.model_validate(tls), NOW, server.store)
        with server.connect(client_context, session=session) as fresh:
            assert not info(fresh)["resumed"]
            assert fresh.getpeercert()["serialNumber"] != old
        assert info(open_one) == before


class TestClientCertificates:
    def server(self, serve, authority, mode: str, **more: str):
        return serve(client_certificates={"mode": mode, "ca": str(authority.pem), **more})

    def ask_with(self, server, context: ssl.SSLContext, certificate: dict[str, str] | None) -> dict[str, Any]:
        if certificate is not None:
            context.load_cert_chain(certificate["certificate"], certificate["key"])
        return server.ask(context)

    @pytest.mark.parametrize("mode", ["optional", "required"])
    def test_a_good_one_is_known_to_the_inner_protocol(self, serve, authority, client_context, mode):
        server = self.server(serve, authority, mode)
        certificate = authority.issue("alice", client=True)
        assert self.ask_with(server, client_context, certificate)["peer"]
        pem = Path(certificate["certificate"]).read_text()
        assert server.protocols[0].info.peer_certificate == ssl.PEM_cert_to_DER_cert(pem)

    def test_none_is_fine_where_optional(self, serve, authority, client_context):
        assert not self.ask_with(self.server(serve, authority, "optional"), client_context, None)["peer"]

    def test_none_is_refused_where_required(self, serve, authority, client_context):
        server = self.server(serve, authority, "required")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            self.ask_with(server, client_context, None)
        assert server.failures == {"client_certificate_missing": 1}
        assert not server.protocols

    @pytest.mark.parametrize("mode", ["optional", "required"])
    @pytest.mark.parametrize("fault", ["expired", "foreign", "revoked", "server"])
    def test_a_bad_one_ends_the_handshake(self, serve, authority, other_authority, client_context, mode, fault):
        yesterday = NOW - dt.timedelta(days=1)
        certificate = {
            "expired": lambda: authority.issue("alice", client=True, until=yesterday),
            "foreign": lambda: other_authority.issue("alice", client=True),
            "revoked": lambda: authority.issue("alice", client=True),
            "server": lambda: authority.issue("alice"),
        }[fault]()
        crl = authority.revoke(certificate) if fault == "revoked" else authority.revoke()
        server = self.server(serve, authority, mode, crl=crl)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            self.ask_with(server, client_context, certificate)
        assert server.failures == {"client_certificate_refused": 1}
        assert not server.protocols

    def test_one_not_on_the_revocation_list_passes(self, serve, authority, client_context):
        bob, alice = authority.issue("bob", client=True), authority.issue("alice", client=True)
        server = self.server(serve, authority, "required", crl=authority.revoke(bob))
        assert self.ask_with(server, client_context, alice)["peer"]

    def test_it_is_known_in_a_resumed_session_too(self, serve, authority, client_context, info):
        server = self.server(serve, authority, "required")
        assert self.ask_with(server, client_context, authority.issue("alice", client=True))["peer"]
        with server.connect(client_context) as first:
            info(first)
            session = first.session
        with server.connect(client_context, session=session) as second:
            facts = info(second)
        assert facts["resumed"]
        assert facts["peer"]


class TestBadClients:
    def test_plain_http_gets_a_plain_answer(self, serve):
        server = serve()
        with server.raw() as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = first_alert(raw)
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        assert b"HTTPS port" in body
        assert b"content-length: %d\r\n" % len(body) in head
        assert server.failures == {"plain_text": 1}

    @pytest.mark.parametrize(
        ("sent", "alert", "reason"),
        [
            (b"\x80\x2e\x01\x00\x02", 10, "malformed"),
            (b"\x00" * 100, 10, "malformed"),
            (b"\x16\x03\x01\x00\x04\x02\x00\x00\x00", 10, "malformed"),
            (b"\x16\x03\x01\xff\xff", 22, "malformed"),
            (b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", 50, "malformed"),
            (b"\x16\x03\x01\x00\x04\x01\xff\xff\xff", 22, "too_large"),
        ],
    )
    def test_garbage_gets_an_alert(self, serve, sent, alert, reason):
        server = serve()
        with server.raw() as raw:
            raw.sendall(sent)
            assert first_alert(raw) == bytes((21, 3, 3, 0, 2, 2, alert))
        assert server.failures == {reason: 1}

    def test_garbage_after_the_client_hello_fails_the_handshake(self, serve, client_context):
        server = serve()
        outgoing = ssl.MemoryBIO()
        with pytest.raises(ssl.SSLWantReadError):
            client_context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost").do_handshake()
        with server.raw() as raw:
            raw.sendall(outgoing.read() + b"\x17\x03\x03\x00\x20" + b"\x00" * 32)
            assert first_alert(raw)
        assert server.failures == {"handshake_failed": 1}

    def test_a_hello_that_drips_is_cut_at_the_timeout(self, serve):
        server = serve(handshake_timeout="100ms")
        with server.raw() as raw:
            raw.settimeout(0.01)
            for byte in b"\x16\x03\x01\x40\x00\x01" + bytes(10_000):
                try:
                    raw.sendall(bytes((byte,)))
                    ended = raw.recv(1) == b""
                except TimeoutError:
                    continue
                except OSError:
                    ended = True
                if ended:
                    break
        assert server.failures == {"timeout": 1}

    def test_a_handshake_that_stalls_is_cut_at_the_timeout(self, serve, client_context):
        server = serve(handshake_timeout="100ms")
        outgoing = ssl.MemoryBIO()
        with pytest.raises(ssl.SSLWantReadError):
            client_context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost").do_handshake()
        with server.raw() as raw:
            for byte in outgoing.read():
                raw.sendall(bytes((byte,)))
            server.wait_for(lambda: bool(server.failures))
        assert server.failures == {"timeout": 1}

    @pytest.mark.parametrize("sent", [b"", b"\x16\x03"])
    def test_a_client_that_leaves_is_counted(self, serve, sent):
        server = serve()
        with server.raw() as raw:
            raw.sendall(sent)
        server.wait_for(lambda: server.failures["peer_closed"] == 1)

    def test_the_others_are_still_served(self, serve, client_context):
        server = serve()
        with server.raw() as raw, server.raw() as other:
            raw.sendall(b"\x16")
            other.sendall(b"nonsense")
            assert server.ask(client_context)["server_name"] == "localhost"
